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
