import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { createHttpsTransport } from '../../src/client/https.ts';
import { clientTokens } from '../../src/client/operator-token.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { makeClientKey } from '../support/token-service.ts';

const ofApp = ['ad', 'app', 'federated-credential'] as const;
const ofIdentity = ['identity', 'federated-credential'] as const;

describe('innate ad app, sp and federated-credential', () => {
  let world: DemoWorld;
  before(async () => {
    world = await demoWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  const said = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await world.run(words);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const refused = async (code: number, words: readonly string[]): Promise<string> => {
    const outcome = await world.run(words);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.equal(outcome.stdout, '');
    return outcome.stderr;
  };
  /** Whether a secret opens its application for a resource. */
  const opens = async (clientId: string, clientSecret: string, resource: string): Promise<boolean> => {
    const { connect, caFile, tenantId, endpoints } = world.innate.ready;
    using transport = createHttpsTransport({ ...connect, ca: readFileSync(caFile, 'utf8') });
    const login = new URL(endpoints.login).host;
    const token = clientTokens({ transport, login, tenantId, clientId, clientSecret, clock: systemClock });
    return await token(resource).then(
      () => true,
      () => false,
    );
  };

  test('register an API and its client, whose secret is printed once and opens it', async () => {
    assert.match(
      await said('ad', 'app', 'create', 'orders-api', '--identifier-uris', 'api://orders'),
      /^NAME +CLIENT +OBJECT\norders-api {2}[0-9a-f-]{36} {2}[0-9a-f-]{36}\n$/,
    );
    const made = JSON.parse(await said('ad', 'app', 'create', 'worker', '--secret'));
    assert.deepEqual(Object.keys(made), ['appId', 'displayName', 'password', 'tenant']);
    assert.equal(made.tenant, world.innate.ready.tenantId);
    assert.equal(await opens(made.appId, made.password, 'api://orders'), true);
    for (const words of [
      ['ad', 'app', 'list'],
      ['ad', 'app', 'show', 'worker'],
      ['ad', 'sp', 'list'],
      ['ad', 'sp', 'show', made.appId],
    ]) {
      const text = await said(...words);
      assert.ok(text.includes(made.appId), words.join(' '));
      assert.ok(!text.includes(made.password));
    }
    const again = JSON.parse(await said('ad', 'app', 'credential', 'reset', 'worker'));
    assert.equal(await opens(made.appId, made.password, 'api://orders'), false);
    assert.equal(await opens(made.appId, again.password, 'api://orders'), true);
    const beside = JSON.parse(await said('ad', 'app', 'credential', 'reset', made.appId, '--append'));
    assert.equal(await opens(made.appId, again.password, 'api://orders'), true);
    assert.equal(await opens(made.appId, beside.password, 'api://orders'), true);

    assert.match(await said('ad', 'app', 'delete', 'worker'), /^worker is deleted/);
    assert.equal(await opens(made.appId, again.password, 'api://orders'), false);
    assert.match(await refused(1, ['ad', 'app', 'show', 'worker']), /there is no application 'worker'/);
  });

  test('add a certificate, and leave its key where it is', async () => {
    await using folder = await temporaryFolder();
    const { privateKey, certificate } = await makeClientKey();
    const file = folder.file('client.pem');
    await writeFile(file, `${privateKey.export({ type: 'pkcs8', format: 'pem' })}${certificate}`);
    await said('ad', 'app', 'create', 'by-certificate');
    await said('ad', 'app', 'credential', 'add-certificate', 'by-certificate', '--cert', file);
    assert.match(
      await refused(1, ['ad', 'app', 'credential', 'add-certificate', 'by-certificate', '--cert', '/none']),
      /cannot be read/,
    );
    assert.match(
      await refused(2, ['ad', 'app', 'credential', 'add-certificate', 'by-certificate']),
      /say which certificate/,
    );
  });

  test('let tokens of another issuer in, and out again', async () => {
    await said('ad', 'app', 'create', 'deploy');
    const issuer = 'https://token.actions.githubusercontent.com';
    const subject = 'repo:contoso/orders:ref:refs/heads/main';
    const facts = ['--id', 'deploy', '--issuer', issuer, '--subject', subject];
    await said(...ofApp, 'create', 'main', ...facts);
    assert.match(await refused(1, [...ofApp, 'create', 'main', ...facts]), /already exists/);
    assert.deepEqual(
      (await said(...ofApp, 'list', '--id', 'deploy'))
        .trim()
        .split(/ {2,}|\n/)
        .slice(3),
      ['main', issuer, subject],
    );
    await said(...ofApp, 'delete', 'main', '--id', 'deploy');
    assert.equal(await said(...ofApp, 'list', '--id', 'deploy'), 'no federated credentials\n');
  });

  test('let tokens of a cluster in that nobody reaches, for a user-assigned identity', async () => {
    await using folder = await temporaryFolder();
    const { publicKey } = await makeClientKey();
    const file = folder.file('keys.json');
    const key = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' };
    await writeFile(file, JSON.stringify({ keys: [key] }));
    const id = world.vm1.id.replace(
      'Microsoft.Compute/virtualMachines/vm1',
      'Microsoft.ManagedIdentity/userAssignedIdentities/orders-api',
    );
    await world.operator.arm('PUT', `${id}?api-version=2024-11-30`, { location: 'westeurope' });
    const issuer = 'https://kubernetes.default.svc.cluster.local';
    const subject = 'system:serviceaccount:orders:api';
    const facts = ['--identity-name', 'orders-api', '--issuer', issuer, '--subject', subject];
    await said(...ofIdentity, 'create', 'cluster', ...facts, '--keys', file);
    const shown = await world.operator.arm(
      'GET',
      `${id}/federatedIdentityCredentials/cluster?api-version=2024-11-30`,
    );
    assert.deepEqual(JSON.parse(shown.body).properties.innateTrust, { keys: [key] });
    assert.deepEqual(
      (await said(...ofIdentity, 'list', '--identity-name', 'orders-api'))
        .trim()
        .split(/ {2,}|\n/)
        .slice(3),
      ['cluster', issuer, subject],
    );
    const more = [...ofIdentity, 'create', 'more', ...facts];
    assert.match(await refused(1, [...more, '--keys', '/none']), /'\/none' cannot be read/);
    assert.match(await refused(1, [...more, '--authority', file]), /certificates in PEM/);
    assert.match(await refused(2, [...more, '--keys', file, '--authority', file]), /not by both/);
    await said(...ofIdentity, 'delete', 'cluster', '--identity-name', 'orders-api');
    assert.equal(
      await said(...ofIdentity, 'list', '--identity-name', 'orders-api'),
      'no federated credentials\n',
    );
  });

  test('list managed identities, and end neither them nor the operator', async () => {
    const identities = await said('ad', 'sp', 'list', '--type', 'ManagedIdentity');
    assert.ok(identities.includes(world.vm1.principalId));
    assert.ok(!identities.includes(' Application '));
    assert.match(await refused(1, ['ad', 'app', 'delete', 'Innate operator']), /Insufficient privileges/);
    assert.match(await refused(1, ['ad', 'app', 'show', 'vm1']), /there is no application 'vm1'/);
  });

  test('say what they know when asked for something else', async () => {
    assert.match(await refused(2, ['ad', 'app', 'rename', 'x']), /unknown command 'rename'/);
    assert.match(await refused(2, ['ad', 'app', 'create']), /say what the application is called/);
    assert.match(await refused(2, ['ad', 'app', 'create', 'x', '--secret', '--years', '0']), /--years/);
    assert.match(await refused(2, ['ad', 'app', 'credential', 'rotate', 'x']), /unknown command 'rotate'/);
    assert.match(await refused(2, ['ad', 'sp', 'delete', 'x']), /unknown command 'delete'/);
    assert.match(await refused(2, [...ofApp, 'list']), /say which application/);
    assert.match(await refused(2, [...ofIdentity, 'list']), /say which identity/);
    assert.match(
      await refused(1, ['ad', 'app', 'create', 'x', '--identifier-uris', 'https://vault.azure.net']),
      /already exists/,
    );
    assert.match(await refused(1, ['ad', 'app', 'show', 'x']), /there is no application 'x'/);
  });
});
