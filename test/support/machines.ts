import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { proveKey, proverOf, publicHalf, thumbprintOf } from '../../src/agent/proofs.ts';
import type { ProvenRequest } from '../../src/client/agents-client.ts';
import { azureProfile, type CloudProfile } from '../../src/contract/cloud-profile.ts';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import type { Clock } from '../../src/foundation/clock.ts';
import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type SubscriptionId,
  type TenantId,
} from '../../src/foundation/ids.ts';
import { type Log, silentLog } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { insertPrincipal } from '../../src/server/directory/directory-store.ts';
import { createArmDialect } from '../../src/server/http/dialects/arm.ts';
import { createSurface } from '../../src/server/http/surface.ts';
import { issueJoinToken } from '../../src/server/machines/enrolment.ts';
import { registerAgents } from '../../src/server/machines/machine-routes.ts';
import { removeMachinesOf } from '../../src/server/machines/machine-store.ts';
import {
  attachIdentities,
  attachmentsOfEach,
  detachIdentities,
} from '../../src/server/managed-identities/attachments.ts';
import {
  removeIdentitiesOfResources,
  removeSystemAssigned,
} from '../../src/server/managed-identities/identity-end.ts';
import type { IdentityIds } from '../../src/server/managed-identities/identity-store.ts';
import { InstanceAuthorities } from '../../src/server/managed-identities/instance-authority.ts';
import { createSystemAssigned } from '../../src/server/managed-identities/system-assigned.ts';
import type { ChangeFollower } from '../../src/server/storage/change-log.ts';
import type { Database } from '../../src/server/storage/database.ts';
import type { TenantSealer } from '../../src/server/storage/sealed-column.ts';
import { TestClock } from './clock.ts';
import { testDatabase } from './database.ts';
import { testFollower } from './feed.ts';
import { testSealer, testTenant } from './sealer.ts';

/** A virtual machine in the database, with its own identity unless that was removed. */
export interface TestResource extends IdentityIds {
  readonly tenantId: TenantId;
  readonly resourceId: string;
  readonly resourceCanonical: CanonicalId;
}

/** The agents surface over a real database. */
export interface TestMachines extends AsyncDisposable {
  readonly clock: Clock;
  readonly database: Database;
  readonly follower: ChangeFollower;
  readonly sealer: TenantSealer;
  readonly tenantId: TenantId;
  readonly app: FastifyInstance;
  /** Origin of the agents surface. */
  readonly origin: string;
  /** Resolves when the next long poll has begun to wait; to be called before it is sent. */
  waiting(): Promise<void>;
  virtualMachine(name: string): Promise<TestResource>;
  /** A user-assigned identity, attached to the resource. */
  attach(resource: TestResource, name: string): Promise<IdentityIds & { readonly resourceId: string }>;
  detach(resource: TestResource, identityId: string): Promise<void>;
  /** Ends the resource's own identity; the resource stays. */
  removeIdentity(resource: TestResource): Promise<void>;
  /** Deletes the resource as the resource manager does: everything in one transaction. */
  remove(resource: TestResource): Promise<void>;
  joinToken(resource: TestResource): Promise<string>;
  host(kind?: 'ec' | 'rsa'): TestHost;
}

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** The code of the error envelope. */
  readonly code: string | undefined;
}

/** A host with a key of its own, speaking to the surface without a socket. */
export interface TestHost {
  readonly key: KeyObject;
  machineId: string | undefined;
  /** Makes the proof of a request, for who wants to send it himself. */
  prove(method: 'GET' | 'POST', path: string, body?: string): Promise<string>;
  enrol(joinToken: string): Promise<Answered>;
  call(method: 'GET' | 'POST', path: string, body?: unknown, options?: CallOptions): Promise<Answered>;
  /** Asks for a certificate with a fresh key, or the one given. */
  credential(clientId: string, options?: CallOptions & { readonly spki?: Buffer }): Promise<Answered>;
}

export interface CallOptions {
  /** Signs the proof instead of the host's own key. */
  readonly key?: KeyObject;
  readonly subject?: string;
  /** What the proof is made over, where it differs from what is sent. */
  readonly proven?: Partial<ProvenRequest>;
  /** The whole header. */
  readonly authorization?: string;
  readonly audience?: string;
  /** Time of the proof. */
  readonly clock?: Clock;
}

/** Who attaches in tests: nobody of the directory. */
const cause = { principalId: '00000000-0000-4000-8000-000000000000', tokenId: 'test' };

export async function testMachines(
  options: {
    readonly clock?: Clock;
    readonly log?: Log;
    readonly longPoll?: number;
    readonly profile?: CloudProfile;
  } = {},
): Promise<TestMachines> {
  const clock = options.clock ?? new TestClock();
  const log = options.log ?? silentLog;
  const profile = options.profile ?? azureProfile;
  const database = await testDatabase();
  const follower = await testFollower(database);
  const sealer = testSealer(database, clock);
  const tenantId = await testTenant(database);
  const subscriptionId = guid<SubscriptionId>(systemRandomness.uuid());
  const groupId = `/subscriptions/${subscriptionId}/resourceGroups/demo`;
  await database.transaction(async (transaction) => {
    const at = clock.now();
    await transaction
      .insertInto('subscriptions')
      .values({
        subscription_id: subscriptionId,
        tenant_id: tenantId,
        display_name: 'demo',
        state: 'Enabled',
        alias: null,
        created_at: at,
      })
      .execute();
    await transaction
      .insertInto('resource_groups')
      .values({
        canonical: groupId.toLowerCase(),
        tenant_id: tenantId,
        subscription_id: subscriptionId,
        name: 'demo',
        location: 'westeurope',
        tags: null,
        managed_by: null,
        provisioning_state: 'Succeeded',
        created_at: at,
      })
      .execute();
  });

  const origin = `https://${profile.agents}`;
  const waits: (() => void)[] = [];
  const app = createSurface({
    dialect: createArmDialect({ clock, randomness: systemRandomness }),
    log,
    randomness: systemRandomness,
  });
  registerAgents(app, {
    database,
    follower: {
      get position() {
        return follower.position;
      },
      nextChange(...question) {
        const change = follower.nextChange(...question);
        for (const resolve of waits.splice(0)) resolve();
        return change;
      },
    },
    authorities: new InstanceAuthorities({ sealer, randomness: systemRandomness }),
    clock,
    randomness: systemRandomness,
    log,
    origins: { agents: origin, login: `https://${profile.login}` },
    ...(options.longPoll === undefined ? {} : { longPoll: options.longPoll }),
  });

  const machines: TestMachines = {
    clock,
    database,
    follower,
    sealer,
    tenantId,
    app,
    origin,

    waiting: () => new Promise<void>((resolve) => waits.push(resolve)),

    async virtualMachine(name) {
      const resourceId = `${groupId}/providers/Microsoft.Compute/virtualMachines/${name}`;
      const resourceCanonical = canonicalId(parseScope(resourceId));
      const at = clock.now();
      return await database.transaction(async (transaction) => {
        await transaction
          .insertInto('resources')
          .values({
            canonical: resourceCanonical,
            tenant_id: tenantId,
            subscription_id: subscriptionId,
            group_canonical: groupId.toLowerCase(),
            resource_id: resourceId,
            type: 'Microsoft.Compute/virtualMachines',
            type_canonical: 'microsoft.compute/virtualmachines',
            name,
            location: 'westeurope',
            tags: JSON.stringify({ env: 'test' }),
            properties: JSON.stringify({ vmId: 'b5d2a4f0-1c6e-4f6e-9c3a-000000000001' }),
            extra: null,
            identity_type: 'SystemAssigned',
            provisioning_state: 'Succeeded',
            version: 1,
            created_at: at,
            created_by: 'test',
            changed_at: at,
            changed_by: 'test',
            global_name: null,
          })
          .execute();
        const ids = await createSystemAssigned(
          transaction,
          { tenantId, resourceId, resourceCanonical, displayName: name, at },
          systemRandomness,
        );
        return { ...ids, tenantId, resourceId, resourceCanonical };
      });
    },

    async attach({ resourceId: id, resourceCanonical }, name) {
      const resourceId = `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
      const identityCanonical = canonicalId(parseScope(resourceId));
      const at = clock.now();
      const ids = {
        principalId: guid<PrincipalId>(systemRandomness.uuid()),
        clientId: guid<ClientId>(systemRandomness.uuid()),
      };
      await database.transaction(async (transaction) => {
        await insertPrincipal(transaction, {
          ...ids,
          tenantId,
          displayName: name,
          principalType: 'ManagedIdentity',
          identity: { kind: 'UserAssigned', resourceId, resourceCanonical: identityCanonical },
          at,
        });
        const { principalId } = ids;
        await attachIdentities(transaction, { tenantId, resourceId: id, resourceCanonical, cause, at }, [
          { identityCanonical, identityId: resourceId, principalId },
        ]);
      });
      return { ...ids, resourceId };
    },

    async detach({ resourceId, resourceCanonical }, identityId) {
      await database.transaction(async (transaction) => {
        const attached = await attachmentsOfEach(transaction, tenantId, [resourceCanonical]);
        await detachIdentities(
          transaction,
          { tenantId, resourceId, resourceCanonical, cause, at: clock.now() },
          (attached.get(resourceCanonical) ?? []).filter(
            ({ identityCanonical }) => identityCanonical === canonicalId(parseScope(identityId)),
          ),
        );
      });
    },

    async removeIdentity({ resourceCanonical }) {
      await database.transaction((transaction) =>
        removeSystemAssigned(transaction, { tenantId, resourceCanonical, at: clock.now() }),
      );
    },

    async remove({ resourceCanonical }) {
      await database.transaction(async (transaction) => {
        const ending = { tenantId, resourceCanonicals: [resourceCanonical], at: clock.now() };
        await removeIdentitiesOfResources(transaction, ending);
        await removeMachinesOf(transaction, ending);
        await transaction
          .deleteFrom('resources')
          .where('tenant_id', '=', tenantId)
          .where('canonical', '=', resourceCanonical)
          .execute();
      });
    },

    async joinToken({ resourceId, resourceCanonical }) {
      const { joinToken } = await database.transaction((transaction) =>
        issueJoinToken(
          transaction,
          { tenantId, resourceId, resourceCanonical, at: clock.now() },
          systemRandomness,
        ),
      );
      return joinToken;
    },

    host: (kind = 'ec') => testHost(machines, kind),

    async [Symbol.asyncDispose]() {
      await app.close();
      await follower[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
  return machines;
}

function testHost({ app, origin, clock }: TestMachines, kind: 'ec' | 'rsa'): TestHost {
  const { privateKey: key } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });

  const host: TestHost = {
    key,
    machineId: undefined,

    prove: (method, path, body = '') =>
      proverOf(host.machineId ?? '', key, {
        audience: origin,
        serverClock: clock,
        randomness: systemRandomness,
      })({ method, url: `${origin}${path}`, body }),

    async enrol(joinToken) {
      const body = { joinToken, publicKey: publicHalf(key).toString('base64') };
      const answered = await host.call('POST', '/enrol', body, { subject: thumbprintOf(key) });
      if (answered.status === 201) host.machineId = String(answered.body['machineId']);
      return answered;
    },

    async call(method, path, body, options = {}) {
      const payload = body === undefined ? '' : JSON.stringify(body);
      const prove = proverOf(options.subject ?? host.machineId ?? '', options.key ?? key, {
        audience: options.audience ?? origin,
        serverClock: options.clock ?? clock,
        randomness: systemRandomness,
      });
      const url = `${origin}${path.replace(/\?.*$/s, '')}`;
      const authorization =
        options.authorization ?? (await prove({ method, url, body: payload, ...options.proven }));
      const response = await app.inject({
        method,
        url: path,
        headers: {
          host: new URL(origin).host,
          authorization,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { payload }),
      });
      const content = response.json() as Record<string, unknown>;
      const error = content['error'] as { readonly code?: string } | undefined;
      return { status: response.statusCode, body: content, code: error?.code };
    },

    async credential(clientId, options = {}) {
      const machineId = host.machineId ?? '';
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const sources = { audience: origin, serverClock: clock, randomness: systemRandomness };
      const proof = await proveKey(privateKey, { clientId, machineId }, sources);
      const publicKey = (options.spki ?? publicHalf(privateKey)).toString('base64');
      const body = { credentials: [{ clientId, publicKey, proof }] };
      return await host.call('POST', `/machines/${machineId}/credentials`, body, options);
    },
  };
  return host;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
