import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { domestic, exampleProgram, follow } from '../support/demo-world.ts';
import { eventually } from '../support/eventually.ts';
import { createHost } from '../support/host.ts';
import { type Innate, program, startInnate } from '../support/innate.ts';
import { Operator, roles } from '../support/operator.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Milliseconds within which a server that is told to end has ended. */
const promised = 10_000;

/** Makes what a program needs to read a secret: returns the machine. */
async function prepare(operator: Operator, vaultName: string) {
  const group = await operator.createGroup('demo');
  const vault = await operator.createVault(group, vaultName);
  const machine = await operator.createMachine(group, 'vm1');
  const token = await operator.token(`https://${operator.ready.endpoints.vaultSuffix}`);
  await operator.assign(vault, roles.secretsOfficer, claimsOf(token)['oid'] as string);
  await operator.assign(vault, roles.secretsUser, machine.principalId);
  const set = await operator.vault(vaultName, 'PUT', '/secrets/greeting?api-version=7.4', {
    value: 'good day',
  });
  assert.equal(set.status, 200, set.body);
  return machine;
}

describe('innate up', () => {
  let innate: Innate;
  let operator: Operator;
  before(async () => {
    innate = await startInnate();
    operator = new Operator(innate.ready);
  });
  after(async () => {
    operator?.[Symbol.dispose]();
    await innate?.[Symbol.asyncDispose]();
  });

  test('writes where everything is to the ready file, for its owner alone', async () => {
    const readyFile = path.join(path.dirname(innate.data), 'ready.json');
    for (const file of [readyFile, path.join(innate.data, 'server.json')]) {
      assert.equal(statSync(file).mode & 0o777, 0o600, file);
    }
    const ready = JSON.parse(readFileSync(readyFile, 'utf8'));
    for (const key of ['tenantId', 'subscriptionId']) assert.match(ready[key], guid);
    assert.equal(ready.pid, innate.process.pid);
    assert.equal(ready.profile, 'azure');
    assert.ok(path.isAbsolute(ready.caFile) && existsSync(ready.caFile));
    assert.match(ready.proxy, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.deepEqual(ready.endpoints, {
      login: 'https://login.microsoftonline.com',
      management: 'https://management.azure.com',
      graph: 'https://graph.microsoft.com',
      vaultSuffix: 'vault.azure.net',
    });
    assert.deepEqual(Object.keys(ready.operator).sort(), ['clientId', 'clientSecret']);
    assert.match(ready.operator.clientId, guid);
    assert.ok(ready.operator.clientSecret.length >= 40);
  });

  test('keeps everything secret in files of its owner alone', () => {
    const modeOf = (name: string) => statSync(path.join(innate.data, name)).mode & 0o777;
    assert.equal(modeOf('.'), 0o700);
    for (const name of ['key-encryption-key', 'operator.json', 'ca/ca-key.pem', 'agent.sock']) {
      assert.equal(modeOf(name), 0o600, name);
    }
  });

  test('answers no name that is not its own', async () => {
    for (const host of ['store.blob.core.windows.net', 'example.org']) {
      const reply = await operator.call({ host: 'management.azure.com', path: '/', headers: { host } });
      assert.equal(reply.status, 421);
      assert.equal(reply.json().error.code, 'MisdirectedRequest');
    }
  });

  test('is ended by SIGTERM, lets what is under way finish, and is found again by the next start', async () => {
    await using folder = await temporaryFolder();
    const data = folder.file('data');
    const first = await startInnate({ data });
    using before = new Operator(first.ready);
    const machine = await prepare(before, 'kept-kv');
    await using host = await createHost(before);
    await host.enrol(machine.id);
    const late = await startPut(before, 'kept-kv', '/secrets/late?api-version=7.4', { value: 'in time' });

    const told = performance.now();
    const ended = first.stop('SIGTERM');
    await eventually(async () => ((await refusesConnections(before.port)) ? true : undefined));
    assert.equal(first.process.exitCode, null, 'it waits for the request');
    const answer = await late.finish();
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /"value":"in time"/);
    assert.equal(await ended, 0, first.log());
    assert.ok(performance.now() - told < promised);
    assert.equal(existsSync(path.join(data, 'server.json')), false);
    const caFile = readFileSync(first.ready.caFile, 'utf8');
    await first[Symbol.asyncDispose]();

    await using second = await startInnate({ data });
    using operator = new Operator(second.ready);
    assert.equal(readFileSync(second.ready.caFile, 'utf8'), caFile);
    const { tenantId, subscriptionId } = first.ready;
    assert.deepEqual([second.ready.tenantId, second.ready.subscriptionId], [tenantId, subscriptionId]);
    assert.deepEqual(second.ready.operator, first.ready.operator);
    const found = await operator.arm('GET', `${machine.id}?api-version=2024-07-01`);
    assert.equal(found.json().identity.principalId, machine.principalId);
    for (const [name, value] of [
      ['greeting', 'good day'],
      ['late', 'in time'],
    ]) {
      const secret = await operator.vault('kept-kv', 'GET', `/secrets/${name}?api-version=7.4`);
      assert.equal(secret.json().value, value);
    }
    assert.match(second.log(), /state in .*\(found, SQLite\)/);
  });
});

describe('innate up --profile own --domain id.example.test', () => {
  let innate: Innate;
  let operator: Operator;
  let id: string;
  before(async () => {
    innate = await startInnate({ args: ['--profile', 'own', '--domain', 'id.example.test'] });
    operator = new Operator(innate.ready);
    ({ id } = await prepare(operator, 'own-kv'));
  });
  after(async () => {
    operator?.[Symbol.dispose]();
    await innate?.[Symbol.asyncDispose]();
  });

  test('serves the names of that domain, and none of Azure’s', async () => {
    assert.deepEqual(innate.ready.endpoints, {
      login: 'https://login.id.example.test',
      management: 'https://management.id.example.test',
      graph: 'https://graph.id.example.test',
      vaultSuffix: 'vault.id.example.test',
    });
    const { tenantId } = innate.ready;
    const discovery = (
      await operator.call({
        host: 'login.id.example.test',
        path: `/${tenantId}/v2.0/.well-known/openid-configuration`,
      })
    ).json();
    assert.equal(discovery.issuer, `https://login.id.example.test/${tenantId}/v2.0`);
    assert.equal(discovery.token_endpoint, `https://login.id.example.test/${tenantId}/oauth2/v2.0/token`);
    // the certificate does not carry Azure's names, nor may its authority ever sign them
    for (const host of ['login.microsoftonline.com', 'management.azure.com', 'kv1.vault.azure.net']) {
      await assert.rejects(operator.call({ host, path: '/' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    }
  });

  test('issues tokens whose issuer is that name, to operators and to machines, for resources of that domain', async () => {
    const { tenantId } = innate.ready;
    const issuer = `https://login.id.example.test/${tenantId}/`;
    const management = claimsOf(await operator.token('https://management.id.example.test'));
    assert.equal(management['iss'], issuer);
    assert.equal(management['aud'], 'https://management.id.example.test');
    await using host = await createHost(operator);
    const machine = claimsOf(await host.enrol(id, 'https://vault.id.example.test'));
    assert.equal(machine['iss'], issuer);
    assert.equal(machine['aud'], 'https://vault.id.example.test');
    assert.equal(String(machine['xms_mirid']).toLowerCase(), id.toLowerCase());
  });

  test('lets an unmodified program read a secret of a vault of that domain', async () => {
    const vault = 'https://own-kv.vault.id.example.test';
    const command = ['run', 'vm1', '--mode', 'environment', '--data', innate.data, '--'];
    const child = spawn(process.execPath, [program, ...command, process.execPath, exampleProgram, vault], {
      stdio: 'pipe',
      cwd: root,
      env: domestic(),
    });
    const { code, stdout, stderr } = await follow(child).outcome;
    assert.equal(stdout, 'greeting: good day\n', stderr);
    assert.equal(code, 0);
  });
});

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

/**
 * Begins a PUT to a vault as the operator, and resolves when the server has taken it up, with its body still to come:
 * the answer to `Expect: 100-continue` says so.
 */
async function startPut(operator: Operator, vault: string, target: string, content: unknown) {
  const host = `${vault}.${operator.ready.endpoints.vaultSuffix}`;
  const token = await operator.token(`https://${operator.ready.endpoints.vaultSuffix}`);
  const body = JSON.stringify(content);
  const socket = tls.connect({ host: '127.0.0.1', port: operator.port, servername: host, ca: operator.ca });
  let said = '';
  socket.setEncoding('utf8').on('data', (text) => (said += text));
  const closed = once(socket, 'close');
  socket.write(
    [
      `PUT ${target} HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Expect: 100-continue',
      '\r\n',
    ].join('\r\n'),
  );
  while (!said.startsWith('HTTP/1.1 100 ')) await once(socket, 'data');
  said = '';
  return {
    /** Sends the body, and gives the answer once the server has closed the connection. */
    async finish(): Promise<string> {
      socket.write(body);
      await closed;
      return said.replace(/^HTTP\/1\.1 100 [\s\S]*?\r\n\r\n/, '');
    },
  };
}

async function refusesConnections(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}
