import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { EnrolmentRefused, NotEnrolled } from '../../src/agent/agent.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { TestClock } from '../support/clock.ts';
import { testDeployment } from '../support/deployment.ts';
import { eventually } from '../support/eventually.ts';
import { askToken, claimsOf } from '../support/metadata-request.ts';

describe('a host enrolled as a virtual machine', () => {
  test("gives programs tokens of the machine's own identity", async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    await using agent = await deployment.agent();
    const machine = await agent.enrol(await deployment.joinToken(vm.resourceId));
    assert.equal(machine.resourceId, vm.resourceId);
    await using endpoint = await agent.openEndpoint(vm.resourceId.toUpperCase(), { kind: 'tcp' });
    const answer = await askToken(endpoint);
    assert.equal(answer.status, 200, answer.text);
    const claims = claimsOf(answer.body['access_token']);
    assert.equal(claims['oid'], vm.principalId);
    assert.equal(claims['appid'], answer.body['client_id']);
    const early = Number(claims['exp']) - Number(answer.body['expires_on']);
    assert.ok(early >= 0 && early <= 2, `it is said to end ${early} s before it does`);
    const again = await askToken(endpoint);
    assert.equal(again.body['access_token'], answer.body['access_token']);
  });

  test('serves the real client, unmodified, that was told only where the endpoint is', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    await using agent = await deployment.agent();
    await agent.enrol(await deployment.joinToken(vm.resourceId));
    await using endpoint = await agent.openEndpoint(vm.resourceId, { kind: 'tcp' });
    const program = `
      const { ManagedIdentityCredential } = require('@azure/identity');
      new ManagedIdentityCredential().getToken('https://vault.azure.net/.default')
        .then(({ token }) => process.stdout.write(token));`;
    const child = spawn(process.execPath, ['-e', program], {
      cwd: path.resolve(import.meta.dirname, '../..'),
      env: { ...endpoint.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let failed = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    child.stderr.on('data', (chunk) => (failed += chunk));
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0, failed);
    assert.equal(claimsOf(said)['oid'], vm.principalId);
  });

  test('gives none any more once the machine is deleted, and keeps no key', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    await using agent = await deployment.agent();
    const { machineId } = await agent.enrol(await deployment.joinToken(vm.resourceId));
    await using endpoint = await agent.openEndpoint(vm.resourceId, { kind: 'tcp' });
    assert.equal((await askToken(endpoint)).status, 200);
    await deployment.arm('DELETE', vm.resourceId);
    const answer = await eventually(async () => {
      const refused = await askToken(endpoint);
      return refused.status === 200 ? undefined : refused;
    });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, { error: 'invalid_request', error_description: 'Identity not found' });
    await eventually(async () => {
      const folders = await readdir(deployment.folder.file('agent'));
      return folders.includes(machineId) ? undefined : true;
    });
    assert.deepEqual(agent.machines(), []);
    await assert.rejects(agent.openEndpoint(vm.resourceId, { kind: 'tcp' }), NotEnrolled);
  });

  test('is the machine again after a restart of the agent, with the same keys', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    const credentials = async (machineId: string) => {
      const folder = deployment.folder.file(`agent/${machineId}`);
      const names = await readdir(folder);
      return names.filter((name) => name.endsWith('.credential.json'));
    };
    let machineId: string;
    {
      await using agent = await deployment.agent();
      ({ machineId } = await agent.enrol(await deployment.joinToken(vm.resourceId)));
      await using endpoint = await agent.openEndpoint(vm.resourceId, { kind: 'tcp' });
      assert.equal((await askToken(endpoint)).status, 200);
    }
    const [credential] = await credentials(machineId);
    const file = deployment.folder.file(`agent/${machineId}/${credential}`);
    const before = await stat(file);
    await using agent = await deployment.agent();
    assert.deepEqual(
      agent.machines().map((machine) => machine.machineId),
      [machineId],
    );
    await using endpoint = await agent.openEndpoint(vm.resourceId, { kind: 'tcp' });
    assert.equal((await askToken(endpoint)).status, 200);
    assert.equal((await stat(file)).ino, before.ino);
  });

  test('keeps its keys for its owner alone, and writes no secret into a log', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    const joinToken = await deployment.joinToken(vm.resourceId);
    await using agent = await deployment.agent();
    const { machineId } = await agent.enrol(joinToken);
    await using endpoint = await agent.openEndpoint(vm.resourceId, { kind: 'tcp' });
    const token = String((await askToken(endpoint)).body['access_token']);
    await assert.rejects(agent.enrol(joinToken), EnrolmentRefused);

    const root = deployment.folder.file('agent');
    for (const folder of [root, path.join(root, machineId)]) {
      assert.equal((await stat(folder)).mode & 0o777, 0o700, folder);
    }
    for (const name of await readdir(path.join(root, machineId))) {
      assert.equal((await stat(path.join(root, machineId, name))).mode & 0o777, 0o600, name);
    }
    const logged = deployment.log.text();
    assert.match(logged, /machine enrolled/);
    for (const secret of [
      joinToken,
      token,
      token.split('.')[2] ?? '',
      'PRIVATE KEY',
      'Proof ey',
      'client_assertion',
    ]) {
      assert.ok(!logged.includes(secret), secret.slice(0, 12));
    }
  });

  test('enrols and gets tokens although its clock is wrong by days', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    const clock = new TestClock(systemClock.now() - 3 * 86_400_000);
    await using agent = await deployment.agent({ clock });
    await agent.enrol(await deployment.joinToken(vm.resourceId));
    await using endpoint = await agent.openEndpoint(vm.resourceId, { kind: 'tcp' });
    const answer = await askToken(endpoint);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(
      answer.body['expires_in'],
      String(Number(answer.body['expires_on']) - Math.floor(clock.now() / 1000)),
    );
  });

  test('answers behind a socket file under the address that clients have built in', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    await using agent = await deployment.agent();
    await agent.enrol(await deployment.joinToken(vm.resourceId));
    const socket = deployment.folder.file('imds.sock');
    await using endpoint = await agent.openEndpoint(vm.resourceId, { kind: 'unix', path: socket });
    assert.equal(endpoint.origin, 'http://169.254.169.254');
    assert.deepEqual(endpoint.environment, {});
    assert.equal((await stat(socket)).mode & 0o777, 0o600);
    assert.equal((await askToken(endpoint)).status, 200);
  });

  test('is another resource only by another enrolment', async () => {
    await using deployment = await testDeployment();
    const [one, two] = [await deployment.virtualMachine('vm1'), await deployment.virtualMachine('vm2')];
    await using agent = await deployment.agent();
    await agent.enrol(await deployment.joinToken(one.resourceId));
    await assert.rejects(agent.openEndpoint(two.resourceId, { kind: 'tcp' }), NotEnrolled);
    await agent.enrol(await deployment.joinToken(two.resourceId));
    await using first = await agent.openEndpoint(one.resourceId, { kind: 'tcp' });
    await using second = await agent.openEndpoint(two.resourceId, { kind: 'tcp' });
    const oids = await Promise.all(
      [first, second].map(
        async (endpoint) => claimsOf((await askToken(endpoint)).body['access_token'])['oid'],
      ),
    );
    assert.deepEqual(oids, [one.principalId, two.principalId]);
  });
});
