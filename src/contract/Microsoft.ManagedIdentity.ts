import { z } from 'zod';
import { trackedEnvelope } from './arm.ts';
import { federatedCredentialSchema } from './federated-credential.ts';

/** A namespace, or one of its types; no wildcards. */
const assignableProvider = z
  .string()
  .max(256)
  .regex(/^[A-Za-z][A-Za-z0-9.]*(\/[A-Za-z][A-Za-z0-9]*)*$/, 'a provider is a namespace or a resource type');

const identityProperties = z.object({
  isolationScope: z.enum(['None', 'Regional']).nullish(),
  assignmentRestrictions: z.object({ providers: z.array(assignableProvider).max(64).nullish() }).nullish(),
});

/** `userAssignedIdentities` PUT (b.2). What identifies it is read-only, and passed over where it is sent. */
export const userAssignedIdentitySchema = z.object({
  ...trackedEnvelope,
  properties: identityProperties.nullish(),
});

export const userAssignedIdentityPatchSchema = userAssignedIdentitySchema;

/** `federatedIdentityCredentials` PUT. */
export const federatedIdentityCredentialSchema = z.object({
  properties: federatedCredentialSchema.nullish(),
});

/** 3-128 letters, digits, hyphens and underscores; starts with a letter or digit. */
export const identityNamePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{2,127}$/;
