import type { TenantId } from '../../foundation/ids.ts';
import type { AuditInitiator } from '../audit/directory-audit.ts';
import type { Queries } from '../storage/database.ts';
import { selectObjectFacts } from './object-facts.ts';

/**
 * Who caused a change, as an audit names them.
 *
 * @param by object id; the deployment by itself unless told
 */
export async function selectInitiator(
  queries: Queries,
  tenantId: TenantId,
  by: string | undefined,
): Promise<AuditInitiator> {
  if (by === undefined) return { kind: 'application', displayName: 'Innate' };
  const [facts] = await selectObjectFacts(queries, tenantId, [by]);
  const displayName = facts?.displayName ?? null;
  if (facts?.type === 'User') {
    const userPrincipalName = facts.userPrincipalName ?? null;
    return { kind: 'user', userId: by, displayName, userPrincipalName, address: null };
  }
  const appId = facts?.clientId;
  return { kind: 'application', displayName, principalId: by, ...(appId === undefined ? {} : { appId }) };
}
