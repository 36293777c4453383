import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { proverOf, publicHalf } from '../../src/agent/proofs.ts';
import {
  type CanonicalId,
  type ClientId,
  guid,
  type MachineId,
  type TenantId,
} from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { SignInLog } from '../../src/server/audit/sign-in-log.ts';
import { createTenant } from '../../src/server/directory/tenants.ts';
import { enrol, issueJoinToken } from '../../src/server/machines/enrolment.ts';
import { parseMachineKey } from '../../src/server/machines/machine-key.ts';
import { MachineProofs } from '../../src/server/machines/machine-proof.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { redeemCode } from '../../src/server/tokens/authorization-codes.ts';
import { answerDeviceCode, issueDeviceCode, redeemDeviceCode } from '../../src/server/tokens/device-codes.ts';
import { readOpaque } from '../../src/server/tokens/opaque-token.ts';
import { issueRefreshToken, takeRefreshToken } from '../../src/server/tokens/refresh-tokens.ts';
import { TestClock } from '../support/clock.ts';
import { postgresStore, postgresUrl, sqliteStore } from '../support/database.ts';
import { sha256 } from '../support/machines.ts';
import { azureCli, makeCode, makePerson, type TestPerson } from '../support/people.ts';

const atOnce = 200;
const origin = 'https://agents.example.org';

const places = [
  { where: 'one server over SQLite', replicas: 1, rounds: 3, skip: false, store: sqliteStore },
  {
    where: 'three replicas over PostgreSQL',
    replicas: 3,
    rounds: 10,
    skip: postgresUrl === undefined && 'INNATE_TEST_POSTGRES names no server',
    store: () => postgresStore(postgresUrl ?? ''),
  },
] as const;

/** As many processes' worth of one database, and a person in it. */
async function world(place: (typeof places)[number]) {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await place.store());
  const replicas: Database[] = [];
  for (let index = 0; index < place.replicas; index += 1) replicas.push(await store.open());
  const [database] = replicas as [Database];
  const clock = new TestClock();
  const tenantId = guid<TenantId>(systemRandomness.uuid());
  await database.transaction((transaction) =>
    createTenant(transaction, { tenantId, displayName: 'T', defaultDomain: 'contoso.example' }, clock.now()),
  );
  const alice = await makePerson({ database, clock }, tenantId, 'alice@contoso.example');
  const parts = stack.move();
  return { replicas, database, clock, tenantId, alice, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** Redeems at the same time everywhere. @returns what came of each */
async function everywhere<T>(
  replicas: readonly Database[],
  redeem: (database: Database) => Promise<T>,
): Promise<readonly T[]> {
  return await Promise.all(
    Array.from({ length: atOnce }, (_, index) => redeem(replicas[index % replicas.length] as Database)),
  );
}

/** Whether something worked, where it throws if not. */
async function works(attempt: Promise<unknown>, code: string): Promise<boolean> {
  try {
    await attempt;
    return true;
  } catch (error) {
    assert.equal((error as { code?: string }).code, code, String(error));
    return false;
  }
}

for (const place of places) {
  describe(`of ${atOnce} redemptions at the same time one succeeds, on ${place.where} (T12)`, {
    skip: place.skip,
  }, () => {
    async function once(
      w: Awaited<ReturnType<typeof world>>,
      redeem: (database: Database) => Promise<boolean>,
    ) {
      const worked = (await everywhere(w.replicas, redeem)).filter((each) => each).length;
      assert.equal(worked, 1);
    }

    test('of a code', async () => {
      await using w = await world(place);
      for (let round = 0; round < place.rounds; round += 1) {
        const code = readOpaque('c', await makeCode(w, w.alice, azureCli));
        assert.ok(code);
        const redemption = { ...code, at: w.clock.now() };
        await once(w, (database) =>
          database.transaction(
            async (transaction) => (await redeemCode(transaction, redemption)) === 'redeemed',
          ),
        );
      }
    });

    test('of a device code', async () => {
      await using w = await world(place);
      for (let round = 0; round < place.rounds; round += 1) {
        const deviceCode = await approvedDevice(w.database, w.clock.now(), w.alice);
        await once(w, (database) =>
          database.transaction((transaction) => redeemDeviceCode(transaction, w.tenantId, deviceCode)),
        );
      }
    });

    test('of a device code’s user code: one answer counts, approval or not', async () => {
      await using w = await world(place);
      for (let round = 0; round < place.rounds; round += 1) {
        const { userCode } = await askedDevice(w.database, w.clock.now(), w.tenantId);
        let turn = 0;
        await once(w, (database) => {
          turn += 1;
          const approved = turn % 2 === 0;
          return database.transaction((transaction) =>
            answerDeviceCode(transaction, { ...answerOf(w.alice, w.clock.now()), userCode, approved }),
          );
        });
      }
    });

    test('of a host’s assertion (T11)', async () => {
      await using w = await world(place);
      const logs = new Map(w.replicas.map((database) => [database, new SignInLog(database)]));
      for (let round = 0; round < place.rounds; round += 1) {
        const jti = systemRandomness.uuid();
        const spending = {
          ...{ tenantId: w.tenantId, clientId: guid<ClientId>(azureCli), jti },
          ...{ expiresAt: w.clock.now() + 300_000, replay: { errorCode: 50012, failureReason: 'again' } },
        };
        await once(w, async (database) => {
          const outcome = await logs.get(database)?.record(signInOf(w.tenantId, w.clock.now()), spending);
          return outcome === 'recorded';
        });
      }
    });

    test('of a join token', async () => {
      await using w = await world(place);
      for (let round = 0; round < place.rounds; round += 1) {
        const { joinToken } = await w.database.transaction((transaction) =>
          issueJoinToken(transaction, resourceOf(w), systemRandomness),
        );
        await once(w, (database) =>
          works(
            database.transaction((transaction) =>
              enrol(transaction, { joinToken, key: freshKey().key, at: w.clock.now() }, systemRandomness),
            ),
            'InvalidJoinToken',
          ),
        );
      }
    });

    test('of a machine’s proof', async () => {
      await using w = await world(place);
      const { key, privateKey } = freshKey();
      const { joinToken } = await w.database.transaction((transaction) =>
        issueJoinToken(transaction, resourceOf(w), systemRandomness),
      );
      const { machineId } = await w.database.transaction((transaction) =>
        enrol(transaction, { joinToken, key, at: w.clock.now() }, systemRandomness),
      );
      const proofs = new Map(w.replicas.map((each) => [each, new MachineProofs(each, w.clock, origin)]));
      for (let round = 0; round < place.rounds; round += 1) {
        const request = await provenBy(machineId, privateKey, w.clock);
        await once(w, (database) =>
          works(
            proofs.get(database)?.machine(machineId, request) ?? Promise.reject(new Error('no')),
            'InvalidProof',
          ),
        );
      }
    });

    test('and of a refresh token as its rules say: all at once are one cache’s, none of a copy that comes later', async () => {
      await using w = await world(place);
      for (const binding of ['public', 'spa'] as const) {
        const { token, take } = await refreshToken(w, binding);
        const good = await everywhere(w.replicas, take);
        assert.deepEqual(new Set(good), new Set(['good']), binding);
        const next = await w.database.transaction((transaction) =>
          issueRefreshToken(transaction, { ...token, at: w.clock.now() }, systemRandomness),
        );
        w.clock.advance(120_001);
        const late = await everywhere(w.replicas, take);
        assert.ok(late.includes('reused') && !late.includes('good'), `${binding} ${[...new Set(late)]}`);
        const rest = { ...digestOf(next.text), at: w.clock.now() };
        const after = await w.database.transaction((transaction) => takeRefreshToken(transaction, rest));
        assert.equal(after, 'unknown', 'the whole line has ended');
      }
    });
  });
}

type World = Awaited<ReturnType<typeof world>>;

async function refreshToken(w: World, binding: 'public' | 'spa') {
  const facts = { binding, shared: false, scope: 'openid', methods: ['pwd'], signedInAt: w.clock.now() };
  const token = {
    ...{
      tenantId: w.tenantId,
      userId: w.alice.userId,
      clientId: azureCli,
      familyId: systemRandomness.uuid(),
      facts,
    },
  };
  const { text } = await w.database.transaction((transaction) =>
    issueRefreshToken(transaction, { ...token, at: w.clock.now() }, systemRandomness),
  );
  const key = digestOf(text);
  const take = (database: Database) =>
    database.transaction((transaction) => takeRefreshToken(transaction, { ...key, at: w.clock.now() }));
  return { token, take };
}

function digestOf(text: string) {
  const read = readOpaque('r', text);
  assert.ok(read);
  return read;
}

function freshKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, key: parseMachineKey(publicHalf(privateKey).toString('base64')) };
}

function resourceOf({ tenantId, clock }: World) {
  const resourceId = `/subscriptions/${tenantId}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm`;
  return {
    tenantId,
    resourceId,
    resourceCanonical: resourceId.toLowerCase() as CanonicalId,
    at: clock.now(),
  };
}

async function provenBy(
  machineId: MachineId,
  key: ReturnType<typeof freshKey>['privateKey'],
  clock: TestClock,
) {
  const path = `/machines/${machineId}/identities`;
  const prove = proverOf(machineId, key, {
    audience: origin,
    serverClock: clock,
    randomness: systemRandomness,
  });
  const authorization = await prove({ method: 'GET', url: `${origin}${path}`, body: '' });
  const bodyHash = Buffer.from(sha256(''), 'hex').toString('base64url');
  return { authorization, method: 'GET', path, bodyHash };
}

function signInOf(tenantId: TenantId, at: number) {
  return {
    ...{ signInId: systemRandomness.uuid(), tenantId, at, kind: 'managedIdentity' as const },
    ...{
      correlationId: systemRandomness.uuid(),
      errorCode: 0,
      address: '192.0.2.1',
      credential: 'managedIdentity' as const,
    },
  };
}

async function askedDevice(database: Database, at: number, tenantId: TenantId) {
  const request = { scope: 'openid', address: '192.0.2.1' };
  return await database.transaction((transaction) =>
    issueDeviceCode(transaction, { tenantId, clientId: azureCli, request, at }, systemRandomness),
  );
}

function answerOf({ tenantId, userId }: TestPerson, at: number) {
  return { tenantId, userId, approved: true, methods: ['pwd'], signedInAt: at, at };
}

async function approvedDevice(database: Database, at: number, person: TestPerson): Promise<string> {
  const { deviceCode, userCode } = await askedDevice(database, at, person.tenantId);
  const answer = { ...answerOf(person, at), userCode };
  assert.ok(await database.transaction((transaction) => answerDeviceCode(transaction, answer)));
  return deviceCode;
}
