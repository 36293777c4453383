import type { Clock } from '../foundation/clock.ts';
import type { ClientId, TenantId } from '../foundation/ids.ts';
import type { Randomness } from '../foundation/randomness.ts';
import { recordDirectoryAudit } from './audit/directory-audits.ts';
import { checkSecret, createSecret } from './directory/applications.ts';
import { selectInitiator } from './directory/audit-initiator.ts';
import { deleteSecret, selectClient } from './directory/client-store.ts';
import { selectPrincipal } from './directory/directory-store.ts';
import type { Home } from './first-start.ts';
import type { DataFolder } from './storage/data-folder.ts';
import type { Database, Transaction } from './storage/database.ts';
import { readSecretFile, replaceFile } from './storage/durable-file.ts';

/** What `operator.json` in the data folder holds: whoever can read the folder is the operator. */
export interface OperatorCredential {
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  readonly clientSecret: string;
  readonly secretId: string;
}

const day = 86_400_000;
const secretLife = 2 * 365 * day;
const renewBefore = 30 * day;

/**
 * The operator's secret: the one in the data folder where it still opens, else a new one. A lost or outdated file is
 * thereby mended by a start, since who holds the data folder holds the deployment anyway.
 */
export async function operatorCredential(parts: {
  readonly database: Database;
  readonly folder: DataFolder;
  readonly home: Home;
  readonly clock: Clock;
  readonly randomness: Randomness;
}): Promise<OperatorCredential> {
  const { clock, database, folder, home, randomness } = parts;
  const { tenantId } = home;
  const { clientId } = home.operator;
  const file = folder.file('operator.json');
  const kept = parseCredential(await readSecretFile(file));
  if (kept !== undefined && kept.tenantId === tenantId && kept.clientId === clientId) {
    const client = await selectClient(database.read, tenantId, clientId);
    if (checkSecret(client?.secrets, kept.clientSecret, clock.now() + renewBefore) === 'valid') return kept;
  }
  const at = clock.now();
  const { secretId, secret } = await database.transaction(async (transaction) => {
    if (kept?.tenantId === tenantId && kept.clientId === clientId) {
      await deleteSecret(transaction, { tenantId, clientId, secretId: kept.secretId, at });
    }
    const made = await createSecret(
      transaction,
      { tenantId, clientId, expiresAt: at + secretLife, at },
      randomness,
    );
    await auditRenewal(transaction, home, { keyId: made.secretId, at });
    return made;
  });
  const credential: OperatorCredential = { tenantId, clientId, clientSecret: secret, secretId };
  await replaceFile(file, `${JSON.stringify(credential, null, 2)}\n`);
  return credential;
}

/** A secret that nobody asked for is known for what it is. */
async function auditRenewal(
  transaction: Transaction,
  { tenantId, operator: { principalId } }: Home,
  { keyId, at }: { readonly keyId: string; readonly at: number },
): Promise<void> {
  const principal = await selectPrincipal(transaction, tenantId, principalId);
  await recordDirectoryAudit(transaction, {
    tenantId,
    at,
    activity: {
      name: 'Update application – Certificates and secrets management',
      category: 'ApplicationManagement',
    },
    operation: 'Add',
    initiatedBy: await selectInitiator(transaction, tenantId, undefined),
    targets: [
      {
        id: principalId,
        displayName: principal?.displayName ?? null,
        type: 'ServicePrincipal',
        modified: [{ name: 'keyId', newValue: JSON.stringify(keyId) }],
      },
    ],
  });
}

function parseCredential(text: string | undefined): OperatorCredential | undefined {
  if (text === undefined) return undefined;
  try {
    const { tenantId, clientId, clientSecret, secretId } = JSON.parse(text) as Record<string, unknown>;
    const members = [tenantId, clientId, clientSecret, secretId];
    if (!members.every((member) => typeof member === 'string')) return undefined;
    return { tenantId, clientId, clientSecret, secretId } as OperatorCredential;
  } catch {
    return undefined;
  }
}
