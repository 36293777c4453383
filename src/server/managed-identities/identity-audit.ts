import type { PrincipalId, TenantId } from '../../foundation/ids.ts';
import type { AuditInitiator } from '../audit/directory-audit.ts';
import { recordDirectoryAudit, recordDirectoryAudits } from '../audit/directory-audits.ts';
import { selectInitiator } from '../directory/audit-initiator.ts';
import { selectPrincipalsOf } from '../directory/directory-store.ts';
import { directorySpelling } from '../directory/service-principals.ts';
import type { Transaction } from '../storage/database.ts';
import { portionsOf } from '../storage/portions.ts';

const managedServiceIdentity: AuditInitiator = {
  kind: 'application',
  displayName: 'Managed Service Identity',
};

const names = {
  Add: 'Add service principal',
  Update: 'Update service principal',
  Delete: 'Remove service principal',
} as const;

interface AuditedIdentity {
  readonly tenantId: TenantId;
  readonly principalId: string;
  readonly displayName: string;
  readonly resourceId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Records that an identity's principal came, went or was moved with its resource, in the transaction of that: by nobody
 * of the directory, as Azure says it (`spec/token-service-and-directory.md` h.6).
 */
export async function auditIdentity(
  transaction: Transaction,
  identity: AuditedIdentity,
  operation: keyof typeof names,
): Promise<void> {
  await auditIdentities(transaction, [identity], operation);
}

/** The same of several, each in an audit of its own. */
export async function auditIdentities(
  transaction: Transaction,
  identities: readonly AuditedIdentity[],
  operation: keyof typeof names,
): Promise<void> {
  await recordDirectoryAudits(
    transaction,
    identities.map(({ tenantId, principalId, displayName, resourceId, at }) => ({
      tenantId,
      at,
      activity: { name: names[operation], category: 'ApplicationManagement' },
      operation,
      initiatedBy: managedServiceIdentity,
      targets: [{ id: principalId, displayName, type: 'ServicePrincipal', modified: [] }],
      additional: [{ key: 'ResourceId', value: directorySpelling(resourceId) }],
    })),
  );
}

/** Who attaches or detaches identities: a caller, or the end of the resource itself. */
export type AttachmentCause =
  | 'resource-deleted'
  | {
      /** Object id. */
      readonly principalId: string;
      readonly tokenId: string;
    };

/** A resource, and the identities that it was given or lost. */
export interface AuditedAttachments {
  /** ARM id of the resource, as displayed. */
  readonly resourceId: string;
  readonly identities: readonly { readonly principalId: PrincipalId }[];
}

/**
 * Records which identities resources were given or lost, and by whom, in the transaction of that: an audit for each
 * resource. Entra has no such audit; its words are those of a change to the principal.
 */
export async function auditAttachments(
  transaction: Transaction,
  {
    tenantId,
    cause,
    at,
  }: { readonly tenantId: TenantId; readonly cause: AttachmentCause; readonly at: number },
  resources: readonly AuditedAttachments[],
  change: 'attached' | 'detached',
): Promise<void> {
  if (resources.length === 0) return;
  const all = new Set(resources.flatMap(({ identities }) => identities.map((one) => one.principalId)));
  const names = new Map<PrincipalId, string>();
  for (const portion of portionsOf([...all])) {
    const found = await selectPrincipalsOf(transaction, tenantId, portion);
    for (const { principalId, displayName } of found) names.set(principalId, displayName);
  }
  const value = change === 'attached' ? 'newValue' : 'oldValue';
  const initiatedBy =
    cause === 'resource-deleted'
      ? managedServiceIdentity
      : await selectInitiator(transaction, tenantId, cause.principalId);
  await recordDirectoryAudits(
    transaction,
    resources.map(({ resourceId, identities }) => ({
      tenantId,
      at,
      activity: { name: 'Update service principal', category: 'ApplicationManagement' },
      operation: 'Update',
      initiatedBy,
      targets: identities.map(({ principalId: id }) => ({
        id,
        displayName: names.get(id) ?? null,
        type: 'ServicePrincipal',
        modified: [{ name: 'AssociatedResource', [value]: JSON.stringify(resourceId) }],
      })),
      ...(cause === 'resource-deleted'
        ? {}
        : { additional: [{ key: 'UniqueTokenIdentifier', value: cause.tokenId }] }),
    })),
  );
}

/** Records that a resource provider was given a certificate of an identity, in the transaction of that. */
export async function auditIssue(
  transaction: Transaction,
  issue: {
    readonly tenantId: TenantId;
    readonly principalId: PrincipalId;
    readonly displayName: string;
    readonly resourceId: string;
    readonly providerId: PrincipalId;
    /** SHA-256 of the certificate, base64url. */
    readonly thumbprint: string;
    readonly tokenId: string;
    /** Milliseconds since the epoch. */
    readonly at: number;
  },
): Promise<void> {
  const { tenantId, principalId, displayName, resourceId, providerId, thumbprint, tokenId, at } = issue;
  const newValue = JSON.stringify([
    `[KeyIdentifier=${thumbprint},KeyType=AsymmetricX509Cert,KeyUsage=Verify]`,
  ]);
  await recordDirectoryAudit(transaction, {
    tenantId,
    at,
    activity: { name: 'Add service principal credentials', category: 'ApplicationManagement' },
    operation: 'Add',
    initiatedBy: await selectInitiator(transaction, tenantId, providerId),
    targets: [
      {
        id: principalId,
        displayName,
        type: 'ServicePrincipal',
        modified: [{ name: 'KeyDescription', newValue }],
      },
    ],
    additional: [
      { key: 'ResourceId', value: directorySpelling(resourceId) },
      { key: 'UniqueTokenIdentifier', value: tokenId },
    ],
  });
}
