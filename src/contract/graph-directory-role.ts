import { z } from 'zod';
import { withoutAnnotations } from './odata.ts';

/** Body of `POST /roleManagement/directory/roleAssignments`. Roles are given over the whole directory. */
export const directoryRoleAssignmentBody = withoutAnnotations(
  z.object({
    principalId: z.guid().toLowerCase(),
    roleDefinitionId: z.guid().toLowerCase(),
    directoryScopeId: z.literal('/').default('/'),
  }),
);

/** Body of `POST /directoryRoles`. */
export const activatedRoleBody = withoutAnnotations(
  z.object({ roleTemplateId: z.guid().toLowerCase(), displayName: z.string().max(256).optional() }),
);
