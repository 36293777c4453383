import { hash } from 'node:crypto';
import type { Selectable } from 'kysely';
import { type CanonicalId, type ClientId, guid, type TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { recordChange, recordChanges } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { FederatedCredentialsTable } from '../storage/federation-tables.ts';
import { parseExpression } from './claims-expression.ts';
import { CredentialError } from './credential-error.ts';
import { maxCredentials, requireName } from './credential-rules.ts';
import type {
  CredentialFacts,
  CredentialTrust,
  FederatedCredential,
  SubjectRule,
} from './federated-credential.ts';
import { readPinnedKeys } from './key-set.ts';

/** Whose credentials: a client of a tenant, be it an application or a user-assigned identity. */
export interface CredentialParent {
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
}

/** Every credential of a client, in the order of their names. */
export async function selectFederatedCredentials(
  queries: Queries,
  { tenantId, clientId }: CredentialParent,
): Promise<readonly FederatedCredential[]> {
  const rows = await queries
    .selectFrom('federated_credentials')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .orderBy('name_canonical')
    .execute();
  return rows.map(fromRow);
}

/**
 * A credential by its name (without regard to case) or by its id.
 *
 * @param key where a GUID is both, the name wins
 */
export async function selectFederatedCredential(
  queries: Queries,
  parent: CredentialParent,
  key: string,
): Promise<FederatedCredential | undefined> {
  const all = await selectFederatedCredentials(queries, parent);
  const canonical = key.toLowerCase();
  return (
    all.find(({ name }) => name.toLowerCase() === canonical) ??
    all.find(({ credentialId }) => credentialId === canonical)
  );
}

/** A write of a credential: what it will say, under which name. */
export interface CredentialWrite extends CredentialParent {
  readonly name: string;
  readonly facts: CredentialFacts;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Makes a credential, or replaces the one of its name, which keeps its id.
 *
 * @throws CredentialError `name`, `too-many` or `duplicate`
 */
export async function putFederatedCredential(
  transaction: Transaction,
  write: CredentialWrite,
  randomness: Randomness,
): Promise<{ readonly credential: FederatedCredential; readonly created: boolean }> {
  requireName(write.name);
  const all = await selectFederatedCredentials(transaction, write);
  const canonical = write.name.toLowerCase();
  const existing = all.find(({ name }) => name.toLowerCase() === canonical);
  requireRoom(all, existing, write.facts);
  const { tenantId, clientId, facts, at } = write;
  const columns = columnsOf(facts);
  if (existing === undefined) {
    await transaction
      .insertInto('federated_credentials')
      .values({
        credential_id: randomness.uuid(),
        tenant_id: tenantId,
        client_id: clientId,
        name: write.name,
        name_canonical: canonical,
        created_at: at,
        ...columns,
      })
      .execute();
  } else {
    await transaction
      .updateTable('federated_credentials')
      .set(columns)
      .where('tenant_id', '=', tenantId)
      .where('client_id', '=', clientId)
      .where('credential_id', '=', existing.credentialId)
      .execute();
  }
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
  const credential = await selectFederatedCredential(transaction, write, write.name);
  if (credential === undefined) throw new Error('a credential that was written is not there');
  return { credential, created: existing === undefined };
}

/**
 * Makes a credential under a name that is free, as Graph's POST does.
 *
 * @throws CredentialError `name-taken`, and those of `putFederatedCredential`
 */
export async function createFederatedCredential(
  transaction: Transaction,
  write: CredentialWrite,
  randomness: Randomness,
): Promise<FederatedCredential> {
  if ((await selectFederatedCredential(transaction, write, write.name))?.name !== undefined) {
    throw new CredentialError(
      'name-taken',
      `FederatedIdentityCredential with name ${write.name.slice(0, 128)} already exists.`,
    );
  }
  return (await putFederatedCredential(transaction, write, randomness)).credential;
}

/** Removes a credential by name or id. @returns what it was, or `undefined` where there is none */
export async function deleteFederatedCredential(
  transaction: Transaction,
  parent: CredentialParent & { readonly at: number },
  key: string,
): Promise<FederatedCredential | undefined> {
  const credential = await selectFederatedCredential(transaction, parent, key);
  if (credential === undefined) return undefined;
  const { tenantId, clientId, at } = parent;
  await transaction
    .deleteFrom('federated_credentials')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .where('credential_id', '=', credential.credentialId)
    .execute();
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
  return credential;
}

/** Removes every credential of a client that ends for good. */
export async function removeFederatedCredentials(
  transaction: Transaction,
  { tenantId, clientId, at }: CredentialParent & { readonly at: number },
): Promise<void> {
  await removeOfClients(transaction, tenantId, [clientId], at);
}

/**
 * The part of federated credentials in the deletion of user-assigned identities. Runs before their principals are
 * removed.
 */
export async function removeFederatedCredentialsOfResources(
  transaction: Transaction,
  ending: {
    readonly tenantId: TenantId;
    readonly resourceCanonicals: readonly CanonicalId[];
    readonly at: number;
  },
): Promise<void> {
  const { tenantId, resourceCanonicals, at } = ending;
  const clients = await transaction
    .selectFrom('principals')
    .select('client_id')
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', 'in', [...resourceCanonicals])
    .where('identity_kind', '=', 'UserAssigned')
    .execute();
  const clientIds = clients.map(({ client_id }) => guid<ClientId>(client_id));
  await removeOfClients(transaction, tenantId, clientIds, at);
}

async function removeOfClients(
  transaction: Transaction,
  tenantId: TenantId,
  clientIds: readonly ClientId[],
  at: number,
): Promise<void> {
  if (clientIds.length === 0) return;
  await transaction
    .deleteFrom('federated_credentials')
    .where('tenant_id', '=', tenantId)
    .where('client_id', 'in', [...clientIds])
    .execute();
  const changes = clientIds.map((key) => ({ tenantId, kind: 'client', key, at }) as const);
  await recordChanges(transaction, changes);
}

function requireRoom(
  all: readonly FederatedCredential[],
  existing: FederatedCredential | undefined,
  facts: CredentialFacts,
): void {
  const matchHash = matchHashOf(facts);
  if (all.some((other) => other !== existing && matchHashOf(other) === matchHash)) {
    throw new CredentialError('duplicate', 'Issuer and subject combination already exists.');
  }
  if (existing === undefined && all.length >= maxCredentials) {
    throw new CredentialError(
      'too-many',
      `Too many Federated Identity Credentials. The maximum number of Federated Identity Credentials is ${maxCredentials}.`,
    );
  }
}

/** No octet of one text can be read as one of another: JSON tells them apart. */
function matchHashOf({ issuer, subject }: CredentialFacts): string {
  return hash('sha256', JSON.stringify([issuer, subject.kind, textOf(subject)]), 'base64url');
}

function textOf(subject: SubjectRule): string {
  return subject.kind === 'exact' ? subject.subject : subject.value;
}

function columnsOf(facts: CredentialFacts) {
  const { subject, trust } = facts;
  return {
    issuer: facts.issuer,
    subject: subject.kind === 'exact' ? subject.subject : null,
    expression: subject.kind === 'expression' ? subject.value : null,
    audience: facts.audience,
    description: facts.description ?? null,
    trust: Object.keys(trust).length === 0 ? null : JSON.stringify(trust),
    match_hash: matchHashOf(facts),
  };
}

function fromRow(row: Selectable<FederatedCredentialsTable>): FederatedCredential {
  const trust = row.trust === null ? {} : (JSON.parse(row.trust) as CredentialTrust);
  return {
    credentialId: row.credential_id,
    tenantId: guid<TenantId>(row.tenant_id),
    clientId: guid<ClientId>(row.client_id),
    name: row.name,
    issuer: row.issuer,
    subject:
      row.subject === null
        ? {
            kind: 'expression',
            value: row.expression ?? '',
            expression: parseExpression(row.expression ?? ''),
          }
        : { kind: 'exact', subject: row.subject },
    audience: row.audience,
    description: row.description ?? undefined,
    trust,
    pinned: trust.keys === undefined ? undefined : readPinnedKeys({ keys: trust.keys }),
    createdAt: Number(row.created_at),
  };
}
