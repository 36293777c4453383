import { z } from 'zod';

/** `PUT /providers/Microsoft.Subscription/aliases/{alias}`; billing members are accepted and mean nothing here. */
export const aliasSchema = z.object({
  properties: z
    .object({
      displayName: z.string().min(1).max(64).nullish(),
      subscriptionId: z.guid().nullish(),
      workload: z.string().max(64).nullish(),
      billingScope: z.string().max(2048).nullish(),
      additionalProperties: z.object({ managementGroupId: z.string().max(512).nullish() }).nullish(),
    })
    .nullish(),
});

/** 1-64 characters. */
export const aliasNamePattern = /^[A-Za-z0-9_-][A-Za-z0-9_.() -]{0,62}[A-Za-z0-9_)-]$|^[A-Za-z0-9]$/;
