import type { UserId } from '../../foundation/ids.ts';
import type { Directory } from '../directory/directory.ts';
import type { Principal } from '../directory/service-principals.ts';
import { aadsts } from '../http/dialects/aadsts.ts';

/**
 * An application may be only for those who are assigned to it, themselves or by a group (Graph's
 * `appRoleAssignmentRequired`).
 *
 * @param principal of the application; one that every tenant knows has none, and is for everybody
 * @throws DomainError AADSTS50105
 */
export async function requireAssignment(
  directory: Pick<Directory, 'client' | 'appRoles'>,
  principal: Principal | undefined,
  userId: UserId,
): Promise<void> {
  if (principal === undefined) return;
  const { tenantId, clientId, principalId } = principal;
  const client = await directory.client(tenantId, clientId);
  if (client?.settings.appRoleAssignmentRequired !== true) return;
  const appRoles = client.manifest.appRoles ?? [];
  const holder = { id: userId, kind: 'User' } as const;
  const { assigned } = await directory.appRoles.at(tenantId, holder, { principalId, appRoles });
  if (!assigned) throw aadsts(50105, { client: clientId });
}
