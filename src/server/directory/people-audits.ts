import type { TenantId } from '../../foundation/ids.ts';
import type { AuditTarget, ModifiedProperty } from '../audit/directory-audit.ts';
import { recordDirectoryAudit } from '../audit/directory-audits.ts';
import type { Transaction } from '../storage/database.ts';
import { selectInitiator } from './audit-initiator.ts';
import { selectObjectFacts } from './object-facts.ts';

interface Occasion {
  readonly tenantId: TenantId;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A person lets an application act for them. */
export async function auditConsent(
  transaction: Transaction,
  {
    tenantId,
    at,
    userId,
    principalIds,
    scopes,
  }: Occasion & {
    readonly userId: string;
    /** Object ids: of the application's principal, of the resource's. */
    readonly principalIds: readonly string[];
    readonly scopes: readonly string[];
  },
): Promise<void> {
  const newValue = JSON.stringify(scopes.join(' '));
  await recordDirectoryAudit(transaction, {
    tenantId,
    at,
    activity: { name: 'Consent to application', category: 'ApplicationManagement' },
    operation: 'Add',
    initiatedBy: await selectInitiator(transaction, tenantId, userId),
    targets: await targets(transaction, tenantId, principalIds, [
      { name: 'ConsentAction.Permissions', newValue },
    ]),
  });
}

/** A person chooses another password, knowing the one before. */
export async function auditOwnPassword(
  transaction: Transaction,
  { tenantId, at, userId }: Occasion & { readonly userId: string },
): Promise<void> {
  await recordDirectoryAudit(transaction, {
    tenantId,
    at,
    activity: { name: 'Change user password', category: 'UserManagement' },
    operation: 'Update',
    initiatedBy: await selectInitiator(transaction, tenantId, userId),
    targets: await targets(transaction, tenantId, [userId], []),
  });
}

/** An account of another provider becomes a person's way in; the person may be made for it. */
export async function auditUpstreamAccount(
  transaction: Transaction,
  {
    tenantId,
    at,
    userId,
    issuer,
    subject,
    isNew,
  }: Occasion & {
    readonly userId: string;
    readonly issuer: string;
    readonly subject: string;
    readonly isNew: boolean;
  },
): Promise<void> {
  const newValue = JSON.stringify({ issuer, subject });
  await recordDirectoryAudit(transaction, {
    tenantId,
    at,
    activity: { name: isNew ? 'Add user' : 'Update user', category: 'UserManagement' },
    operation: isNew ? 'Add' : 'Update',
    initiatedBy: await selectInitiator(transaction, tenantId, undefined),
    targets: await targets(transaction, tenantId, [userId], [{ name: 'UpstreamAccount', newValue }]),
  });
}

/** Objects by id; what was changed is said of the first. */
async function targets(
  transaction: Transaction,
  tenantId: TenantId,
  ids: readonly string[],
  modified: readonly ModifiedProperty[],
): Promise<readonly AuditTarget[]> {
  const facts = await selectObjectFacts(transaction, tenantId, ids);
  return ids.map((id, index): AuditTarget => {
    const {
      displayName = null,
      type = 'Other',
      userPrincipalName,
    } = facts.find((one) => one.id === id) ?? {};
    return {
      id,
      displayName,
      type,
      ...(userPrincipalName === undefined ? {} : { userPrincipalName }),
      modified: index === 0 ? modified : [],
    };
  });
}
