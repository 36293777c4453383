import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { ApiError } from '../client/agents-client.ts';
import { createControlClient } from '../client/control-client.ts';
import { Unreachable } from '../client/https.ts';
import { silentLog } from '../foundation/log.ts';
import { systemRandomness } from '../foundation/randomness.ts';
import { type Agent, type Endpoint, type EnrolledMachine, EnrolmentRefused, NotEnrolled } from './agent.ts';
import { ControlSocketError, openControlSocket } from './control-socket.ts';

const vm1 =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/demo/providers/Microsoft.Compute/virtualMachines/vm1';

/** An agent at the edge: endpoints are real listeners that answer with the resource's name. */
class FakeAgent implements Pick<Agent, 'enrol' | 'machines' | 'openEndpoint'> {
  readonly enrolled: EnrolledMachine[] = [];
  readonly open = new Set<string>();

  async enrol(joinToken: string): Promise<EnrolledMachine> {
    if (joinToken !== 'good') throw new EnrolmentRefused('the join token is not known');
    const machine = { machineId: 'm', tenantId: 't', resourceId: vm1, identities: [] };
    this.enrolled.push(machine);
    return machine;
  }

  machines() {
    return this.enrolled;
  }

  async openEndpoint(
    resourceId: string,
    place: { kind: 'tcp' } | { kind: 'unix'; path: string },
  ): Promise<Endpoint> {
    if (this.enrolled.length === 0) throw new NotEnrolled(`this host is not enrolled as ${resourceId}`);
    const server = createServer((_request, response) => response.end('endpoint of vm1'));
    if (place.kind === 'unix') server.listen(place.path);
    else server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const name = typeof address === 'string' ? address : `127.0.0.1:${address?.port}`;
    this.open.add(name ?? '');
    const close = async () => {
      this.open.delete(name ?? '');
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    };
    return {
      resourceId: vm1,
      origin: `http://${name}`,
      address: name ?? '',
      protocol: 'imds',
      wellKnown: { address: '169.254.169.254', port: 80 },
      environment: place.kind === 'unix' ? {} : { AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://${name}` },
      close,
      [Symbol.asyncDispose]: close,
    };
  }
}

async function world(t: TestContext, folder = mkdtempSync(path.join(os.tmpdir(), 'innate-control-'))) {
  const agent = new FakeAgent();
  const tls = createTcpServer((socket) => socket.end('tls listener'));
  tls.listen(0, '127.0.0.1');
  await once(tls, 'listening');
  const { port } = tls.address() as { port: number };
  const file = path.join(folder, 'agent.sock');
  const options = {
    agent,
    file,
    proxy: {
      url: 'http://127.0.0.1:9',
      accept: (socket: NodeJS.WritableStream) => void socket.end('name proxy'),
    },
    server: { host: '127.0.0.1', port },
    caFile: '/ca.pem',
    runFolder: path.join(folder, 'run'),
    randomness: systemRandomness,
    log: silentLog,
  };
  const socket = await openControlSocket(options);
  t.after(async () => {
    await socket[Symbol.asyncDispose]();
    tls.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { agent, client: createControlClient(file), file, folder, options, socket };
}

async function textOf(place: string): Promise<string> {
  let text = '';
  for await (const chunk of connect(place)) text += chunk;
  return text;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('the control socket', () => {
  test('is for its own user alone', async (t) => {
    const { file } = await world(t);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test('enrols, and tells what this host is', async (t) => {
    const { client } = await world(t);
    assert.deepEqual(await client.machines(), []);
    await assert.rejects(
      client.enrol('bad'),
      (error) => error instanceof ApiError && error.code === 'refused',
    );
    assert.equal((await client.enrol('good')).resourceId, vm1);
    assert.deepEqual(
      (await client.machines()).map(({ resourceId }) => resourceId),
      [vm1],
    );
    assert.deepEqual(await client.status(), { pid: process.pid, endpoints: 0 });
  });

  test('leases an endpoint for as long as the connection lasts', async (t) => {
    const { agent, client } = await world(t);
    await assert.rejects(
      client.lease({ resourceId: vm1, mode: 'environment' }),
      (error) => error instanceof ApiError && error.code === 'not-enrolled',
    );
    await client.enrol('good');
    const lease = await client.lease({ resourceId: vm1, mode: 'environment' });
    assert.equal(agent.open.size, 1);
    assert.match(lease.endpoint.environment['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? '', /^http:\/\/127/);
    assert.equal((await client.status()).endpoints, 1);
    await lease[Symbol.asyncDispose]();
    await until(() => agent.open.size === 0);
  });

  test('gives an isolated program socket files to its endpoint, to the server and to the proxy', async (t) => {
    const { agent, client, folder } = await world(t);
    await client.enrol('good');
    const lease = await client.lease({ resourceId: vm1, mode: 'isolated' });
    const { sockets, wellKnown } = lease.endpoint;
    assert.deepEqual(wellKnown, { address: '169.254.169.254', port: 80 });
    assert.ok(sockets !== null);
    assert.equal(await textOf(sockets.tls), 'tls listener');
    assert.equal(await textOf(sockets.proxy), 'name proxy');
    assert.equal(statSync(path.dirname(sockets.host)).mode & 0o777, 0o700);
    await lease[Symbol.asyncDispose]();
    await until(() => agent.open.size === 0 && readdirSync(path.join(folder, 'run')).length === 0);
  });

  test('keeps one endpoint for a resource, whoever asks, until it is closed by name', async (t) => {
    const { agent, client } = await world(t);
    await client.enrol('good');
    const [one, two] = await Promise.all([
      client.keep(vm1),
      client.keep(vm1.toUpperCase().replace('/SUB', '/sub')),
    ]);
    assert.deepEqual(one, two);
    assert.equal(agent.open.size, 1);
    assert.equal(await client.release(vm1.toLowerCase()), 1);
    assert.equal(agent.open.size, 0);
    assert.equal(await client.release(vm1), 0);
  });

  test('bounds how many endpoints are open', async (t) => {
    const { client } = await world(t);
    await client.enrol('good');
    const leases = await Promise.all(
      Array.from({ length: 128 }, () => client.lease({ resourceId: vm1, mode: 'environment' })),
    );
    await assert.rejects(client.keep(vm1), (error) => error instanceof ApiError && error.code === 'too-many');
    await Promise.all(leases.map((lease) => lease[Symbol.asyncDispose]()));
  });

  test('refuses what it does not understand, and keeps serving', async (t) => {
    const { client, file } = await world(t);
    const send = (method: string, target: string, body?: string) =>
      new Promise<number>((resolve, reject) => {
        const outgoing = request({ socketPath: file, method, path: target, agent: false });
        outgoing.on('response', (incoming) => resolve(incoming.resume().statusCode ?? 0));
        outgoing.on('error', reject);
        outgoing.end(body);
      });
    assert.equal(await send('GET', '/nothing'), 404);
    assert.equal(await send('POST', '/machines', '{'), 400);
    assert.equal(await send('POST', '/machines', '[]'), 400);
    assert.equal(await send('POST', '/machines', '{"joinToken":1}'), 400);
    assert.equal(await send('POST', '/machines', `"${'x'.repeat(20_000)}"`), 400);
    assert.equal(
      await send('POST', '/endpoints', `{"resourceId":"${vm1}","mode":"other","life":"lease"}`),
      400,
    );
    assert.equal(
      await send('POST', '/endpoints', `{"resourceId":"${vm1}","mode":"isolated","life":"keep"}`),
      400,
    );
    assert.equal(
      await send('POST', '/endpoints', '{"resourceId":"vm1","mode":"environment","life":"keep"}'),
      400,
    );
    assert.equal(await send('DELETE', '/endpoints'), 400);
    assert.equal((await client.status()).endpoints, 0);
  });

  test('takes the place of a dead agent, and clears away what that has left', async (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'innate-control-'));
    const dead = createTcpServer().listen(path.join(folder, 'living.sock'));
    await once(dead, 'listening');
    // a socket file without a listener, as after kill -9
    linkSync(path.join(folder, 'living.sock'), path.join(folder, 'agent.sock'));
    await new Promise((done) => dead.close(done));
    mkdirSync(path.join(folder, 'run', 'old'), { recursive: true });
    const { client } = await world(t, folder);
    assert.equal((await client.status()).pid, process.pid);
    assert.ok(!existsSync(path.join(folder, 'run', 'old')));
  });

  test('does not take the place of a living one, nor of a file', async (t) => {
    const { options, folder } = await world(t);
    await assert.rejects(openControlSocket(options), ControlSocketError);
    const file = path.join(folder, 'plain');
    writeFileSync(file, '');
    await assert.rejects(openControlSocket({ ...options, file }), ControlSocketError);
    assert.ok(existsSync(file));
  });

  test('works in a folder whose path is too long for a socket', {
    skip: process.platform !== 'linux',
  }, async (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), `innate-${'long'.repeat(40)}-`));
    const { client } = await world(t, folder);
    await client.enrol('good');
    const lease = await client.lease({ resourceId: vm1, mode: 'isolated' });
    assert.ok(lease.endpoint.sockets !== null);
    await lease[Symbol.asyncDispose]();
  });

  test('says that the agent is gone', async (t) => {
    const { client, socket } = await world(t);
    await socket[Symbol.asyncDispose]();
    await assert.rejects(client.status(), Unreachable);
  });
});
