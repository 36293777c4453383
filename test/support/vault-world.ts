import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { azureProfile, type CloudProfile } from '../../src/contract/cloud-profile.ts';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../src/foundation/ids.ts';
import type { Log, LogFields } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { createAuthorizer } from '../../src/server/authorization/evaluate.ts';
import { deleteRoleAssignment } from '../../src/server/authorization/role-assignment-removal.ts';
import { createOrUpdateRoleAssignment } from '../../src/server/authorization/role-assignments.ts';
import { findRoleDefinitionByName } from '../../src/server/authorization/role-definitions.ts';
import { Directory } from '../../src/server/directory/directory.ts';
import { deletePrincipal, insertPrincipal } from '../../src/server/directory/directory-store.ts';
import { type Caller, TokenRejected, type TokenVerifier } from '../../src/server/http/bearer.ts';
import { keyVaultDialect } from '../../src/server/http/dialects/key-vault.ts';
import { createSurface } from '../../src/server/http/surface.ts';
import { recordChange } from '../../src/server/storage/change-log.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { registerKeyVault } from '../../src/server/targets/key-vault/key-vault.ts';
import { removeVaultContents } from '../../src/server/targets/key-vault/secrets.ts';
import { TestClock } from './clock.ts';
import { testDatabase } from './database.ts';
import { testFollower } from './feed.ts';
import { testSealer, testTenant } from './sealer.ts';

/** What a token of the fake token service says; there is no signature. */
export interface FakeClaims {
  readonly tenantId: TenantId;
  readonly principalId: PrincipalId;
  readonly clientId: ClientId;
  readonly audience: string;
}

/** A token in the form of a compact JWS, which only `FakeVerifier` believes. */
export function fakeToken(claims: FakeClaims): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'fake' })}.${encode(claims)}.fake`;
}

/** Takes the token service's place at the edge: it believes what a token says, if its principal stands. */
class FakeVerifier implements TokenVerifier {
  readonly #directory: Directory;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  async verify(token: string, audiences: readonly string[]): Promise<Caller> {
    const claims = read(token);
    if (claims === undefined) throw new TokenRejected('signature', 'not ours');
    const { tenantId, principalId, clientId, audience } = claims;
    if (!audiences.includes(audience.replace(/\/$/, ''))) {
      throw new TokenRejected('audience', 'another audience', { found: audience });
    }
    const principal = await this.#directory.principal(tenantId, principalId);
    if (principal?.enabled !== true) throw new TokenRejected('revoked', 'the principal is gone');
    return {
      tenantId,
      principalId,
      clientId,
      principalType: principal.principalType,
      issuer: `https://sts.windows.net/${tenantId}/`,
      audience,
      tokenId: 'uti',
      issuedAt: 0,
      expiresAt: 0,
    } as unknown as Caller;
  }
}

function read(token: string): FakeClaims | undefined {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as FakeClaims;
  } catch {
    return undefined;
  }
}

export interface Identity {
  readonly tenantId: TenantId;
  readonly principalId: PrincipalId;
  readonly clientId: ClientId;
}

export interface VaultOptions {
  readonly tenantId?: TenantId;
  readonly properties?: Readonly<Record<string, unknown>>;
}

const group = '/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/Demo';

/** Key Vault's surface over a real database, with a fake token service. `await using world = await vaultWorld()` */
export interface VaultWorld extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly clock: TestClock;
  readonly tenantId: TenantId;
  /** Every route that is registered. */
  readonly routes: readonly { readonly method: string; readonly url: string }[];
  /** Everything logged so far. */
  readonly lines: readonly LogFields[];
  /** Makes a vault `name` and returns its ARM id. */
  vault(name: string, options?: VaultOptions): Promise<string>;
  deleteVault(name: string): Promise<void>;
  identity(tenantId?: TenantId): Promise<Identity>;
  deleteIdentity(identity: Identity): Promise<void>;
  tenant(): Promise<TenantId>;
  /** Assigns a role at a scope and returns the assignment's name. */
  grant(identity: Identity, role: string, scope: string): Promise<string>;
  revoke(tenantId: TenantId, scope: string, name: string): Promise<void>;
  /** A request to `https://<host>`, with the identity's token where one is given. */
  ask(request: VaultRequest): Promise<LightMyRequestResponse>;
}

export interface VaultRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** With the query; `api-version` is added where there is none. */
  readonly path: string;
  readonly as?: Identity;
  readonly body?: unknown;
  readonly host?: string;
  readonly audience?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function vaultWorld(profile: CloudProfile = azureProfile): Promise<VaultWorld> {
  const database = await testDatabase();
  const follower = await testFollower(database);
  const clock = new TestClock();
  const tenantId = await testTenant(database);
  const directory = new Directory(database, follower);
  const lines: LogFields[] = [];
  const write = (fields: LogFields) => void lines.push(fields);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const app = createSurface({ dialect: keyVaultDialect, log, randomness: systemRandomness });
  const routes: { readonly method: string; readonly url: string }[] = [];
  app.addHook('onRoute', ({ method, url }) => void routes.push({ method: String(method), url }));
  registerKeyVault(app, {
    profile,
    loginOrigin: `https://${profile.login}`,
    database,
    follower,
    sealer: testSealer(database),
    clock,
    randomness: systemRandomness,
    log,
    verifier: new FakeVerifier(directory),
    authorizer: createAuthorizer({ database, follower, principals: directory }),
  });
  await app.ready();

  const idOf = (name: string) => `${group}/providers/Microsoft.KeyVault/vaults/${name}`;
  const canonicalOf = (name: string) => canonicalId(parseScope(idOf(name)));

  return {
    app,
    database,
    clock,
    tenantId,
    lines,
    routes,
    tenant: () => testTenant(database),

    async vault(name, { tenantId: owner = tenantId, properties = {} } = {}) {
      const at = clock.now();
      const subscription = group.split('/')[2] ?? '';
      const common = { tenant_id: owner, subscription_id: subscription, location: 'West Europe', tags: null };
      const once = { created_at: at, provisioning_state: 'Succeeded' };
      await database.transaction(async (tx) => {
        await tx
          .insertInto('subscriptions')
          .values({
            subscription_id: subscription,
            tenant_id: owner,
            display_name: 'demo',
            state: 'Enabled',
            alias: null,
            created_at: at,
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        await tx
          .insertInto('resource_groups')
          .values({
            ...common,
            ...once,
            canonical: canonicalId(parseScope(group)),
            name: 'Demo',
            managed_by: null,
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        await tx
          .insertInto('resources')
          .values({
            ...common,
            ...once,
            canonical: canonicalOf(name),
            group_canonical: canonicalId(parseScope(group)),
            resource_id: idOf(name),
            type: 'Microsoft.KeyVault/vaults',
            type_canonical: 'microsoft.keyvault/vaults',
            name,
            properties: JSON.stringify({ enableRbacAuthorization: true, ...properties }),
            extra: null,
            identity_type: null,
            version: 1,
            created_by: 'test',
            changed_at: at,
            changed_by: 'test',
            global_name: name.toLowerCase(),
          })
          .execute();
        await recordChange(tx, { tenantId: owner, kind: 'resource', key: canonicalOf(name), at });
      });
      return idOf(name);
    },

    async deleteVault(name) {
      const resourceCanonical = canonicalOf(name);
      const at = clock.now();
      await database.transaction(async (tx) => {
        await removeVaultContents(tx, { tenantId, resourceCanonicals: [resourceCanonical] });
        await tx.deleteFrom('resources').where('canonical', '=', resourceCanonical).execute();
        await recordChange(tx, { tenantId, kind: 'resource', key: resourceCanonical, at });
      });
    },

    async identity(owner = tenantId) {
      const principalId = guid<PrincipalId>(systemRandomness.uuid());
      const clientId = guid<ClientId>(systemRandomness.uuid());
      const identity = { tenantId: owner, principalId, clientId };
      await database.transaction((tx) =>
        insertPrincipal(tx, { ...identity, displayName: 'p', principalType: 'Application', at: clock.now() }),
      );
      return identity;
    },

    async deleteIdentity({ tenantId: owner, principalId }) {
      await database.transaction((tx) =>
        deletePrincipal(tx, { tenantId: owner, principalId, at: clock.now() }),
      );
    },

    async grant(identity, role, scope) {
      const name = systemRandomness.uuid();
      await database.transaction((tx) =>
        createOrUpdateRoleAssignment(tx, {
          ...identity,
          scope: parseScope(scope),
          name,
          roleDefinitionId: findRoleDefinitionByName(role)?.id ?? role,
          by: identity.principalId,
          at: clock.now(),
        }),
      );
      return name;
    },

    async revoke(owner, scope, name) {
      await database.transaction((tx) =>
        deleteRoleAssignment(tx, { tenantId: owner, scope: parseScope(scope), name, at: clock.now() }),
      );
    },

    async ask({ method, path, as, body, host = 'demo-kv.vault.azure.net', audience, headers = {} }) {
      const url = /[?&]api/.test(path) ? path : `${path}${path.includes('?') ? '&' : '?'}api-version=7.4`;
      const token = as && fakeToken({ ...as, audience: audience ?? `https://${profile.vaultSuffix}` });
      return await app.inject({
        method,
        url,
        headers: {
          host,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    },

    async [Symbol.asyncDispose]() {
      await app.close();
      await follower[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
