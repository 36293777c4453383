import { type ClientId, guid, type PrincipalId, type TenantId } from '../../../foundation/ids.ts';
import type { SystemIdentities, SystemIdentity } from '../../resource-manager/identity-block.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import type { Queries } from '../../storage/database.ts';

/** The identities of a page's resources, found by one query rather than by one for each. */
export async function identitiesOfPage(
  queries: Queries,
  identities: SystemIdentities,
  tenantId: TenantId,
  resources: readonly Resource[],
): Promise<SystemIdentities> {
  const carriers = resources.filter(({ identityType }) => identityType !== undefined);
  const found = new Map<string, SystemIdentity>();
  if (carriers.length > 0) {
    const rows = await queries
      .selectFrom('principals')
      .select(['resource_canonical', 'principal_id', 'client_id'])
      .where('tenant_id', '=', tenantId)
      .where('identity_kind', '=', 'SystemAssigned')
      .where(
        'resource_canonical',
        'in',
        carriers.map(({ canonical }) => canonical),
      )
      .execute();
    for (const row of rows) {
      found.set(String(row.resource_canonical), {
        principalId: guid<PrincipalId>(row.principal_id),
        clientId: guid<ClientId>(row.client_id),
      });
    }
  }
  return { ...identities, of: async (_queries, _tenantId, canonical) => found.get(canonical) };
}
