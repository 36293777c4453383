import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld, domestic, follow } from '../support/demo-world.ts';
import { startInnate } from '../support/innate.ts';

const own = ['--profile', 'own', '--domain', 'id.example.test'];
const login = 'https://login.id.example.test';
const client = path.resolve(import.meta.dirname, '..', 'clients', 'sign-in-by-environment.ts');
/** Asks for each URL, some with a body, and prints status and answer, or the reason of none. */
const asking = `
  const outcomes = [];
  for (const [url, body] of JSON.parse(process.argv[1])) {
    try {
      const response = await fetch(url, body ? { method: 'POST', body: new URLSearchParams(body) } : {});
      outcomes.push([response.status, await response.json()]);
    } catch (error) {
      outcomes.push([0, String(error.cause)]);
    }
  }
  console.log(JSON.stringify(outcomes));`;
const discovery = (host: string) =>
  `https://login.microsoftonline.com/common/discovery/instance?api-version=1.1&authorization_endpoint=https://${host}/common/oauth2/v2.0/authorize`;

describe('a program that Innate runs under names of its own', () => {
  let world: DemoWorld;
  before(async () => {
    world = await demoWorld(undefined, own);
  });
  after(() => world?.[Symbol.asyncDispose]());

  const run = (command: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    world.run(['run', 'vm1', '--mode', 'environment', '--', ...command], { environment });
  const ask = (requests: unknown) => [
    ...[process.execPath, '--input-type=module', '-e', asking],
    JSON.stringify(requests),
  ];
  const asOperator = () => {
    const { operator, tenantId, endpoints } = world.innate.ready;
    return {
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: operator.clientId,
      AZURE_CLIENT_SECRET: operator.clientSecret,
      TOKEN_SCOPE: `${endpoints.management}/.default`,
    };
  };

  test('signs in with the official client, with nothing switched off, and its tokens name the issuer of that domain', async () => {
    const { stdout, stderr } = await run([process.execPath, client], {
      ...asOperator(),
      AZURE_AUTHORITY_HOST: login,
    });
    const { tenantId, operator } = world.innate.ready;
    assert.deepEqual(
      JSON.parse(stdout),
      {
        iss: `${login}/${tenantId}/`,
        aud: 'https://management.id.example.test',
        appid: operator.clientId,
      },
      stderr,
    );
  });

  test('that was not told where to sign in is told by the refusal', async () => {
    const { stdout } = await run([process.execPath, client], asOperator());
    assert.match(
      JSON.parse(stdout).refused,
      /AADSTS50049.*AZURE_AUTHORITY_HOST=https:\/\/login\.id\.example\.test/s,
    );
  });

  test('is answered about this deployment under the name that clients ask, and had nothing else of', async () => {
    const { tenantId } = world.innate.ready;
    const { stdout, stderr } = await run(
      ask([
        [discovery('login.id.example.test')],
        [discovery('login.example')],
        [`https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`, { client_secret: 'hunter2' }],
        [`https://login.microsoftonline.com/${tenantId}/v2.0/.well-known/openid-configuration`],
        ['https://login.windows.net/common/discovery/instance'],
        ['https://management.azure.com/subscriptions'],
      ]),
    );
    assert.ok(stdout.startsWith('['), stderr);
    const [known, unknown, token, document, alias, arm] = JSON.parse(stdout);
    assert.deepEqual(known[1].metadata, [
      {
        preferred_network: 'login.id.example.test',
        preferred_cache: 'login.id.example.test',
        aliases: ['login.id.example.test'],
      },
    ]);
    assert.deepEqual([unknown[0], unknown[1].error], [400, 'invalid_instance']);
    assert.deepEqual([token[0], token[1].error], [421, 'invalid_instance']);
    assert.deepEqual([document[0], document[1].error], [421, 'invalid_instance']);
    assert.deepEqual([alias[0], arm[0]], [0, 0]);
    assert.ok(!world.innate.log().includes('hunter2'));
  });

  test('by the environment of a shell is answered as well', async () => {
    const { stdout } = await world.run(['env', 'vm1', '--format', 'json']);
    const environment = { ...domestic(), ...(JSON.parse(stdout) as Record<string, string>) };
    const [file = '', ...words] = ask([[discovery('login.id.example.test')]]);
    const asked = await follow(spawn(file, words, { stdio: 'pipe', env: environment })).outcome;
    assert.equal(JSON.parse(asked.stdout)[0][0], 200, asked.stderr);
  });
});

test('the certificate for instance discovery stays the same from start to start, for its owner alone, and the azure profile has none', async () => {
  await using first = await startInnate({ args: own });
  const file = path.join(first.data, 'instance-discovery.pem');
  const text = readFileSync(file, 'utf8');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await first.stop();
  await using _second = await startInnate({ data: first.data, args: own });
  assert.equal(readFileSync(file, 'utf8'), text);
  await using azure = await startInnate();
  assert.ok(!readdirSync(azure.data).includes('instance-discovery.pem'));
});
