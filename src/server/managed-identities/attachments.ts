import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { removeCredentials } from './credential-store.ts';
import { type AttachmentCause, auditAttachments } from './identity-audit.ts';
import type { IdentityIds } from './identity-store.ts';

/** A user-assigned identity on a resource. */
export interface Attachment {
  readonly identityCanonical: CanonicalId;
  /** The identity's id as whoever attached it spelled it. */
  readonly identityId: string;
  /** Of the identity that was attached; it may be gone. */
  readonly principalId: PrincipalId;
  /** Absent where the identity is gone, also where another one has its id. */
  readonly identity: IdentityIds | undefined;
}

/** What some resources have attached, by resource, each in the order of the identities' ids; one query for all. */
export async function attachmentsOfEach(
  queries: Queries,
  tenantId: TenantId,
  resources: readonly CanonicalId[],
): Promise<ReadonlyMap<CanonicalId, readonly Attachment[]>> {
  if (resources.length === 0) return new Map();
  const rows = await queries
    .selectFrom('identity_attachments')
    .leftJoin('principals', (join) =>
      join
        .onRef('principals.tenant_id', '=', 'identity_attachments.tenant_id')
        .onRef('principals.principal_id', '=', 'identity_attachments.principal_id'),
    )
    .select([
      'identity_attachments.resource_canonical',
      'identity_attachments.identity_canonical',
      'identity_attachments.identity_id',
      'identity_attachments.principal_id',
      'principals.client_id',
    ])
    .where('identity_attachments.tenant_id', '=', tenantId)
    .where('identity_attachments.resource_canonical', 'in', [...resources])
    .execute();
  // sorted here: for an order an engine would go through the tenant's every attachment
  rows.sort((one, other) => (one.identity_canonical < other.identity_canonical ? -1 : 1));
  const byResource = Map.groupBy(rows, (row) => row.resource_canonical as CanonicalId);
  return new Map(
    Array.from(byResource, ([resource, attached]) => [
      resource,
      attached.map(({ identity_canonical, identity_id, principal_id, client_id }): Attachment => {
        const principalId = principal_id as PrincipalId;
        return {
          identityCanonical: identity_canonical as CanonicalId,
          identityId: identity_id,
          principalId,
          identity: client_id === null ? undefined : { principalId, clientId: guid<ClientId>(client_id) },
        };
      }),
    ]),
  );
}

/** The resource whose attachments change, and by whom. */
export interface AttachmentChange {
  readonly tenantId: TenantId;
  /** ARM id of the resource, as displayed. */
  readonly resourceId: string;
  readonly resourceCanonical: CanonicalId;
  readonly cause: AttachmentCause;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Attaches identities to a resource; its hosts are told, and get certificates for them when they ask. What hung on the
 * same id of an identity that is gone is replaced.
 */
export async function attachIdentities(
  transaction: Transaction,
  change: AttachmentChange,
  identities: readonly Pick<Attachment, 'identityCanonical' | 'identityId' | 'principalId'>[],
): Promise<void> {
  if (identities.length === 0) return;
  const { tenantId, resourceId, resourceCanonical, at } = change;
  await deleteRows(transaction, change, identities);
  await transaction
    .insertInto('identity_attachments')
    .values(
      identities.map(({ identityCanonical, identityId, principalId }) => ({
        tenant_id: tenantId,
        resource_canonical: resourceCanonical,
        identity_canonical: identityCanonical,
        identity_id: identityId,
        principal_id: principalId,
        created_at: at,
      })),
    )
    .execute();
  await auditAttachments(transaction, change, [{ resourceId, identities }], 'attached');
  await recordChange(transaction, { tenantId, kind: 'machine', key: resourceCanonical, at });
}

/**
 * Takes identities from a resource, with the certificates that its hosts have for them: from the commit on they get no
 * token.
 */
export async function detachIdentities(
  transaction: Transaction,
  change: AttachmentChange,
  attached: readonly Attachment[],
): Promise<void> {
  if (attached.length === 0) return;
  const { tenantId, resourceId, resourceCanonical, at } = change;
  await deleteRows(transaction, change, attached);
  for (const { principalId, identity } of attached) {
    // what an identity that is gone had on hosts ended with it
    if (identity === undefined) continue;
    await removeCredentials(transaction, { tenantId, principalId, resourceCanonical, at });
  }
  await auditAttachments(transaction, change, [{ resourceId, identities: attached }], 'detached');
  await recordChange(transaction, { tenantId, kind: 'machine', key: resourceCanonical, at });
}

/**
 * Takes whatever identities they have attached from resources that are being deleted. The certificates that their hosts
 * have are the caller's to remove, of all identities at once; and the caller tells the hosts.
 *
 * @returns the resources that had any attached
 */
export async function detachFromEnded(
  transaction: Transaction,
  tenantId: TenantId,
  resources: readonly CanonicalId[],
  at: number,
): Promise<readonly CanonicalId[]> {
  const attachments = await attachmentsOfEach(transaction, tenantId, resources);
  if (attachments.size === 0) return [];
  await transaction
    .deleteFrom('identity_attachments')
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', 'in', [...resources])
    .execute();
  const spelled = await spelledIds(transaction, tenantId, [...attachments.keys()]);
  await auditAttachments(
    transaction,
    { tenantId, cause: 'resource-deleted', at },
    Array.from(attachments, ([resource, identities]) => ({
      resourceId: spelled.get(resource) ?? resource,
      identities,
    })),
    'detached',
  );
  return [...attachments.keys()];
}

/** The ids of resources as displayed, which audits name. */
async function spelledIds(
  transaction: Transaction,
  tenantId: TenantId,
  resources: readonly CanonicalId[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await transaction
    .selectFrom('resources')
    .select(['canonical', 'resource_id'])
    .where('tenant_id', '=', tenantId)
    .where('canonical', 'in', [...resources])
    .execute();
  return new Map(rows.map((row) => [row.canonical, row.resource_id]));
}

async function deleteRows(
  transaction: Transaction,
  { tenantId, resourceCanonical }: AttachmentChange,
  attached: readonly Pick<Attachment, 'identityCanonical'>[],
): Promise<void> {
  await transaction
    .deleteFrom('identity_attachments')
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', '=', resourceCanonical)
    .where(
      'identity_canonical',
      'in',
      attached.map(({ identityCanonical }) => identityCanonical),
    )
    .execute();
}
