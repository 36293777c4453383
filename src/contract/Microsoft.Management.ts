import { z } from 'zod';

const groupId = z.string().max(512);
const displayName = z.string().max(256);

/** `PUT /providers/Microsoft.Management/managementGroups/{name}` (a.16). Read-only members are ignored. */
export const managementGroupSchema = z.object({
  properties: z
    .object({
      displayName: displayName.nullish(),
      details: z.object({ parent: z.object({ id: groupId.nullish() }).nullish() }).nullish(),
    })
    .nullish(),
});

/** `PATCH`: what is named is changed. */
export const managementGroupPatchSchema = z.object({
  displayName: displayName.nullish(),
  parentGroupId: groupId.nullish(),
});

/** `POST /providers/Microsoft.Management/checkNameAvailability`. */
export const groupNameAvailabilitySchema = z.object({
  name: z.string().max(256),
  type: z.string().max(128).nullish(),
});

/** `PUT …/managementGroups/{name}/subscriptions/{S}`: the path says it all; clients send no body, or an empty one. */
export const placementSchema = z.object({}).nullish();
