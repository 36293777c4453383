import type { CloudProfile } from '../contract/cloud-profile.ts';
import type { Clock } from '../foundation/clock.ts';
import { type CanonicalId, type ClientId, guid, type PrincipalId, type TenantId } from '../foundation/ids.ts';
import type { Randomness } from '../foundation/randomness.ts';
import { saveRoleAssignment } from './authorization/authorization-store.ts';
import { findRoleDefinitionByName } from './authorization/role-definitions.ts';
import { createApplication } from './directory/applications.ts';
import { assignDirectoryRole } from './directory/directory-role-assignments.ts';
import { globalAdministrator } from './directory/directory-roles.ts';
import { createTenant } from './directory/tenants.ts';
import { recordChange } from './storage/change-log.ts';
import type { Database, Queries, Transaction } from './storage/database.ts';
import type { TenantSealer } from './storage/sealed-column.ts';
import type { Signer } from './tokens/signer.ts';
import { beginLine } from './tokens/signing-key-store.ts';

/** The deployment's own tenant and the application that administers it. */
export interface Home {
  readonly tenantId: TenantId;
  readonly operator: { readonly clientId: ClientId; readonly principalId: PrincipalId };
}

export interface FirstStartParts {
  readonly database: Database;
  readonly sealer: TenantSealer;
  readonly signer: Signer;
  readonly profile: CloudProfile;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

const homeKey = 'home';
const operatorName = 'Innate operator';

/** The home that an earlier start, or another replica, has made. */
export async function findHome(queries: Queries): Promise<Home | undefined> {
  const row = await queries.selectFrom('meta').select('value').where('key', '=', homeKey).executeTakeFirst();
  if (row === undefined) return undefined;
  const home = JSON.parse(row.value) as Home;
  return {
    tenantId: guid<TenantId>(home.tenantId),
    operator: {
      clientId: guid<ClientId>(home.operator.clientId),
      principalId: guid<PrincipalId>(home.operator.principalId),
    },
  };
}

/**
 * Makes the tenant with its data key, signing keys and operator (Owner of everything, no credential yet), all in one
 * transaction. Where two replicas start at once, one makes it and both return it.
 */
export async function createHome(parts: FirstStartParts): Promise<Home> {
  const { clock, database, randomness, sealer, signer } = parts;
  const tenantId = guid<TenantId>(randomness.uuid());
  const [active, prepared] = await Promise.all([
    signer.generate(tenantId, 'RS256'),
    signer.generate(tenantId, 'RS256'),
  ]);
  return await database.transaction(async (transaction) => {
    const standing = await findHome(transaction);
    if (standing !== undefined) return standing;
    const at = clock.now();
    await createTenant(
      transaction,
      { tenantId, displayName: 'Innate', defaultDomain: defaultDomain(parts.profile) },
      at,
    );
    await sealer.createTenantKey(transaction, tenantId);
    await beginLine(transaction, { active, prepared }, at);
    const operator = await createApplication(
      transaction,
      { tenantId, displayName: operatorName },
      randomness,
      at,
    );
    await makeOwner(transaction, { tenantId, ...operator }, parts);
    await administer(transaction, { tenantId, operator }, parts);
    const home: Home = { tenantId, operator };
    await transaction
      .insertInto('meta')
      .values({ key: homeKey, value: JSON.stringify(home) })
      .execute();
    return home;
  });
}

/** Makes the operator of a deployment from before directory roles an administrator of its directory. */
export async function administerDirectory(
  database: Database,
  home: Home,
  parts: Pick<FirstStartParts, 'clock' | 'randomness'>,
): Promise<void> {
  await database.transaction((transaction) => administer(transaction, home, parts));
}

async function administer(
  transaction: Transaction,
  { tenantId, operator: { principalId } }: Home,
  { clock, randomness }: Pick<FirstStartParts, 'clock' | 'randomness'>,
): Promise<void> {
  const assignment = { tenantId, principalId, roleTemplateId: globalAdministrator, at: clock.now() };
  await assignDirectoryRole(transaction, assignment, randomness);
}

function defaultDomain(profile: CloudProfile): string {
  return profile.kind === 'azure' ? 'innate.internal' : profile.login.replace(/^login\./, '');
}

/** The first assignment of a tenant has nobody who could ask for it. */
async function makeOwner(
  transaction: Transaction,
  { tenantId, principalId }: { readonly tenantId: TenantId; readonly principalId: PrincipalId },
  { clock, randomness }: FirstStartParts,
): Promise<void> {
  const owner = findRoleDefinitionByName('Owner');
  if (owner === undefined) throw new Error('the built-in role Owner is missing');
  const at = clock.now();
  await saveRoleAssignment(transaction, {
    tenantId,
    name: randomness.uuid(),
    scope: '/',
    scopeCanonical: '/' as CanonicalId,
    roleDefinitionId: owner.id,
    principalId,
    principalType: 'ServicePrincipal',
    description: null,
    condition: null,
    conditionVersion: null,
    createdAt: at,
    updatedAt: at,
    createdBy: principalId,
    updatedBy: principalId,
  });
  await recordChange(transaction, { tenantId, kind: 'role-assignments', key: principalId, at });
}
