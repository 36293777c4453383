import { z } from 'zod';

/** `PUT {scope}/providers/Microsoft.Authorization/roleAssignments/{guid}` (d.4). Read-only members are ignored. */
export const roleAssignmentSchema = z.object({
  properties: z.object({
    roleDefinitionId: z.string().min(1).max(2048),
    principalId: z.string().min(1).max(64),
    principalType: z.string().max(64).nullish(),
    description: z.string().max(2048).nullish(),
    condition: z.string().max(8192).nullish(),
    conditionVersion: z.string().max(16).nullish(),
    delegatedManagedIdentityResourceId: z.string().max(2048).nullish(),
  }),
});
export type RoleAssignmentRequest = z.infer<typeof roleAssignmentSchema>['properties'];

/** 1-90 of letters, digits, `-_().`, not ending in a dot. */
export const lockNamePattern = /^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$/;

export const lockLevels = ['CanNotDelete', 'ReadOnly'] as const;

/** `PUT {scope}/providers/Microsoft.Authorization/locks/{name}` (a.12). Levels compare without case. */
export const lockSchema = z.object({
  properties: z.object({
    level: z
      .string()
      .max(32)
      .transform((text) => lockLevels.find((level) => level.toLowerCase() === text.toLowerCase()))
      .pipe(z.enum(lockLevels)),
    notes: z.string().max(512).nullish(),
    owners: z
      .array(z.object({ applicationId: z.string().min(1).max(64) }))
      .max(20)
      .nullish(),
  }),
});
