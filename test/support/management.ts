import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { azureProfile, type CloudProfile } from '../../src/contract/cloud-profile.ts';
import { parseScope } from '../../src/contract/resource-id.ts';
import {
  type ClientId,
  guid,
  type PrincipalId,
  type SubscriptionId,
  type TenantId,
} from '../../src/foundation/ids.ts';
import { type Log, silentLog } from '../../src/foundation/log.ts';
import { type Randomness, systemRandomness } from '../../src/foundation/randomness.ts';
import { createAuthorizer } from '../../src/server/authorization/evaluate.ts';
import { createOrUpdateRoleAssignment } from '../../src/server/authorization/role-assignments.ts';
import { findRoleDefinitionByName } from '../../src/server/authorization/role-definitions.ts';
import { createApplication } from '../../src/server/directory/applications.ts';
import { Directory } from '../../src/server/directory/directory.ts';
import { createTenant } from '../../src/server/directory/tenants.ts';
import {
  type Caller,
  type CallerFacts,
  type CallerResumption,
  TokenRejected,
  type TokenVerifier,
} from '../../src/server/http/bearer.ts';
import { createArmDialect } from '../../src/server/http/dialects/arm.ts';
import { createSurface } from '../../src/server/http/surface.ts';
import { issueJoinToken } from '../../src/server/machines/enrolment.ts';
import { createProviders, furtherTypes } from '../../src/server/providers/registry.ts';
import { resourceEndings } from '../../src/server/resource-endings.ts';
import { AsyncOperations } from '../../src/server/resource-manager/async-operations.ts';
import type { DeletionParticipant } from '../../src/server/resource-manager/deletion.ts';
import { defineGroupDeletion } from '../../src/server/resource-manager/group-deletion.ts';
import type { Dispatch, InnerRequest } from '../../src/server/resource-manager/inner-request.ts';
import type { ResourceType } from '../../src/server/resource-manager/provider.ts';
import { ResourceSecrets } from '../../src/server/resource-manager/resource-secrets.ts';
import { registerResourceManager } from '../../src/server/resource-manager/router.ts';
import { insertSubscription } from '../../src/server/resource-manager/subscription-store.ts';
import type { TrackedDependencies } from '../../src/server/resource-manager/tracked-type.ts';
import { resourceMovers } from '../../src/server/resource-movers.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { Secrets } from '../../src/server/targets/key-vault/secrets.ts';
import { KeyKeeper } from '../../src/server/tokens/key-keeper.ts';
import { createSigner } from '../../src/server/tokens/signer.ts';
import { TestClock } from './clock.ts';
import { testDatabase } from './database.ts';
import { testFollower } from './feed.ts';
import { testSealer } from './sealer.ts';

/** A principal with the token it shows. */
export interface TestPrincipal {
  readonly tenantId: TenantId;
  readonly principalId: PrincipalId;
  readonly clientId: ClientId;
  readonly token: string;
}

export interface TestTenant {
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
  /** Owner of everything in the tenant. */
  readonly owner: TestPrincipal;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
export type Body = any;

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Body;
  readonly text: string;
}

export interface Ask {
  /** Undefined for nobody. */
  readonly as?: TestPrincipal | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Tokens by their text; the one thing about them that a test needs. */
export class MemoryVerifier implements TokenVerifier, CallerResumption {
  readonly #callers = new Map<string, Caller>();

  issue(
    caller: Omit<TestPrincipal, 'token'>,
    principalType: Caller['principalType'] = 'Application',
  ): string {
    const token = `header.${caller.principalId.replaceAll('-', '')}.signature${this.#callers.size}`;
    this.#callers.set(token, {
      ...caller,
      principalType,
      issuer: `https://sts.windows.net/${caller.tenantId}/`,
      audience: 'https://management.azure.com',
      tokenId: token,
      issuedAt: 0,
      expiresAt: 0,
    } as unknown as Caller);
    return token;
  }

  async verify(token: string): Promise<Caller> {
    const caller = this.#callers.get(token);
    if (caller === undefined) throw new TokenRejected('signature', 'unknown token');
    return caller;
  }

  /** Principals that are not accepted any more. */
  readonly gone = new Set<string>();

  async resume(facts: CallerFacts): Promise<Caller> {
    if (this.gone.has(facts.principalId)) throw new TokenRejected('revoked', 'the principal is gone');
    return facts as Caller;
  }
}

/** The management surface over a real database and the real rights, behind a real socket; only tokens are made up. */
export interface TestManagement extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly port: number;
  readonly database: Database;
  readonly clock: TestClock;
  readonly operations: AsyncOperations;
  /** What another process on the same database would be made of. */
  readonly sources: { readonly clock: TestClock; readonly randomness: Randomness; readonly log: Log };
  /** Gives the operations of another process the work of this one. */
  defineDeletion(operations: AsyncOperations): void;
  readonly types: readonly ResourceType[];
  /** Requests that came through no socket. */
  readonly dispatch: Dispatch;
  readonly verifier: MemoryVerifier;
  readonly home: TestTenant;
  /** Another tenant of the same deployment. */
  readonly foreign: TestTenant;
  ask(method: string, path: string, ask?: Ask): Promise<Reply>;
  /** An application of the tenant without any right. */
  application(tenant: TestTenant, name: string): Promise<TestPrincipal>;
  assign(
    tenant: TestTenant,
    to: { readonly principalId: string },
    role: string,
    scope: string,
  ): Promise<void>;
}

export interface TestManagementOptions {
  readonly database?: Database;
  readonly profile?: CloudProfile;
  /** Called with each deletion, after the real participants, in the same transaction. */
  readonly participant?: DeletionParticipant;
  /** Types that are served beside the real ones. */
  readonly types?: (dependencies: TrackedDependencies) => readonly ResourceType[];
}

export async function testManagement(options: TestManagementOptions = {}): Promise<TestManagement> {
  await using parts = new AsyncDisposableStack();
  const profile = options.profile ?? azureProfile;
  const database = options.database ?? parts.use(await testDatabase());
  const clock = new TestClock();
  const randomness = systemRandomness;
  const follower = parts.use(await testFollower(database));
  const directory = new Directory(database, follower);
  const authorizer = createAuthorizer({ database, follower, principals: directory });
  const verifier = new MemoryVerifier();
  const operations = parts.use(new AsyncOperations({ database, clock, randomness, log: silentLog }));
  const participants = [
    ...resourceEndings,
    ...(options.participant === undefined ? [] : [options.participant]),
  ];
  defineGroupDeletion({ database, operations, participants });
  const sealer = testSealer(database, clock);
  const secrets = new Secrets({ database, sealer, clock, randomness });
  const signer = createSigner({ database, sealer, clock, randomness }, 1);
  const keeper = new KeyKeeper({ database, signer, clock, log: silentLog });
  const origins = {
    login: `https://${profile.login}`,
    management: `https://${profile.management}`,
    graph: `https://${profile.graph}`,
  };
  let dispatch: Dispatch | undefined;
  const later: Dispatch = Object.assign((request: InnerRequest) => (dispatch as Dispatch)(request), {
    admit: (request: InnerRequest) => (dispatch as Dispatch).admit(request),
  });
  const dependencies: TrackedDependencies = { database, participants, operations, randomness };
  const served = createProviders({
    ...dependencies,
    secrets: new ResourceSecrets(sealer),
    dispatch: later,
    callers: verifier,
    readSecret: async (vault, name, version) => (await secrets.get(vault, name, version)).value,
    sealer,
    clock,
    movers: resourceMovers(sealer),
    keeper,
    log: silentLog,
    profile,
    origins,
    vaultUri: (name) => `https://${name}.${profile.vaultSuffix}/`,
    issueJoinToken: (transaction, resource) => issueJoinToken(transaction, resource, randomness),
  });
  const types = [...served, ...(options.types?.(dependencies) ?? [])];
  const app = createSurface({ dialect: createArmDialect({ clock, randomness }), log: silentLog, randomness });
  const typesWith = (given: Dispatch) => {
    dispatch = given;
    return types;
  };
  registerResourceManager(app, {
    ...{ types: typesWith, database, authorizer, verifier, clock, profile, origins },
    further: (own) => furtherTypes(dependencies, own),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  parts.defer(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const agent = new http.Agent({ keepAlive: true });
  parts.defer(() => agent.destroy());

  const application = async (tenantId: TenantId, displayName: string): Promise<TestPrincipal> => {
    const ids = await database.transaction((transaction) =>
      createApplication(transaction, { tenantId, displayName }, randomness, clock.now()),
    );
    const principal = { tenantId, ...ids };
    return { ...principal, token: verifier.issue(principal) };
  };
  const assign = async (
    tenantId: TenantId,
    by: PrincipalId,
    to: PrincipalId,
    role: string,
    scope: string,
  ): Promise<void> => {
    const definition = findRoleDefinitionByName(role);
    if (definition === undefined) throw new TypeError(`no role is called ${role}`);
    await database.transaction((transaction) =>
      createOrUpdateRoleAssignment(transaction, {
        tenantId,
        scope: parseScope(scope),
        name: randomness.uuid(),
        roleDefinitionId: definition.id,
        principalId: to,
        by,
        at: clock.now(),
      }),
    );
  };
  const tenant = async (name: string): Promise<TestTenant> => {
    const tenantId = guid<TenantId>(randomness.uuid());
    const subscriptionId = guid<SubscriptionId>(randomness.uuid());
    await database.transaction(async (transaction) => {
      await createTenant(
        transaction,
        { tenantId, displayName: name, defaultDomain: `${tenantId}.example.test` },
        clock.now(),
      );
      await sealer.createTenantKey(transaction, tenantId);
      await insertSubscription(transaction, { subscriptionId, tenantId, displayName: name, at: clock.now() });
    });
    const owner = await application(tenantId, `${name} owner`);
    await assign(tenantId, owner.principalId, owner.principalId, 'Owner', '/');
    return { tenantId, subscriptionId, owner };
  };

  const ask = (method: string, path: string, { as, body, headers = {} }: Ask = {}): Promise<Reply> =>
    send({ port, agent, method, path }, body, {
      host: profile.management,
      ...(as === undefined ? {} : { authorization: `Bearer ${as.token}` }),
      ...headers,
    });

  const home = await tenant('home');
  const foreign = await tenant('foreign');
  const all = parts.move();
  return {
    app,
    port,
    database,
    clock,
    operations,
    sources: { clock, randomness, log: silentLog },
    defineDeletion: (other) => defineGroupDeletion({ database, operations: other, participants }),
    types,
    get dispatch() {
      return dispatch as Dispatch;
    },
    verifier,
    home,
    foreign,
    ask,
    application: ({ tenantId }, name) => application(tenantId, name),
    assign: ({ tenantId, owner }, to, role, scope) =>
      assign(tenantId, owner.principalId, guid<PrincipalId>(to.principalId), role, scope),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function send(
  target: { port: number; agent: http.Agent; method: string; path: string },
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const request = http.request({
    ...target,
    host: '127.0.0.1',
    headers: {
      ...(payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
      ...headers,
    },
  });
  request.end(payload);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    body: /json/.test(response.headers['content-type'] ?? '') && text !== '' ? JSON.parse(text) : undefined,
  };
}
