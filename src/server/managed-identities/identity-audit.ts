import type { TenantId } from '../../foundation/ids.ts';
import { recordDirectoryAudit } from '../audit/directory-audits.ts';
import { directorySpelling } from '../directory/service-principals.ts';
import type { Transaction } from '../storage/database.ts';

const names = { Add: 'Add service principal', Delete: 'Remove service principal' } as const;

/**
 * Records that an identity's principal came or went with its resource, in the transaction of that: by nobody of the
 * directory, as Azure says it (`spec/token-service-and-directory.md` h.6).
 */
export async function auditIdentity(
  transaction: Transaction,
  {
    tenantId,
    principalId,
    displayName,
    resourceId,
    at,
  }: {
    readonly tenantId: TenantId;
    readonly principalId: string;
    readonly displayName: string;
    readonly resourceId: string;
    /** Milliseconds since the epoch. */
    readonly at: number;
  },
  operation: keyof typeof names,
): Promise<void> {
  await recordDirectoryAudit(transaction, {
    tenantId,
    at,
    activity: { name: names[operation], category: 'ApplicationManagement' },
    operation,
    initiatedBy: { kind: 'application', displayName: 'Managed Service Identity' },
    targets: [{ id: principalId, displayName, type: 'ServicePrincipal', modified: [] }],
    additional: [{ key: 'ResourceId', value: directorySpelling(resourceId) }],
  });
}
