import { createHash } from 'node:crypto';
import {
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
  type UserId,
} from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { applicationManifest } from '../../src/server/directory/application-manifest.ts';
import { createApplication, createSecret } from '../../src/server/directory/applications.ts';
import { firstPartyPrincipal } from '../../src/server/directory/first-party-principals.ts';
import { hashPassword, setPassword } from '../../src/server/directory/passwords.ts';
import { insertUser } from '../../src/server/directory/user-store.ts';
import { recordChange } from '../../src/server/storage/change-log.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { type CodeRequest, issueCode } from '../../src/server/tokens/authorization-codes.ts';

/** A person with a password. */
export interface TestPerson {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly userPrincipalName: string;
  readonly password: string;
}

export interface TestApplication {
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  readonly principalId: PrincipalId;
  readonly secret: string;
}

/** What tests about people do to a database. */
export interface PeopleStore {
  readonly database: Database;
  readonly clock: { now(): number };
}

export async function makePerson(
  { database, clock }: PeopleStore,
  tenantId: TenantId,
  userPrincipalName: string,
  options: { readonly password?: string; readonly mustChange?: boolean } = {},
): Promise<TestPerson> {
  const userId = guid<UserId>(systemRandomness.uuid());
  const password = options.password ?? 'correct horse battery';
  const hash = await hashPassword(password, systemRandomness);
  const at = clock.now();
  await database.transaction(async (transaction) => {
    const [name = ''] = userPrincipalName.split('@');
    const displayName = name.charAt(0).toUpperCase() + name.slice(1);
    await insertUser(transaction, { tenantId, userId, userPrincipalName, displayName, at });
    await setPassword(transaction, { tenantId, userId, hash, mustChange: options.mustChange ?? false, at });
  });
  return { tenantId, userId, userPrincipalName, password };
}

/** An application with a secret, and what it declares of itself. */
export async function makeApplication(
  { database, clock }: PeopleStore,
  tenantId: TenantId,
  manifest: unknown,
  displayName = 'Orders',
): Promise<TestApplication> {
  const at = clock.now();
  return await database.transaction(async (transaction) => {
    const made = await createApplication(transaction, { tenantId, displayName }, systemRandomness, at);
    const { clientId } = made;
    await transaction
      .updateTable('applications')
      .set({ manifest: JSON.stringify(applicationManifest.parse(manifest)) })
      .where('tenant_id', '=', tenantId)
      .where('client_id', '=', clientId)
      .execute();
    const { secret } = await createSecret(
      transaction,
      { tenantId, clientId, expiresAt: at + 86_400_000, at },
      systemRandomness,
    );
    await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
    return { tenantId, ...made, secret };
  });
}

/** An administrator lets an application act for everybody. */
export async function grantForAll(
  { database, clock }: PeopleStore,
  client: TestApplication,
  resource: { readonly appId: string } | { readonly principalId: string },
  scope: string,
): Promise<void> {
  const resourceId =
    'appId' in resource ? firstPartyPrincipal(client.tenantId, resource)?.principalId : resource.principalId;
  await database.transaction((transaction) =>
    transaction
      .insertInto('permission_grants')
      .values({
        grant_id: systemRandomness.uuid(),
        tenant_id: client.tenantId,
        client_principal_id: client.principalId,
        consent_type: 'AllPrincipals',
        user_id: null,
        resource_id: resourceId ?? '',
        scope,
        created_at: clock.now(),
      })
      .execute(),
  );
}

/** A code as the authorisation endpoint would give it out. */
export async function makeCode(
  { database, clock }: PeopleStore,
  person: TestPerson,
  clientId: ClientId,
  request: Partial<CodeRequest> = {},
): Promise<string> {
  const at = clock.now();
  const { tenantId, userId } = person;
  return await database.transaction((transaction) =>
    issueCode(
      transaction,
      {
        ...{ tenantId, userId, clientId, at },
        request: {
          redirectUri: 'http://localhost:1234',
          redirectKind: 'publicClient',
          scope: 'https://management.azure.com/.default openid profile offline_access',
          challenge: { method: 'S256', value: challengeOf(verifier) },
          methods: ['pwd'],
          signedInAt: at,
          ...request,
        },
      },
      systemRandomness,
    ),
  );
}

/** A PKCE verifier, and what is told of it beforehand. */
export const verifier = 'v'.repeat(43);
export function challengeOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

export const azureCli = guid<ClientId>('04b07795-8ddb-461a-bbee-02f9e1bf7b46');

/** The claims of a token, unverified. */
export function claimsOf(token: unknown): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString());
}
