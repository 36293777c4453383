import { z } from 'zod';
import { jsonObjectSchema, trackedEnvelope } from './arm.ts';

const reference = z.object({ id: z.string().max(2048) });

/** `virtualNetworks`, `networkSecurityGroups`, `publicIPAddresses`, `loadBalancers`: kept as sent. */
export const networkResourceSchema = z.object({
  ...trackedEnvelope,
  sku: jsonObjectSchema.nullish(),
  zones: z.array(z.string().max(8)).max(3).nullish(),
  extendedLocation: jsonObjectSchema.nullish(),
  properties: jsonObjectSchema.nullish(),
});

/** A thing inside a resource that has an id of its own: a subnet, a security rule. */
export const networkPartSchema = z.object({ properties: jsonObjectSchema.nullish() });

export const networkPartsSchema = z
  .array(z.looseObject({ name: z.string().max(80), properties: jsonObjectSchema.nullish() }))
  .max(1000);

/** What an interface's configuration says that is looked at; the rest of it is kept. */
export const ipConfigurationsSchema = z
  .array(
    z.looseObject({
      name: z.string().max(80),
      properties: z
        .looseObject({
          subnet: reference.loose().nullish(),
          publicIPAddress: reference.loose().nullish(),
          privateIPAddress: z.ipv4().nullish(),
          privateIPAllocationMethod: z.string().max(16).nullish(),
        })
        .nullish(),
    }),
  )
  .max(256);

/** 1-80 characters; letters, digits, `_`, `-` and inner dots. */
export const networkNamePattern = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$/;
