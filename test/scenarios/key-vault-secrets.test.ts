import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Identity, type VaultWorld, vaultWorld } from '../support/vault-world.ts';

const origin = 'https://demo-kv.vault.azure.net';
const day = 86_400_000;

/** A world with the vault `demo-kv` and somebody who may do everything with its secrets. */
async function officer(properties: Readonly<Record<string, unknown>> = {}) {
  const world = await vaultWorld();
  const vault = await world.vault('demo-kv', { properties });
  const as = await world.identity();
  await world.grant(as, 'Key Vault Secrets Officer', vault);
  const ask = async (method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) => {
    const answer = await world.ask(body === undefined ? { method, path, as } : { method, path, as, body });
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() };
  };
  return { world, vault, as, ask, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

describe('a secret', () => {
  test('that is set can be read, by its version and without', async () => {
    await using at = await officer();
    const set = await at.ask('PUT', '/secrets/greeting', {
      value: 'hello',
      contentType: 'text/plain',
      tags: { team: 'a' },
      attributes: { nbf: 1, exp: 2_000_000_000 },
    });
    assert.equal(set.status, 200);
    assert.match(set.body.id, /^https:\/\/demo-kv\.vault\.azure\.net\/secrets\/greeting\/[0-9a-f]{32}$/);
    const now = Math.floor(at.world.clock.now() / 1000);
    assert.deepEqual(set.body, {
      value: 'hello',
      contentType: 'text/plain',
      id: set.body.id,
      attributes: {
        enabled: true,
        nbf: 1,
        exp: 2_000_000_000,
        created: now,
        updated: now,
        recoveryLevel: 'Recoverable+Purgeable',
        recoverableDays: 90,
      },
      tags: { team: 'a' },
    });
    const version = set.body.id.split('/').at(-1);
    for (const path of [
      '/secrets/greeting',
      '/secrets/greeting/',
      `/secrets/greeting/${version}`,
      '/secrets/GREETING/',
    ]) {
      assert.deepEqual(await at.ask('GET', path), set, path);
    }
  });

  test('may be empty, and holds up to 25,600 octets', async () => {
    await using at = await officer();
    assert.equal((await at.ask('PUT', '/secrets/empty', { value: '' })).status, 200);
    assert.equal((await at.ask('GET', '/secrets/empty/')).body.value, '');
    assert.equal((await at.ask('PUT', '/secrets/big', { value: 'x'.repeat(25_600) })).status, 200);
    for (const value of ['x'.repeat(25_601), 'ä'.repeat(12_801)]) {
      const refused = await at.ask('PUT', '/secrets/big', { value });
      assert.equal(refused.status, 400);
      assert.equal(refused.body.error.code, 'BadParameter');
      assert.ok(!JSON.stringify(refused.body).includes(value.slice(0, 20)));
    }
  });

  test('set again has a new version; the old one stays', async () => {
    await using at = await officer();
    const first = await at.ask('PUT', '/secrets/s', { value: 'one' });
    const second = await at.ask('PUT', '/secrets/S', { value: 'two' });
    assert.notEqual(first.body.id, second.body.id);
    assert.equal((await at.ask('GET', '/secrets/s/')).body.value, 'two');
    assert.equal((await at.ask('GET', new URL(first.body.id).pathname)).body.value, 'one');
    const versions = await at.ask('GET', '/secrets/s/versions');
    assert.deepEqual(
      versions.body.value.map((item: { id: string }) => item.id),
      [first.body.id, second.body.id],
    );
    assert.equal(versions.body.nextLink, null);
    assert.ok(versions.body.value.every((item: object) => !('value' in item)));
  });

  test('changes what is given of it and keeps the rest; the value is not told', async () => {
    await using at = await officer();
    const { body: set } = await at.ask('PUT', '/secrets/s', {
      value: 'one',
      contentType: 'a',
      tags: { t: '1' },
    });
    at.world.clock.advance(5000);
    const { status, body } = await at.ask('PATCH', '/secrets/s/', { attributes: { enabled: false } });
    assert.equal(status, 200);
    const { value, ...rest } = set;
    assert.deepEqual(body, {
      ...rest,
      attributes: { ...set.attributes, enabled: false, updated: set.attributes.updated + 5 },
    });
    const version = set.id.split('/').at(-1);
    const changed = await at.ask('PATCH', `/secrets/s/${version}`, {
      contentType: '',
      tags: {},
      attributes: { exp: 7 },
    });
    assert.equal(changed.body.contentType, '');
    assert.deepEqual(changed.body.tags, {});
    assert.equal(changed.body.attributes.exp, 7);
    assert.equal(changed.body.attributes.enabled, false);
  });

  test('that is disabled is not read, but listed and enabled again', async () => {
    await using at = await officer();
    await at.ask('PUT', '/secrets/s', { value: 'one', attributes: { enabled: false } });
    const { status, body } = await at.ask('GET', '/secrets/s/');
    assert.equal(status, 403);
    assert.deepEqual(body, {
      error: {
        code: 'Forbidden',
        message: 'Operation get is not allowed on a disabled secret.',
        innererror: { code: 'SecretDisabled' },
      },
    });
    assert.equal((await at.ask('GET', '/secrets')).body.value.length, 1);
    assert.equal((await at.ask('PATCH', '/secrets/s/', { attributes: { enabled: true } })).status, 200);
    assert.equal((await at.ask('GET', '/secrets/s/')).body.value, 'one');
  });

  test('that does not exist is told apart from nothing else', async () => {
    await using at = await officer();
    await at.ask('PUT', '/secrets/s', { value: 'one' });
    for (const path of ['/secrets/none/', `/secrets/s/${'0'.repeat(32)}`, '/secrets/s/latest']) {
      const { status, body } = await at.ask('GET', path);
      assert.equal(status, 404, path);
      assert.equal(body.error.code, 'SecretNotFound');
      assert.match(body.error.message, /^A secret with \(name\/id\) \S+ was not found in this key vault\./);
    }
    assert.deepEqual((await at.ask('GET', '/secrets/none/versions')).body, { value: [], nextLink: null });
  });

  test('lies in the database as nothing that can be read, and opens in its own place only', async () => {
    await using at = await officer();
    const canary = 'canary-2f6c1a';
    await at.ask('PUT', '/secrets/one', { value: canary });
    await at.ask('PUT', '/secrets/two', { value: 'other' });
    const read = at.world.database.read;
    const rows = await read.selectFrom('vault_secret_versions').selectAll().orderBy('sequence').execute();
    assert.ok(rows.every((row) => !Buffer.from(row.value_sealed).includes(canary)));
    await at.world.database.transaction((tx) =>
      tx
        .updateTable('vault_secret_versions')
        .set({ value_sealed: rows[0]?.value_sealed ?? new Uint8Array() })
        .where('name_canonical', '=', 'two')
        .execute(),
    );
    const { status, body } = await at.ask('GET', '/secrets/two/');
    assert.equal(status, 500);
    assert.ok(!JSON.stringify(body).includes(canary));
  });
});

describe('lists of secrets', () => {
  test('come in pages whose links work as they stand, by the host and port that the client used', async () => {
    await using at = await officer();
    const names = Array.from({ length: 7 }, (_, index) => `s${index}`);
    for (const name of names) await at.ask('PUT', `/secrets/${name}`, { value: 'x' });
    const seen: string[] = [];
    let link: string | null =
      'https://demo-kv.vault.azure.net:8443/secrets?api-version=2025-07-01&maxresults=3';
    for (let pages = 0; link !== null; pages += 1) {
      assert.ok(pages < 4);
      const { host, pathname, search }: URL = new URL(link);
      assert.equal(host, 'demo-kv.vault.azure.net:8443');
      const answer = await at.world.ask({ method: 'GET', path: `${pathname}${search}`, host, as: at.as });
      const body = answer.json() as { value: { id: string }[]; nextLink: string | null };
      seen.push(...body.value.map(({ id }) => id));
      link = body.nextLink;
    }
    assert.deepEqual(
      seen,
      names.map((name) => `https://demo-kv.vault.azure.net:8443/secrets/${name}`),
    );
  });

  test('hold 25 at most, and versions are paged alike', async () => {
    await using at = await officer();
    for (let index = 0; index < 27; index += 1) await at.ask('PUT', '/secrets/s', { value: String(index) });
    const first = (await at.ask('GET', '/secrets/s/versions')).body;
    assert.equal(first.value.length, 25);
    const { pathname, search } = new URL(first.nextLink);
    const second = (await at.ask('GET', `${pathname}${search}`)).body;
    assert.equal(second.value.length, 2);
    assert.equal(second.nextLink, null);
  });

  test('refuse a page size or a place that is none', async () => {
    await using at = await officer();
    const token = Buffer.from("x' or 1=1").toString('base64url');
    for (const query of [
      'maxresults=0',
      'maxresults=26',
      'maxresults=x',
      'maxresults=1&maxresults=2',
      `$skiptoken=${token}`,
      '$skiptoken=%00',
    ]) {
      const { status, body } = await at.ask('GET', `/secrets?${query}`);
      assert.equal(status, 400, query);
      assert.equal(body.error.code, 'BadParameter');
    }
  });
});

describe('a deleted secret', () => {
  test('is gone from lists and reads, keeps its name, and comes back with its versions', async () => {
    await using at = await officer({ softDeleteRetentionInDays: 7 });
    const first = (await at.ask('PUT', '/secrets/s', { value: 'one' })).body;
    await at.ask('PUT', '/secrets/s', { value: 'two' });
    const { status, body } = await at.ask('DELETE', '/secrets/s');
    assert.equal(status, 200);
    const now = Math.floor(at.world.clock.now() / 1000);
    assert.equal(body.recoveryId, `${origin}/deletedsecrets/s`);
    assert.equal(body.deletedDate, now);
    assert.equal(body.scheduledPurgeDate, now + 7 * 86_400);
    assert.equal(body.attributes.recoveryLevel, 'CustomizedRecoverable+Purgeable');
    assert.ok(!('value' in body));

    assert.equal((await at.ask('GET', '/secrets/s/')).status, 404);
    assert.deepEqual((await at.ask('GET', '/secrets')).body.value, []);
    assert.deepEqual((await at.ask('GET', '/secrets/s/versions')).body.value, []);
    assert.deepEqual((await at.ask('GET', '/deletedsecrets/s')).body, body);
    const listed = (await at.ask('GET', '/deletedsecrets')).body.value;
    assert.equal(listed[0].id, `${origin}/secrets/s`);
    assert.equal(listed[0].recoveryId, body.recoveryId);
    const taken = await at.ask('PUT', '/secrets/s', { value: 'three' });
    assert.equal(taken.status, 409);
    assert.equal(taken.body.error.innererror.code, 'ObjectIsDeletedButRecoverable');

    const recovered = await at.ask('POST', '/deletedsecrets/s/recover');
    assert.equal(recovered.status, 200);
    assert.equal((await at.ask('GET', '/secrets/s/')).body.value, 'two');
    assert.equal((await at.ask('GET', new URL(first.id).pathname)).body.value, 'one');
    assert.equal((await at.ask('GET', '/deletedsecrets/s')).status, 404);
    assert.equal((await at.ask('POST', '/deletedsecrets/s/recover')).status, 404);
  });

  test('is purged for good, and its name is free', async () => {
    await using at = await officer();
    await at.ask('PUT', '/secrets/s', { value: 'one' });
    assert.equal((await at.ask('DELETE', '/deletedsecrets/s')).status, 404, 'not while it is live');
    await at.ask('DELETE', '/secrets/s');
    assert.deepEqual(await at.ask('DELETE', '/deletedsecrets/s'), { status: 204, body: undefined });
    assert.deepEqual(
      await at.world.database.read.selectFrom('vault_secret_versions').selectAll().execute(),
      [],
    );
    const again = await at.ask('PUT', '/secrets/s', { value: 'two' });
    assert.equal(again.status, 200);
    assert.equal((await at.ask('GET', '/secrets/s/versions')).body.value.length, 1);
  });

  test('is not purged where the vault protects from it', async () => {
    await using at = await officer({ enablePurgeProtection: true });
    await at.ask('PUT', '/secrets/s', { value: 'one' });
    const deleted = await at.ask('DELETE', '/secrets/s');
    assert.equal(deleted.body.attributes.recoveryLevel, 'Recoverable');
    const { status, body } = await at.ask('DELETE', '/deletedsecrets/s');
    assert.equal(status, 403);
    assert.match(body.error.message, /^Operation "purge" is not allowed because purge protection is enabled/);
    assert.equal((await at.ask('POST', '/deletedsecrets/s/recover')).status, 200);
  });

  test('is as good as purged once its time is up', async () => {
    await using at = await officer({ softDeleteRetentionInDays: 7, enablePurgeProtection: true });
    await at.ask('PUT', '/secrets/s', { value: 'one' });
    await at.ask('DELETE', '/secrets/s');
    at.world.clock.advance(7 * day);
    assert.equal((await at.ask('GET', '/deletedsecrets/s')).status, 404);
    assert.deepEqual((await at.ask('GET', '/deletedsecrets')).body.value, []);
    assert.equal((await at.ask('POST', '/deletedsecrets/s/recover')).status, 404);
    assert.equal((await at.ask('PUT', '/secrets/s', { value: 'two' })).status, 200);
    assert.equal((await at.ask('GET', '/secrets/s/versions')).body.value.length, 1);
  });
});

describe('vaults', () => {
  const secretOf = async (world: VaultWorld, as: Identity, host: string) =>
    await world.ask({ method: 'GET', path: '/secrets/s/', host, as });

  test('keep their secrets apart', async () => {
    await using at = await officer();
    await at.world.grant(at.as, 'Key Vault Secrets Officer', await at.world.vault('other-kv'));
    await at.ask('PUT', '/secrets/s', { value: 'one' });
    assert.equal((await secretOf(at.world, at.as, 'other-kv.vault.azure.net')).statusCode, 404);
    assert.equal((await secretOf(at.world, at.as, 'DEMO-KV.vault.azure.net')).statusCode, 200);
  });

  test('that are deleted answer no more, and take their secrets with them', async () => {
    await using at = await officer();
    await at.ask('PUT', '/secrets/s', { value: 'one' });
    assert.equal((await at.ask('GET', '/secrets/s/')).status, 200);
    await at.world.deleteVault('demo-kv');
    const { status, body } = await at.ask('GET', '/secrets/s/');
    assert.equal(status, 404);
    assert.equal(body.error.code, 'VaultNotFound');
    await at.world.vault('demo-kv');
    assert.equal((await at.ask('GET', '/secrets/s/')).body.error.code, 'SecretNotFound');
  });
});
