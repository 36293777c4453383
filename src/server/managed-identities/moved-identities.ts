import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import { renamePrincipalResource } from '../directory/directory-store.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import { auditIdentity } from './identity-audit.ts';
import { systemAssignedOf } from './identity-store.ts';

interface NamedId {
  readonly resourceId: string;
  readonly canonical: CanonicalId;
}

/**
 * The part of managed identities in the moving of a resource: its own identity stays the principal that it was, under
 * the resource's new id; what it carries of others and the certificates of its hosts go with it. Hosts that wait are
 * told under the old id, since that is the one they wait for.
 */
export async function moveIdentitiesOfResource(
  transaction: Transaction,
  move: {
    readonly tenantId: TenantId;
    readonly from: NamedId;
    readonly to: NamedId;
    readonly at: number;
  },
): Promise<void> {
  const { tenantId, from, to, at } = move;
  const own = await systemAssignedOf(transaction, tenantId, from.canonical);
  if (own !== undefined) {
    const { principalId, displayName } = own;
    await renamePrincipalResource(transaction, {
      ...{ tenantId, principalId, at },
      ...{ resourceId: to.resourceId, resourceCanonical: to.canonical },
    });
    const { resourceId } = to;
    await auditIdentity(transaction, { tenantId, principalId, displayName, resourceId, at }, 'Update');
  }
  await transaction
    .updateTable('identity_attachments')
    .set({ resource_canonical: to.canonical })
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', '=', from.canonical)
    .execute();
  const credentials = await transaction
    .updateTable('identity_credentials')
    .set({ resource_id: to.resourceId, resource_canonical: to.canonical })
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', '=', from.canonical)
    .returning('client_id')
    .execute();
  const held = await transaction
    .updateTable('provider_credentials')
    .set({ resource_id: to.resourceId, resource_canonical: to.canonical })
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', '=', from.canonical)
    .returning('client_id')
    .execute();
  for (const key of new Set([...credentials, ...held].map((row) => row.client_id))) {
    await recordChange(transaction, { tenantId, kind: 'client', key, at });
  }
  for (const key of [from.canonical, to.canonical]) {
    await recordChange(transaction, { tenantId, kind: 'machine', key, at });
  }
}
