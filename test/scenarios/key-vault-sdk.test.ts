import assert from 'node:assert/strict';
import https from 'node:https';
import { describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { SecretClient } from '@azure/keyvault-secrets';
import { azureProfile, certificateNames } from '../../src/contract/cloud-profile.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createAuthority, issueLeaf } from '../../src/server/certificate-authority.ts';
import { listen } from '../../src/server/surfaces.ts';
import { openTunnel } from '../support/tunnel.ts';
import { fakeToken, type Identity, type VaultWorld, vaultWorld } from '../support/vault-world.ts';

const names = certificateNames(azureProfile);
const authority = await createAuthority(names, systemClock);
const tls = await issueLeaf(authority, names, systemClock);
// What NODE_EXTRA_CA_CERTS does for a program that is started with it.
setDefaultCACertificates([...getCACertificates(), authority.certificate]);

/** What the token service does for a client, without one: a token for whatever resource the challenge named. */
function credentialOf(identity: Identity) {
  const asked: { scopes: string | string[]; tenantId: string | undefined }[] = [];
  return {
    asked,
    async getToken(scopes: string | string[], options?: { readonly tenantId?: string }) {
      asked.push({ scopes, tenantId: options?.tenantId });
      const audience = String(scopes).replace(/\/\.default$/, '');
      return {
        token: fakeToken({ ...identity, audience }),
        expiresOnTimestamp: systemClock.now() + 3_600_000,
      };
    },
  };
}

/** The vault surface behind a real TLS listener, reached by its real name. */
async function served() {
  const world = await vaultWorld();
  const { app } = world;
  const apps = {
    login: app,
    'certificate-login': app,
    management: app,
    graph: app,
    agents: app,
    vault: app,
    identity: app,
  };
  const surfaces = await listen(
    { profile: azureProfile, tls, apps, log: silentLog },
    { host: '127.0.0.1', port: 0 },
  );
  const tunnel = await openTunnel(surfaces);
  return {
    world,
    port: surfaces.port,
    client(credential: ReturnType<typeof credentialOf>, url = 'https://demo-kv.vault.azure.net') {
      return new SecretClient(url, credential, {
        proxyOptions: { host: tunnel.host, port: tunnel.port },
        retryOptions: { maxRetries: 0 },
      });
    },
    async [Symbol.asyncDispose]() {
      await tunnel[Symbol.asyncDispose]();
      await surfaces[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

async function officer(world: VaultWorld): Promise<Identity> {
  const identity = await world.identity();
  await world.grant(identity, 'Key Vault Secrets Officer', await world.vault('demo-kv'));
  return identity;
}

describe('SecretClient of @azure/keyvault-secrets, unmodified', () => {
  test('follows the challenge, then sets, reads, updates, lists, deletes, recovers and purges', async () => {
    await using at = await served();
    const credential = credentialOf(await officer(at.world));
    const client = at.client(credential);

    const set = await client.setSecret('greeting', 'hello', { tags: { a: 'b' }, contentType: 'text/plain' });
    assert.deepEqual(credential.asked, [
      { scopes: ['https://vault.azure.net/.default'], tenantId: at.world.tenantId },
    ]);
    assert.equal(set.properties.vaultUrl, 'https://demo-kv.vault.azure.net');
    const got = await client.getSecret('greeting');
    assert.equal(got.value, 'hello');
    assert.deepEqual(got.properties.tags, { a: 'b' });
    const { version = '' } = got.properties;
    assert.equal((await client.getSecret('greeting', { version })).value, 'hello');

    const updated = await client.updateSecretProperties('greeting', version, { enabled: false });
    assert.equal(updated.enabled, false);
    await assert.rejects(client.getSecret('greeting'), /not allowed on a disabled secret/);
    await client.updateSecretProperties('greeting', version, { enabled: true });

    await client.setSecret('greeting', 'again');
    const versions: (string | undefined)[] = [];
    for await (const each of client.listPropertiesOfSecretVersions('greeting')) versions.push(each.version);
    assert.equal(versions.length, 2);
    assert.equal(versions[0], version);

    const deleting = await client.beginDeleteSecret('greeting', { intervalInMs: 0 });
    const deleted = await deleting.pollUntilDone();
    assert.ok(deleted.recoveryId);
    assert.equal(
      (deleted.scheduledPurgeDate?.getTime() ?? 0) - (deleted.deletedOn?.getTime() ?? 0),
      90 * 86_400_000,
    );
    await assert.rejects(client.getSecret('greeting'), { statusCode: 404, code: 'SecretNotFound' });
    await assert.rejects(client.setSecret('greeting', 'x'), { statusCode: 409, code: 'Conflict' });
    const recovering = await client.beginRecoverDeletedSecret('greeting', { intervalInMs: 0 });
    assert.equal((await recovering.pollUntilDone()).name, 'greeting');
    assert.equal((await client.getSecret('greeting')).value, 'again');

    const deletingAgain = await client.beginDeleteSecret('greeting', { intervalInMs: 0 });
    await deletingAgain.pollUntilDone();
    await client.purgeDeletedSecret('greeting');
    await assert.rejects(client.getDeletedSecret('greeting'), { statusCode: 404 });
  });

  test('pages through many secrets, live and deleted', async () => {
    await using at = await served();
    const client = at.client(credentialOf(await officer(at.world)));
    const wanted = Array.from({ length: 30 }, (_, index) => `s${String(index).padStart(2, '0')}`);
    for (const name of wanted) await client.setSecret(name, name);
    const found: string[] = [];
    for await (const { name } of client.listPropertiesOfSecrets()) found.push(name);
    assert.deepEqual(found, wanted);
    const pages: number[] = [];
    for await (const page of client.listPropertiesOfSecrets().byPage({ maxPageSize: 20 }))
      pages.push(page.length);
    assert.deepEqual(pages, [20, 10]);
    for (const name of wanted.slice(0, 3)) {
      await (await client.beginDeleteSecret(name, { intervalInMs: 0 })).pollUntilDone();
    }
    const deleted: string[] = [];
    for await (const { name } of client.listDeletedSecrets()) deleted.push(name);
    assert.deepEqual(deleted, wanted.slice(0, 3));
  });

  test('makes two first requests at once: both are challenged and repeated', async () => {
    await using at = await served();
    const client = at.client(credentialOf(await officer(at.world)));
    await Promise.all([client.setSecret('one', '1'), client.setSecret('two', '2')]);
    const values = await Promise.all([client.getSecret('one'), client.getSecret('two')]);
    assert.deepEqual(
      values.map(({ value }) => value),
      ['1', '2'],
    );
    assert.ok(!JSON.stringify(at.world.lines).includes('"value"'));
  });

  test('gets ids with the port of a vault that is not on 443, and may use them as they are', async () => {
    await using at = await served();
    const credential = credentialOf(await officer(at.world));
    const client = at.client(credential, `https://demo-kv.vault.azure.net:${at.port}`);
    const set = await client.setSecret('greeting', 'hello');
    assert.equal(set.properties.vaultUrl, `https://demo-kv.vault.azure.net:${at.port}`);
    assert.deepEqual(credential.asked[0]?.scopes, [`https://vault.azure.net:${at.port}/.default`]);
  });

  test('is told why it is refused', async () => {
    await using at = await served();
    await officer(at.world);
    const client = at.client(credentialOf(await at.world.identity()));
    await assert.rejects(client.getSecret('greeting'), (error) => {
      const { statusCode, code, details } = error as unknown as {
        readonly statusCode: number;
        readonly code: string;
        readonly details: { readonly error: { readonly innerError: { readonly code: string } } };
      };
      assert.deepEqual(
        [statusCode, code, details.error.innerError.code],
        [403, 'Forbidden', 'ForbiddenByRbac'],
      );
      return true;
    });
  });

  test('is refused at its next request once its identity is gone', async () => {
    await using at = await served();
    const identity = await officer(at.world);
    const client = at.client(credentialOf(identity));
    await client.setSecret('greeting', 'hello');
    assert.equal((await client.getSecret('greeting')).value, 'hello');
    await at.world.deleteIdentity(identity);
    await assert.rejects(client.getSecret('greeting'), { statusCode: 401 });
  });
});

describe('a vault on the wire', () => {
  test('takes no request with two Authorization headers, whichever is good', async () => {
    await using at = await served();
    const identity = await officer(at.world);
    const good = `Bearer ${fakeToken({ ...identity, audience: 'https://vault.azure.net' })}`;
    const statusOf = (authorizations: readonly string[]) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = [
          'Host',
          'demo-kv.vault.azure.net',
          ...authorizations.flatMap((value) => ['Authorization', value]),
        ];
        const options = {
          host: '127.0.0.1',
          port: at.port,
          path: '/secrets?api-version=7.4',
          headers,

          servername: 'demo-kv.vault.azure.net',
          agent: false,
        };
        https
          .get(options, (response) => response.resume().on('end', () => resolve(response.statusCode)))
          .on('error', reject);
      });
    assert.equal(await statusOf([good]), 200);
    for (const pair of [
      [good, good],
      [good, 'Bearer a.b.c'],
      ['Bearer a.b.c', good],
    ]) {
      assert.equal(await statusOf(pair), 401);
    }
  });
});
