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

const maxCapacity = 1000;

/** A scale set's `sku`: its size, and how many instances there are. */
export const scaleSetSkuSchema = z.looseObject({
  name: z.string().max(64).nullish(),
  tier: z.string().max(32).nullish(),
  capacity: z.number().int().min(0).max(maxCapacity).nullish(),
});

/** `virtualMachineScaleSets` PUT and PATCH. */
export const scaleSetSchema = z.object({
  ...trackedEnvelope,
  ...envelopeMembers,
  sku: scaleSetSkuSchema.nullish(),
  properties: jsonObjectSchema.nullish(),
});

const instanceIds = z.array(z.string().max(16)).max(maxCapacity);

/** Which instances an action is for; all, where none is named. */
export const instanceIdsSchema = z.object({ instanceIds: instanceIds.nullish() }).nullish();

/** The same where they have to be named; `*` names all. */
export const requiredInstanceIdsSchema = z.object({ instanceIds: instanceIds.min(1) });
