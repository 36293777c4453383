import type { PrincipalId, TenantId } from '../../foundation/ids.ts';
import { recordDirectoryAudit } from '../audit/directory-audits.ts';
import { selectInitiator } from '../directory/audit-initiator.ts';
import type { Transaction } from '../storage/database.ts';

const activities = {
  begun: { name: 'Add signing keys', operation: 'Add' },
  turned: { name: 'Rotate signing keys', operation: 'Update' },
  revoked: { name: 'Revoke signing key', operation: 'Delete' },
} as const;

/** A key by id, with the states that it had and has. */
interface ChangedKey {
  readonly kid: string;
  readonly from?: string;
  readonly to: string;
}

/** Records what became of a tenant's signing keys, in the transaction of that. */
export async function auditKeys(
  transaction: Transaction,
  change: keyof typeof activities,
  {
    tenantId,
    at,
    by,
    keys,
  }: {
    readonly tenantId: TenantId;
    /** Milliseconds since the epoch. */
    readonly at: number;
    /** Who asked for it; the clock unless told. */
    readonly by?: PrincipalId | undefined;
    readonly keys: readonly ChangedKey[];
  },
): Promise<void> {
  const { name, operation } = activities[change];
  await recordDirectoryAudit(transaction, {
    tenantId,
    at,
    activity: { name, category: 'KeyManagement' },
    operation,
    initiatedBy: await selectInitiator(transaction, tenantId, by),
    targets: keys.map(({ kid, from, to }) => ({
      id: null,
      displayName: kid,
      type: 'Other',
      modified: [
        {
          name: 'state',
          ...(from === undefined ? {} : { oldValue: JSON.stringify(from) }),
          newValue: JSON.stringify(to),
        },
      ],
    })),
  });
}
