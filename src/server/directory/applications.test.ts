import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testTenant } from '../../../test/support/sealer.ts';
import type { DomainError } from '../../foundation/domain-error.ts';
import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import type { Database } from '../storage/database.ts';
import { deleteApplication } from './application-deletion.ts';
import { selectApplication } from './application-store.ts';
import { checkSecret, createApplication, createSecret } from './applications.ts';
import { deleteSecret, selectClient, selectSecrets } from './client-store.ts';
import { deletePrincipal, insertPrincipal, selectPrincipal } from './directory-store.ts';

describe('an application', () => {
  let database: Database;
  let tenantId: TenantId;
  before(async () => {
    database = await testDatabase();
    tenantId = await testTenant(database);
  });
  after(() => database[Symbol.asyncDispose]());

  const at = 1_000_000;
  const create = () =>
    database.transaction((transaction) =>
      createApplication(transaction, { tenantId, displayName: 'app' }, systemRandomness, at),
    );
  const secretFor = (clientId: ClientId, expiresAt = at + 1000) =>
    database.transaction((transaction) =>
      createSecret(transaction, { tenantId, clientId, expiresAt, at }, systemRandomness),
    );
  const secretsOf = async (clientId: ClientId) =>
    (await selectClient(database.read, tenantId, clientId))?.secrets;

  test('is shown its secret once; what is kept does not hold it', async () => {
    const { clientId } = await create();
    const { secret } = await secretFor(clientId);
    assert.equal(secret.length, 43);
    const rows = await database.read.selectFrom('client_secrets').selectAll().execute();
    assert.ok(!JSON.stringify(rows, (_, value) => value).includes(secret));
    assert.equal(rows.find((row) => row.client_id === clientId)?.hint, secret.slice(0, 3));
  });

  test('may have several live secrets, each good by itself until its own end', async () => {
    const { clientId } = await create();
    const first = await secretFor(clientId, at + 10);
    const second = await secretFor(clientId, at + 20);
    const secrets = await secretsOf(clientId);
    assert.equal(checkSecret(secrets, first.secret, at), 'valid');
    assert.equal(checkSecret(secrets, second.secret, at), 'valid');
    assert.equal(checkSecret(secrets, first.secret, at + 10), 'expired');
    assert.equal(checkSecret(secrets, second.secret, at + 10), 'valid');
    assert.equal(checkSecret(secrets, `${second.secret} `, at), 'wrong');
    assert.equal(checkSecret(secrets, '', at), 'wrong');

    const removal = { tenantId, clientId, secretId: first.secretId, at };
    assert.equal(await database.transaction((tx) => deleteSecret(tx, removal)), true);
    assert.equal(await database.transaction((tx) => deleteSecret(tx, removal)), false);
    assert.equal(checkSecret(await secretsOf(clientId), first.secret, at), 'wrong');
  });

  test('that does not exist fails as a wrong secret does', () => {
    assert.equal(checkSecret(undefined, 'x', at), 'wrong');
    assert.equal(checkSecret([], 'x', at), 'wrong');
    // the stand-in hash is no secret's
    assert.equal(checkSecret(undefined, '', at), 'wrong');
  });

  test('is asked about every one of its secrets, whichever fits and whether one does (C13)', async () => {
    const { clientId } = await create();
    const made = [await secretFor(clientId), await secretFor(clientId), await secretFor(clientId, at - 1)];
    const secrets = (await secretsOf(clientId)) ?? [];
    for (const presented of [...made.map(({ secret }) => secret), 'guess', '', 'x'.repeat(10_000)]) {
      const looked: string[] = [];
      const watched = secrets.map((secret) => ({
        ...secret,
        get hash() {
          looked.push(secret.secretId);
          return secret.hash;
        },
      }));
      checkSecret(watched, presented, at);
      assert.deepEqual(
        looked,
        secrets.map(({ secretId }) => secretId),
      );
    }
  });

  test('has at most twenty secrets', async () => {
    const { clientId } = await create();
    for (let count = 0; count < 20; count += 1) await secretFor(clientId);
    await assert.rejects(secretFor(clientId), (error: DomainError) => error.kind === 'conflict');
  });

  test('is the only kind of principal that takes one', async () => {
    const clientId = guid<ClientId>(systemRandomness.uuid());
    const resource = '/subscriptions/s/resourcegroups/g/providers/p/t/vm';
    await database.transaction((transaction) =>
      insertPrincipal(transaction, {
        tenantId,
        clientId,
        principalId: guid<PrincipalId>(systemRandomness.uuid()),
        displayName: 'vm',
        principalType: 'ManagedIdentity',
        identity: {
          kind: 'SystemAssigned',
          resourceId: resource,
          resourceCanonical: resource as CanonicalId,
        },
        at,
      }),
    );
    for (const client of [clientId, guid<ClientId>(systemRandomness.uuid())]) {
      await assert.rejects(secretFor(client), (error: DomainError) => error.kind === 'not-found');
    }
  });

  test('goes with its secrets and principal, and followers of either of its names hear of it', async () => {
    const { clientId, principalId } = await create();
    await secretFor(clientId);
    const before = await database.read.selectFrom('change_log').select('seq').execute();
    const gone = await database.transaction((tx) => deleteApplication(tx, { tenantId, clientId, at }));
    assert.equal(gone?.clientId, clientId);
    assert.equal(await selectPrincipal(database.read, tenantId, principalId), undefined);
    assert.equal(await selectClient(database.read, tenantId, clientId), undefined);
    assert.equal(await selectApplication(database.read, tenantId, { clientId }), undefined);
    assert.deepEqual(await selectSecrets(database.read, tenantId, clientId), []);
    const changes = await database.read
      .selectFrom('change_log')
      .select(['kind', 'key'])
      .orderBy('seq')
      .offset(before.length)
      .limit(10)
      .execute();
    const heard = new Set(changes.map(({ kind, key }) => `${kind} ${key}`));
    assert.deepEqual(heard, new Set([`principal ${principalId}`, `client ${clientId}`]));
    const again = await database.transaction((tx) => deleteApplication(tx, { tenantId, clientId, at }));
    assert.equal(again, undefined);
  });

  test('keeps its own secrets where only its principal ends, and loses those the principal held', async () => {
    const { clientId, principalId } = await create();
    const own = await secretFor(clientId);
    await database.transaction((tx) =>
      createSecret(
        tx,
        { tenantId, clientId, holder: 'servicePrincipal', expiresAt: at + 10, at },
        systemRandomness,
      ),
    );
    await database.transaction((tx) => deletePrincipal(tx, { tenantId, principalId, at }));
    assert.equal(await selectClient(database.read, tenantId, clientId), undefined);
    const left = await selectSecrets(database.read, tenantId, clientId);
    assert.deepEqual(
      left.map(({ secretId }) => secretId),
      [own.secretId],
    );
  });

  test('may have a secret that is good later', async () => {
    const { clientId } = await create();
    const startsAt = at + 3_600_000;
    const { secret } = await database.transaction((tx) =>
      createSecret(tx, { tenantId, clientId, startsAt, expiresAt: startsAt + 10, at }, systemRandomness),
    );
    const secrets = await secretsOf(clientId);
    assert.equal(checkSecret(secrets, secret, at), 'wrong');
    assert.equal(checkSecret(secrets, secret, startsAt), 'valid');
    assert.equal(checkSecret(secrets, secret, startsAt + 10), 'expired');
  });

  test('of another tenant is out of reach', async () => {
    const { clientId, principalId } = await create();
    const other = await testTenant(database);
    assert.equal(await selectClient(database.read, other, clientId), undefined);
    assert.equal(await selectPrincipal(database.read, other, principalId), undefined);
    const gone = await database.transaction((tx) =>
      deletePrincipal(tx, { tenantId: other, principalId, at }),
    );
    assert.equal(gone, undefined);
    assert.ok(await selectPrincipal(database.read, tenantId, principalId));
  });
});
