import { z } from 'zod';

/** App role assignments and delegated permission grants as Graph takes them (`spec/token-service-and-directory.md` h.3). */

const id = z.guid().toLowerCase();

export const appRoleAssignmentBody = z.object({ principalId: id, resourceId: id, appRoleId: id });

/** Scopes with blanks between; blanks around them are dropped. */
const scope = z
  .string()
  .max(4096)
  .regex(/^[\x20-\x7e]*$/)
  .transform((text) => [...new Set(text.split(' ').filter((word) => word !== ''))].join(' '));

export const permissionGrantBody = z.object({
  clientId: id,
  consentType: z.enum(['AllPrincipals', 'Principal']),
  principalId: id.nullish(),
  resourceId: id,
  scope,
});

export const permissionGrantChange = z.object({ scope });
