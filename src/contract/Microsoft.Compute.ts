import { z } from 'zod';
import { jsonObjectSchema, trackedEnvelope } from './arm.ts';

const envelopeMembers = {
  zones: z.array(z.string().max(8)).max(3).nullish(),
  plan: jsonObjectSchema.nullish(),
  extendedLocation: jsonObjectSchema.nullish(),
};

/** `virtualMachines` PUT; what Innate does not interpret is kept as sent. */
export const virtualMachineSchema = z.object({
  ...trackedEnvelope,
  ...envelopeMembers,
  properties: jsonObjectSchema.nullish(),
});

export const virtualMachinePatchSchema = virtualMachineSchema;

/** 1-64 characters; letters, digits, `_`, `-` and inner dots. */
export const virtualMachineNamePattern = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-])?$/;
