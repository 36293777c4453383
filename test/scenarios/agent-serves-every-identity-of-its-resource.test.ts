import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Endpoint } from '../../src/agent/agent.ts';
import { loadCredential } from '../../src/agent/credential.ts';
import { Refused } from '../../src/agent/host-protocols/host-protocol.ts';
import { KeyFiles } from '../../src/agent/key-files.ts';
import { requestToken } from '../../src/agent/token-service.ts';
import { createHttpsTransport } from '../../src/client/https.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { type TestDeployment, testDeployment } from '../support/deployment.ts';
import { eventually } from '../support/eventually.ts';
import { askToken, claimsOf, type MetadataAnswer } from '../support/metadata-request.ts';

const identityVersion = 'api-version=2024-11-30';
const both = 'SystemAssigned, UserAssigned';

interface Made {
  readonly id: string;
  readonly principalId: string;
  readonly clientId: string;
}

async function identity(deployment: TestDeployment, name: string, body: object = {}): Promise<Made> {
  const id = `${deployment.groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
  const { properties } = await deployment.arm('PUT', `${id}?${identityVersion}`, {
    location: 'westeurope',
    ...body,
  });
  const { principalId, clientId } = properties as Omit<Made, 'id'>;
  return { id, principalId, clientId };
}

/** A machine with its own identity and some others, and a host that is it. */
async function host(...names: readonly string[]) {
  await using stack = new AsyncDisposableStack();
  const deployment = stack.use(await testDeployment());
  const vm = await deployment.virtualMachine('vm1');
  const identities: Made[] = [];
  for (const name of names) identities.push(await identity(deployment, name));
  const patch = (kinds: string, map?: Readonly<Record<string, object | null>>) =>
    deployment.arm('PATCH', vm.resourceId, {
      identity: { type: kinds, ...(map === undefined ? {} : { userAssignedIdentities: map }) },
    });
  if (identities.length > 0) await patch(both, Object.fromEntries(identities.map(({ id }) => [id, {}])));
  const agent = stack.use(await deployment.agent());
  const { machineId, tenantId } = await agent.enrol(await deployment.joinToken(vm.resourceId));
  const endpoint = stack.use(await agent.openEndpoint(vm.resourceId, { kind: 'tcp' }));
  const transport = stack.use(createHttpsTransport(deployment.connect));

  /** What a key that was taken from the host is worth at the token service. */
  const stolen = async ({ clientId }: Made) => {
    const files = new KeyFiles(deployment.folder.file('agent'), systemRandomness);
    const credential = await eventually(() => loadCredential(files, machineId, clientId, systemRandomness));
    const { profile } = deployment.server;
    return () =>
      requestToken(
        { loginOrigin: `https://${profile.login}`, tenantId },
        credential,
        { resource: 'https://vault.azure.net', understandsChallenges: false },
        { transport, serverClock: systemClock, clock: systemClock, randomness: systemRandomness },
      );
  };
  const parts = stack.move();
  return {
    deployment,
    vm,
    identities,
    patch,
    agent,
    endpoint,
    stolen,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Whose token a question gets, by object id; or how it is refused. */
async function whose(endpoint: Endpoint, selector: Record<string, string> = {}): Promise<string> {
  const answer = await askToken(endpoint, selector);
  return answer.status === 200 ? String(claimsOf(answer.body['access_token'])['oid']) : refusal(answer);
}

function refusal({ status, body }: MetadataAnswer): string {
  return `${status} ${String(body['error_description'])}`;
}

const notFound = '400 Identity not found';

describe('a host of a resource with several identities', () => {
  test('serves the real client, unmodified, each by client id, object id, resource id and by default', async () => {
    await using h = await host('one', 'two');
    const program = `
      const { ManagedIdentityCredential } = require('@azure/identity');
      const asked = JSON.parse(process.argv[1]);
      (async () => {
        for (const options of asked) {
          const { token } = await new ManagedIdentityCredential(options).getToken('https://vault.azure.net/.default');
          console.log(JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).oid);
        }
      })().catch((error) => { console.error(error); process.exitCode = 1; });`;
    const asked = [
      {},
      ...h.identities.flatMap(({ id, principalId, clientId }) => [
        { clientId },
        { objectId: principalId },
        { resourceId: id },
        { resourceId: id.toLowerCase() },
      ]),
    ];
    const child = spawn(process.execPath, ['-e', program, JSON.stringify(asked)], {
      cwd: path.resolve(import.meta.dirname, '../..'),
      env: { ...h.endpoint.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let failed = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    child.stderr.on('data', (chunk) => (failed += chunk));
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0, failed);
    assert.deepEqual(said.trim().split('\n'), [
      h.vm.principalId,
      ...h.identities.flatMap(({ principalId }) => Array<string>(4).fill(principalId)),
    ]);
  });

  test('serves an identity that is attached while it runs, and refuses it once it is detached', async () => {
    await using h = await host();
    const one = await identity(h.deployment, 'one');
    const ask = () => whose(h.endpoint, { client_id: one.clientId });
    assert.equal(await ask(), notFound);
    await h.patch(both, { [one.id]: {} });
    await eventually(async () => ((await ask()) === one.principalId ? true : undefined));
    await h.patch('SystemAssigned');
    await eventually(async () => ((await ask()) === notFound ? true : undefined));
    assert.equal(await whose(h.endpoint), h.vm.principalId, 'its own goes on');
  });

  test('has keys that are worth nothing from the moment of detachment, and only those (C8)', async () => {
    await using h = await host('one', 'two');
    const [one, two] = h.identities as [Made, Made];
    assert.equal(await whose(h.endpoint, { client_id: one.clientId }), one.principalId);
    assert.equal(await whose(h.endpoint, { client_id: two.clientId }), two.principalId);
    const [first, second] = [await h.stolen(one), await h.stolen(two)];
    assert.ok((await first()).accessToken);
    await h.patch(both, { [one.id.toLowerCase()]: null });
    await assert.rejects(first(), Refused);
    assert.ok((await second()).accessToken);
  });

  test('without an identity of its own serves the only one there is, and asks which where there are two', async () => {
    await using h = await host('one', 'two');
    const [one, two] = h.identities as [Made, Made];
    await h.patch('UserAssigned', { [two.id]: null });
    await eventually(async () => ((await whose(h.endpoint)) === one.principalId ? true : undefined));
    await h.patch('UserAssigned', { [two.id]: {} });
    const refused = await eventually(async () => {
      const answer = await whose(h.endpoint);
      return answer === one.principalId ? undefined : answer;
    });
    assert.match(refused, /^400 .*[Mm]ultiple/);
  });

  test('loses an identity that is deleted, and does not get the next of its name unless that is assigned', async () => {
    await using h = await host('one');
    const [one] = h.identities as [Made];
    const byId = () => whose(h.endpoint, { msi_res_id: one.id });
    assert.equal(await byId(), one.principalId);
    const taken = await h.stolen(one);
    await h.deployment.arm('DELETE', `${one.id}?${identityVersion}`);
    await assert.rejects(taken(), Refused);
    await eventually(async () => ((await byId()) === notFound ? true : undefined));
    const next = await identity(h.deployment, 'one');
    await h.deployment.arm('PATCH', h.vm.resourceId, { tags: { touched: 'yes' } });
    assert.equal(await byId(), notFound);
    await h.patch(both, { [one.id]: {} });
    await eventually(async () => ((await byId()) === next.principalId ? true : undefined));
  });

  test('gets no token of an identity that is isolated to another region, until that is lifted', async () => {
    await using h = await host();
    const far = await identity(h.deployment, 'far', { location: 'westus' });
    await h.patch(both, { [far.id]: {} });
    const ask = () => whose(h.endpoint, { client_id: far.clientId });
    await eventually(async () => ((await ask()) === far.principalId ? true : undefined));
    const taken = await h.stolen(far);
    const isolate = (isolationScope: string) =>
      h.deployment.arm('PATCH', `${far.id}?${identityVersion}`, { properties: { isolationScope } });
    await isolate('Regional');
    await assert.rejects(taken(), Refused);
    await eventually(async () => ((await ask()) === notFound ? true : undefined));
    const { identity: shown } = await h.deployment.arm('GET', h.vm.resourceId);
    assert.ok(far.id in (shown as { userAssignedIdentities: object }).userAssignedIdentities);
    await isolate('None');
    await eventually(async () => ((await ask()) === far.principalId ? true : undefined));
  });
});
