import { z } from 'zod';
import { jsonObjectSchema, trackedEnvelope } from './arm.ts';

/** `machines` PUT and PATCH. */
export const hybridMachineSchema = z.object({
  ...trackedEnvelope,
  kind: z.string().max(64).nullish(),
  properties: jsonObjectSchema.nullish(),
});

/** 1-54 characters; letters, digits, `_`, `-` and inner dots. */
export const hybridMachineNamePattern = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,52}[A-Za-z0-9_-])?$/;
