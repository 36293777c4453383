import { z } from 'zod';
import { jsonObjectSchema, trackedEnvelope } from './arm.ts';

const guid = z.guid();

const skuSchema = z.object({
  family: z.literal('A'),
  name: z.string().regex(/^(standard|premium)$/i, "the name is 'standard' or 'premium'"),
});

const vaultMembers = {
  accessPolicies: z.array(jsonObjectSchema).max(1024).nullish(),
  enabledForDeployment: z.boolean().nullish(),
  enabledForDiskEncryption: z.boolean().nullish(),
  enabledForTemplateDeployment: z.boolean().nullish(),
  enableRbacAuthorization: z.boolean().nullish(),
  enableSoftDelete: z.boolean().nullish(),
  enablePurgeProtection: z.boolean().nullish(),
  softDeleteRetentionInDays: z.int().min(7).max(90).nullish(),
  networkAcls: jsonObjectSchema.nullish(),
  publicNetworkAccess: z.string().max(16).nullish(),
  createMode: z.enum(['default', 'recover']).nullish(),
};

/** `vaults` PUT (e.6). */
export const vaultSchema = z.object({
  ...trackedEnvelope,
  properties: z.object({ ...vaultMembers, tenantId: guid, sku: skuSchema }),
});

export const vaultPatchSchema = z.object({
  ...trackedEnvelope,
  properties: z.object({ ...vaultMembers, tenantId: guid.nullish(), sku: skuSchema.nullish() }).nullish(),
});

export const checkNameAvailabilitySchema = z.object({
  name: z.string().max(128),
  type: z.string().max(128),
});

/** 3-24 letters, digits and single hyphens; starts with a letter, ends with a letter or digit. */
export const vaultNamePattern = /^[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]$/;
