import type { TenantId } from '../../foundation/ids.ts';
import type { Transaction } from './database.ts';

/**
 * What caches and agents follow. `key` says which one: the principal's object id, the credential's thumbprint, the
 * key id, the resource's canonical id, the machine's id.
 */
export type ChangeKind =
  | 'principal' // created, disabled, deleted, tokens_valid_from moved: key = principalId
  | 'client' // secrets or credentials of a client: key = clientId
  | 'role-assignments' // of a principal: key = principalId
  | 'signing-keys' // of the tenant: key = tenantId
  | 'resource' // written or deleted: key = canonical id
  | 'machine'; // enrolled, banned, removed, or its resource's identities changed: key = the resource's canonical id

export interface Change {
  readonly seq: number;
  readonly tenantId: TenantId;
  readonly kind: ChangeKind;
  readonly key: string;
}

/** Records a change in the transaction that makes it, so that neither exists without the other. */
export async function recordChange(
  transaction: Transaction,
  change: {
    readonly tenantId: TenantId;
    readonly kind: ChangeKind;
    readonly key: string;
    readonly at: number;
  },
): Promise<void> {
  await transaction
    .insertInto('change_log')
    .values({ tenant_id: change.tenantId, kind: change.kind, key: change.key, at: change.at })
    .execute();
}
