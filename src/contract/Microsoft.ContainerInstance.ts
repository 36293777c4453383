import { z } from 'zod';
import { jsonObjectSchema, trackedEnvelope } from './arm.ts';

const name = z.string().min(1).max(63);
const maxContainers = 60;

/** A container that stays: what is not looked at is kept. */
const container = z.looseObject({
  name,
  properties: z.looseObject({
    image: z.string().min(1).max(2048),
    environmentVariables: z
      .array(z.looseObject({ name: z.string().min(1).max(1024) }))
      .max(1000)
      .nullish(),
  }),
});

/** `containerGroups` PUT. */
export const containerGroupSchema = z.object({
  ...trackedEnvelope,
  zones: z.array(z.string().max(8)).max(3).nullish(),
  properties: z.looseObject({
    containers: z.array(container).min(1).max(maxContainers),
    initContainers: z.array(z.looseObject({ name })).max(maxContainers).nullish(),
    osType: z.string().max(16).nullish(),
    restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).nullish(),
    volumes: z.array(z.looseObject({ name })).max(100).nullish(),
    ipAddress: jsonObjectSchema.nullish(),
  }),
});

/** PATCH changes tags and identities, and nothing that runs. */
export const containerGroupPatchSchema = z.object({
  ...trackedEnvelope,
  zones: z.array(z.string().max(8)).max(3).nullish(),
});

/** 1-63 lower-case letters, digits and single inner hyphens. */
export const containerGroupNamePattern = /^(?=.{1,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;
