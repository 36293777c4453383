import { recordDirectoryAudit } from '../../audit/directory-audits.ts';
import { selectInitiator } from '../../directory/audit-initiator.ts';
import { selectPrincipals } from '../../directory/directory-store.ts';
import type { CredentialParent } from '../../federation/credential-store.ts';
import type { FederatedCredential } from '../../federation/federated-credential.ts';
import type { OperationContext } from '../../resource-manager/provider.ts';
import type { Transaction } from '../../storage/database.ts';

const names = {
  Add: 'Add federated identity credential',
  Update: 'Update federated identity credential',
  Delete: 'Remove federated identity credential',
} as const;

/** Records whose tokens open an identity from now on, or no more, as Graph records it of applications. */
export async function auditCredential(
  transaction: Transaction,
  operation: keyof typeof names,
  { tenantId, clientId }: CredentialParent,
  credential: FederatedCredential,
  { caller, at }: Pick<OperationContext, 'caller' | 'at'>,
): Promise<void> {
  const [principal] = await selectPrincipals(transaction, tenantId, { clientId, limit: 1 });
  const { name, issuer, subject, audience } = credential;
  const shown = {
    name,
    issuer,
    [subject.kind === 'exact' ? 'subject' : 'claimsMatchingExpression']:
      subject.kind === 'exact' ? subject.subject : subject.value,
    audiences: [audience],
  };
  const value = operation === 'Delete' ? 'oldValue' : 'newValue';
  await recordDirectoryAudit(transaction, {
    tenantId,
    at,
    activity: { name: names[operation], category: 'ApplicationManagement' },
    operation,
    initiatedBy: await selectInitiator(transaction, tenantId, caller.principalId),
    targets: [
      {
        id: principal?.principalId ?? null,
        displayName: principal?.displayName ?? null,
        type: 'ServicePrincipal',
        modified: Object.entries(shown).map(([member, text]) => ({
          name: member,
          [value]: JSON.stringify(text),
        })),
      },
    ],
    additional: [{ key: 'UniqueTokenIdentifier', value: caller.tokenId }],
  });
}
