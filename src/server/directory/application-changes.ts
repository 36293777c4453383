import type { ApplicationChange } from '../../contract/graph-application.ts';
import type { ServicePrincipalChange } from '../../contract/graph-service-principal.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import { checkIdentifier, type IsReserved, replaceIdentifiers } from './application-identifiers.ts';
import { changedManifest, emptyManifest } from './application-manifest.ts';
import {
  type Application,
  insertApplicationRow,
  selectApplication,
  updateApplicationRow,
} from './application-store.ts';
import { readSettings } from './client-store.ts';
import { insertPrincipal, selectPrincipal, setPrincipalEnabled } from './directory-store.ts';
import { checkManifest } from './manifest-rules.ts';
import type { Principal } from './service-principals.ts';

/** What making and changing applications needs beside the transaction. */
export interface ApplicationRules {
  readonly randomness: Randomness;
  readonly isReserved: IsReserved;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Registers an application. It has no service principal: nothing signs in for it, and no token is for it, until one is
 * made.
 *
 * @throws DomainError `invalid-value` for a broken rule, `already-exists` for an identifier or unique name that is taken
 */
export async function registerApplication(
  transaction: Transaction,
  tenantId: TenantId,
  { displayName, ...members }: ApplicationChange & { readonly displayName: string },
  rules: ApplicationRules,
): Promise<Application> {
  const { randomness, at } = rules;
  const application: Application = {
    tenantId,
    objectId: guid<PrincipalId>(randomness.uuid()),
    clientId: guid<ClientId>(randomness.uuid()),
    displayName,
    manifest: changedManifest(emptyManifest, { signInAudience: 'AzureADMyOrg', ...members }),
    createdAt: at,
  };
  checkManifest(emptyManifest, application.manifest);
  checkIdentifiers(application, [], rules);
  await assertUniqueName(transaction, application);
  await insertApplicationRow(transaction, application, at);
  await setIdentifiers(transaction, application, at);
  return application;
}

/**
 * Changes what an application declares, from the commit on for every token. A new name is its principal's as well.
 *
 * @returns the application as it is now
 * @throws DomainError as `registerApplication`
 */
export async function changeApplication(
  transaction: Transaction,
  before: Application,
  { displayName, ...members }: ApplicationChange,
  rules: ApplicationRules,
): Promise<Application> {
  const { at } = rules;
  const { tenantId, clientId } = before;
  const after: Application = {
    ...before,
    displayName: displayName ?? before.displayName,
    manifest: changedManifest(before.manifest, members),
  };
  checkManifest(before.manifest, after.manifest);
  checkIdentifiers(after, before.manifest.identifierUris ?? [], rules);
  if (after.manifest.uniqueName !== before.manifest.uniqueName) await assertUniqueName(transaction, after);
  await updateApplicationRow(transaction, after, at);
  if (members.identifierUris !== undefined) await setIdentifiers(transaction, after, at);
  if (after.displayName !== before.displayName) {
    const row = await transaction
      .updateTable('principals')
      .set({ display_name: after.displayName })
      .where('tenant_id', '=', tenantId)
      .where('client_id', '=', clientId)
      .returning('principal_id')
      .executeTakeFirst();
    if (row) await recordChange(transaction, { tenantId, kind: 'principal', key: row.principal_id, at });
  }
  return after;
}

/** Those that the application has already are its own, whatever the rules have become. */
function checkIdentifiers(
  { tenantId, clientId, manifest }: Application,
  standing: readonly string[],
  { isReserved }: ApplicationRules,
): void {
  for (const identifier of manifest.identifierUris ?? []) {
    if (!standing.includes(identifier)) checkIdentifier(identifier, { tenantId, clientId }, isReserved);
  }
}

async function setIdentifiers(
  transaction: Transaction,
  { tenantId, clientId, manifest }: Application,
  at: number,
): Promise<void> {
  const identifiers = manifest.identifierUris ?? [];
  await replaceIdentifiers(transaction, { tenantId, clientId, identifiers, at });
}

async function assertUniqueName(
  transaction: Transaction,
  { tenantId, manifest: { uniqueName } }: Application,
): Promise<void> {
  if (!uniqueName || (await selectApplication(transaction, tenantId, { uniqueName })) === undefined) return;
  throw new DomainError(
    'already-exists',
    'Another object with the same value for property uniqueName already exists.',
    { target: 'uniqueName' },
  );
}

/**
 * Makes the service principal of an application of the tenant: from then on it signs in, and tokens are for it.
 *
 * @throws DomainError `invalid-value` where the tenant has no such application, `already-exists` where it has its principal
 */
export async function createServicePrincipal(
  transaction: Transaction,
  tenantId: TenantId,
  { appId, change }: { readonly appId: ClientId; readonly change: ServicePrincipalChange },
  { randomness, at }: Pick<ApplicationRules, 'randomness' | 'at'>,
): Promise<Principal> {
  const application = await selectApplication(transaction, tenantId, { clientId: appId });
  if (application === undefined) {
    throw new DomainError(
      'invalid-value',
      `The appId '${appId}' of the service principal does not reference a valid application object.`,
      { code: 'NoBackingApplicationObject' },
    );
  }
  const standing = await transaction
    .selectFrom('principals')
    .select('principal_id')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', appId)
    .executeTakeFirst();
  if (standing !== undefined) {
    throw new DomainError(
      'already-exists',
      `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`,
    );
  }
  const principalId = guid<PrincipalId>(randomness.uuid());
  await insertPrincipal(transaction, {
    tenantId,
    principalId,
    clientId: appId,
    displayName: application.displayName,
    principalType: 'Application',
    at,
  });
  const made = await selectPrincipal(transaction, tenantId, principalId);
  if (made === undefined) throw new Error('a service principal is not there after it was made');
  return await changeServicePrincipal(transaction, made, change, at);
}

/** A managed identity's principal is its resource's: only whether it may sign in is for the directory to say (h.1). */
export function assertUnlocked(principal: Principal): void {
  if (principal.principalType !== 'ManagedIdentity') return;
  throw new DomainError('forbidden', 'Insufficient privileges to complete the operation.');
}

/**
 * Changes a service principal.
 *
 * @param at milliseconds since the epoch
 * @throws DomainError `forbidden` for anything but `accountEnabled` of a managed identity
 */
export async function changeServicePrincipal(
  transaction: Transaction,
  principal: Principal,
  { accountEnabled, ...members }: ServicePrincipalChange,
  at: number,
): Promise<Principal> {
  const { tenantId, principalId } = principal;
  const changes = Object.entries(members).filter(([, value]) => value !== undefined);
  if (changes.length > 0) {
    assertUnlocked(principal);
    const row = await transaction
      .selectFrom('principals')
      .select('manifest')
      .where('tenant_id', '=', tenantId)
      .where('principal_id', '=', principalId)
      .executeTakeFirstOrThrow();
    const merged: Record<string, unknown> = { ...readSettings(row.manifest) };
    for (const [name, value] of changes) {
      if (value === null) delete merged[name];
      else merged[name] = value;
    }
    await transaction
      .updateTable('principals')
      .set({ manifest: JSON.stringify(merged) })
      .where('tenant_id', '=', tenantId)
      .where('principal_id', '=', principalId)
      .execute();
    await recordChange(transaction, { tenantId, kind: 'client', key: principal.clientId, at });
    await recordChange(transaction, { tenantId, kind: 'principal', key: principalId, at });
  }
  if (accountEnabled !== undefined && accountEnabled !== principal.enabled) {
    await setPrincipalEnabled(transaction, { tenantId, principalId, enabled: accountEnabled, at });
  }
  return { ...principal, enabled: accountEnabled ?? principal.enabled };
}
