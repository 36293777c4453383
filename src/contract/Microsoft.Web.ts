import { z } from 'zod';
import { jsonObjectSchema, trackedEnvelope } from './arm.ts';

/** `sites`, `sites/slots` and `serverfarms`, PUT and PATCH. */
export const siteSchema = z.object({
  ...trackedEnvelope,
  kind: z.string().max(128).nullish(),
  sku: jsonObjectSchema.nullish(),
  extendedLocation: jsonObjectSchema.nullish(),
  properties: jsonObjectSchema.nullish(),
});

const maxSettings = 1000;
const name = z.string().min(1).max(1024);
const value = z.string().max(65_536);

function fewEnough(record: object | null | undefined): boolean {
  return Object.keys(record ?? {}).length <= maxSettings;
}

/** `config/appsettings`: a dictionary; what is null is not set. */
export const settingsSchema = z.object({
  properties: z.record(name, value.nullable()).refine(fewEnough, `at most ${maxSettings} settings`).nullish(),
});

/** `config/connectionstrings`. */
export const connectionStringsSchema = z.object({
  properties: z
    .record(name, z.object({ value: value.nullish(), type: z.string().max(64).nullish() }))
    .refine(fewEnough, `at most ${maxSettings} connection strings`)
    .nullish(),
});

/** The same two as members of a site's `siteConfig`. */
export const siteSecretsSchema = z.object({
  appSettings: z
    .array(z.object({ name, value: value.nullish() }))
    .max(maxSettings)
    .nullish(),
  connectionStrings: z
    .array(z.object({ name, connectionString: value.nullish(), type: z.string().max(64).nullish() }))
    .max(maxSettings)
    .nullish(),
});

const names = z.array(z.string().max(1024)).max(maxSettings).nullish();

/** `config/slotConfigNames`: which settings stay with their slot. */
export const slotConfigNamesSchema = z.object({
  properties: z
    .object({ appSettingNames: names, connectionStringNames: names, azureStorageConfigNames: names })
    .nullish(),
});

/** `config/web`: what a site runs with. */
export const siteConfigSchema = z.object({ properties: jsonObjectSchema.nullish() });

export const webNameSchema = z.object({
  name: z.string().max(256),
  type: z.string().max(256),
});

/** 2-60 letters, digits and inner hyphens: a site's name is a host name. */
export const siteNamePattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]$/;
export const slotNamePattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,57}[A-Za-z0-9]?$/;
export const planNamePattern = /^[A-Za-z0-9_-]{1,60}$/;
