import { z } from 'zod';
import { jsonObjectSchema, trackedEnvelope } from './arm.ts';

/** `containerApps` and `managedEnvironments`, PUT and PATCH. */
export const appResourceSchema = z.object({
  ...trackedEnvelope,
  kind: z.string().max(64).nullish(),
  managedBy: z.string().max(2048).nullish(),
  extendedLocation: jsonObjectSchema.nullish(),
  properties: jsonObjectSchema.nullish(),
});

/** A container app's secrets as they are sent; one without a value is one that is there already. */
export const appSecretsSchema = z
  .array(
    z.object({
      name: z
        .string()
        .max(253)
        .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/),
      value: z.string().max(65_536).nullish(),
      keyVaultUrl: z.string().max(2048).nullish(),
      identity: z.string().max(2048).nullish(),
    }),
  )
  .max(1000);

/** 2-32 lower-case letters, digits and inner hyphens; the first is a letter. */
export const containerAppNamePattern = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])$/;
export const environmentNamePattern = /^[A-Za-z][A-Za-z0-9-]{0,58}[A-Za-z0-9]$/;
