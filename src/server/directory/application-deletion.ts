import type { Selectable } from 'kysely';
import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import type { ClientCertificatesTable, ObjectOwnersTable } from '../storage/directory-tables.ts';
import type { FederatedCredentialsTable } from '../storage/federation-tables.ts';
import { portionsOf } from '../storage/portions.ts';
import type { ApplicationsTable, ClientSecretsTable, PrincipalsTable } from '../storage/tables.ts';
import { replaceIdentifiers } from './application-identifiers.ts';
import { parseManifest } from './application-manifest.ts';
import {
  type Application,
  asApplication,
  deleteApplicationRow,
  insertApplicationRow,
} from './application-store.ts';
import type { CredentialHolder } from './client-store.ts';
import {
  insertDeletedObject,
  insertDeletedObjects,
  selectDeletedObject,
  takeDeletedObject,
} from './deleted-objects.ts';
import { asPrincipal, deletePrincipals } from './directory-store.ts';
import { removeReferences } from './references.ts';
import type { Principal } from './service-principals.ts';

interface ClientKey {
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A secret's row in JSON: octets are base64. */
type KeptSecret = Omit<Selectable<ClientSecretsTable>, 'salt' | 'hash'> & {
  readonly salt: string;
  readonly hash: string;
};

/** What an object held that comes back with it. */
interface Holdings {
  readonly owners: readonly Selectable<ObjectOwnersTable>[];
  readonly secrets: readonly KeptSecret[];
  readonly certificates: readonly Selectable<ClientCertificatesTable>[];
  /** An application's own; absent where it was deleted before there were any. */
  readonly federatedCredentials?: readonly Selectable<FederatedCredentialsTable>[];
}

/** What is kept of a deleted application. Its principal is kept as an object of its own. */
export interface ApplicationSnapshot extends Holdings {
  readonly application: Selectable<ApplicationsTable>;
  readonly principalId: string | null;
}

/** What is kept of a deleted principal. A managed identity's credentials are its host's, and end with it. */
export interface PrincipalSnapshot extends Holdings {
  readonly principal: Selectable<PrincipalsTable>;
}

/**
 * Deletes an application with its identifiers and credentials, and its service principal with all it may: from the
 * commit on nothing opens it. Both are kept for thirty days.
 *
 * @returns the application as it was, `undefined` where the tenant has none of that client id
 */
export async function deleteApplication(
  transaction: Transaction,
  { tenantId, clientId, at }: ClientKey,
): Promise<Application | undefined> {
  const row = await transaction
    .selectFrom('applications')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const principal = await transaction
    .selectFrom('principals')
    .select('principal_id')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
  if (principal !== undefined) {
    const principalId = guid<PrincipalId>(principal.principal_id);
    await deleteServicePrincipal(transaction, { tenantId, principalId, at });
  }
  const application = asApplication(row);
  const { objectId } = application;
  const holder = { clientId, objectId };
  const holdingsOf = await takeHoldings(transaction, tenantId, [holder], 'application');
  await replaceIdentifiers(transaction, { tenantId, clientId, identifiers: [], at });
  await removeReferences(transaction, { tenantId, objectIds: [objectId], at });
  await deleteApplicationRow(transaction, { tenantId, clientId }, at);
  const snapshot: ApplicationSnapshot = {
    application: row,
    principalId: principal?.principal_id ?? null,
    ...holdingsOf(holder),
  };
  const { displayName } = application;
  await insertDeletedObject(transaction, {
    tenantId,
    objectId,
    kind: 'application',
    displayName,
    snapshot,
    deletedAt: at,
  });
  return application;
}

/** Deletes one service principal. @returns the principal as it was, `undefined` where the tenant has none of that id */
export async function deleteServicePrincipal(
  transaction: Transaction,
  {
    tenantId,
    principalId,
    at,
  }: { readonly tenantId: TenantId; readonly principalId: PrincipalId; readonly at: number },
): Promise<Principal | undefined> {
  return (await deleteServicePrincipals(transaction, { tenantId, principalIds: [principalId], at }))[0];
}

/**
 * Deletes service principals, with the credentials they hold themselves and all they may. They are kept for thirty days;
 * their applications stay.
 *
 * @returns the principals as they were; ids that the tenant has none of are left out
 */
export async function deleteServicePrincipals(
  transaction: Transaction,
  {
    tenantId,
    principalIds,
    at,
  }: { readonly tenantId: TenantId; readonly principalIds: readonly PrincipalId[]; readonly at: number },
): Promise<readonly Principal[]> {
  const deleted: Principal[] = [];
  for (const portion of portionsOf(principalIds)) {
    const rows = await transaction
      .selectFrom('principals')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('principal_id', 'in', portion)
      .execute();
    if (rows.length === 0) continue;
    const holders = rows.map(holderOf);
    const holdingsOf = await takeHoldings(transaction, tenantId, holders, 'servicePrincipal');
    deleted.push(...(await deletePrincipals(transaction, { tenantId, principalIds: portion, at })));
    await insertDeletedObjects(
      transaction,
      { tenantId, deletedAt: at },
      rows.map((row) => ({
        objectId: holderOf(row).objectId,
        kind: 'servicePrincipal',
        displayName: row.display_name,
        snapshot: { principal: row, ...holdingsOf(holderOf(row)) } satisfies PrincipalSnapshot,
      })),
    );
  }
  return deleted;
}

/**
 * Brings a deleted application back with its credentials, and its service principal where that was deleted with it. Rights
 * do not come back: roles, memberships and grants are given anew. Tokens of before stay refused.
 *
 * @returns what came back, `undefined` where the tenant has no deleted application of that id
 * @throws DomainError `already-exists` where another application has taken an identifier or the unique name meanwhile
 */
export async function restoreApplication(
  transaction: Transaction,
  {
    tenantId,
    objectId,
    at,
  }: { readonly tenantId: TenantId; readonly objectId: PrincipalId; readonly at: number },
): Promise<Application | undefined> {
  const found = await selectDeletedObject(transaction, { tenantId, objectId, now: at });
  if (found?.kind !== 'application') return undefined;
  await takeDeletedObject(transaction, { tenantId, objectId, now: at });
  const snapshot = found.snapshot as ApplicationSnapshot;
  const row = snapshot.application;
  await assertUniqueNameFree(transaction, tenantId, row.unique_name);
  const application = { ...asApplication(row), manifest: parseManifest(row.manifest) };
  const { clientId, manifest } = application;
  await insertApplicationRow(transaction, application, at);
  await replaceIdentifiers(transaction, {
    tenantId,
    clientId,
    identifiers: manifest.identifierUris ?? [],
    at,
  });
  await putHoldings(transaction, snapshot);
  if (snapshot.principalId !== null) {
    const principalId = guid<PrincipalId>(snapshot.principalId);
    await restoreServicePrincipal(transaction, { tenantId, principalId, at });
  }
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
  return application;
}

/**
 * Brings an application's deleted service principal back, with the credentials it held itself.
 *
 * @returns what came back, `undefined` where the tenant has no deleted principal of that id
 * @throws DomainError `forbidden` for a managed identity, which lives and ends with its resource; `conflict` where its
 *   application is not there or has another principal by now
 */
export async function restoreServicePrincipal(
  transaction: Transaction,
  {
    tenantId,
    principalId,
    at,
  }: { readonly tenantId: TenantId; readonly principalId: PrincipalId; readonly at: number },
): Promise<Principal | undefined> {
  const key = { tenantId, objectId: principalId, now: at };
  const found = await selectDeletedObject(transaction, key);
  if (found?.kind !== 'servicePrincipal') return undefined;
  const snapshot = found.snapshot as PrincipalSnapshot;
  const row = snapshot.principal;
  if (row.principal_type !== 'Application') {
    throw new DomainError('forbidden', 'Insufficient privileges to complete the operation.');
  }
  const application = await transaction
    .selectFrom('applications')
    .select('client_id')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', row.client_id)
    .executeTakeFirst();
  const successor = await transaction
    .selectFrom('principals')
    .select('principal_id')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', row.client_id)
    .executeTakeFirst();
  if (application === undefined || successor !== undefined) {
    throw new DomainError(
      'conflict',
      'The service principal cannot be restored: its application is deleted, or has another service principal.',
      { code: 'Request_BadRequest' },
    );
  }
  await takeDeletedObject(transaction, key);
  const clientId = guid<ClientId>(row.client_id);
  await transaction
    .insertInto('principals')
    .values({ ...row, tokens_valid_from: at })
    .execute();
  await putHoldings(transaction, snapshot);
  await recordChange(transaction, { tenantId, kind: 'principal', key: principalId, at });
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
  return asPrincipal({ ...row, tokens_valid_from: at });
}

async function assertUniqueNameFree(
  transaction: Transaction,
  tenantId: TenantId,
  uniqueName: string | null,
): Promise<void> {
  if (uniqueName === null) return;
  const row = await transaction
    .selectFrom('applications')
    .select('client_id')
    .where('tenant_id', '=', tenantId)
    .where('unique_name', '=', uniqueName)
    .executeTakeFirst();
  if (row === undefined) return;
  throw new DomainError(
    'already-exists',
    'Another object with the same value for property uniqueName already exists.',
    { target: 'uniqueName' },
  );
}

interface Holder {
  readonly clientId: ClientId;
  readonly objectId: PrincipalId;
}

function holderOf(row: Selectable<PrincipalsTable>): Holder {
  return { clientId: guid<ClientId>(row.client_id), objectId: guid<PrincipalId>(row.principal_id) };
}

/** Removes the credentials that objects of clients hold; their owners are noted. @returns what each of them held */
async function takeHoldings(
  transaction: Transaction,
  tenantId: TenantId,
  holders: readonly Holder[],
  kind: CredentialHolder,
): Promise<(holder: Holder) => Holdings> {
  const clientIds = holders.map(({ clientId }) => clientId);
  const owners = await transaction
    .selectFrom('object_owners')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(
      'object_id',
      'in',
      holders.map(({ objectId }) => objectId),
    )
    .execute();
  const secrets = await transaction
    .deleteFrom('client_secrets')
    .where('tenant_id', '=', tenantId)
    .where('client_id', 'in', clientIds)
    .where('holder', '=', kind)
    .returningAll()
    .execute();
  const certificates = await transaction
    .deleteFrom('client_certificates')
    .where('tenant_id', '=', tenantId)
    .where('client_id', 'in', clientIds)
    .where('holder', '=', kind)
    .returningAll()
    .execute();
  const federatedCredentials =
    kind === 'application'
      ? await transaction
          .deleteFrom('federated_credentials')
          .where('tenant_id', '=', tenantId)
          .where('client_id', 'in', clientIds)
          .returningAll()
          .execute()
      : [];
  return ({ clientId, objectId }) => ({
    owners: owners.filter((row) => row.object_id === objectId),
    federatedCredentials: federatedCredentials.filter((row) => row.client_id === clientId),
    secrets: secrets.filter((row) => row.client_id === clientId).map(kept),
    certificates: certificates.filter((row) => row.client_id === clientId),
  });
}

function kept(row: Selectable<ClientSecretsTable>): KeptSecret {
  return {
    ...row,
    salt: Buffer.from(row.salt).toString('base64'),
    hash: Buffer.from(row.hash).toString('base64'),
  };
}

/** Gives an object back what it held; owners that are gone themselves stay away. */
async function putHoldings(
  transaction: Transaction,
  { owners, secrets, certificates, federatedCredentials = [] }: Holdings,
): Promise<void> {
  for (const row of owners) {
    const stands = await ownerStands(transaction, row);
    if (stands) await transaction.insertInto('object_owners').values(row).execute();
  }
  for (const { salt, hash, ...row } of secrets) {
    await transaction
      .insertInto('client_secrets')
      .values({ ...row, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') })
      .execute();
  }
  for (const row of certificates) await transaction.insertInto('client_certificates').values(row).execute();
  for (const row of federatedCredentials) {
    await transaction.insertInto('federated_credentials').values(row).execute();
  }
}

async function ownerStands(
  transaction: Transaction,
  { tenant_id: tenantId, owner_id: ownerId }: Selectable<ObjectOwnersTable>,
): Promise<boolean> {
  const principal = await transaction
    .selectFrom('principals')
    .select('principal_id')
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', ownerId)
    .executeTakeFirst();
  if (principal !== undefined) return true;
  const user = await transaction
    .selectFrom('users')
    .select('user_id')
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', ownerId)
    .executeTakeFirst();
  return user !== undefined;
}
