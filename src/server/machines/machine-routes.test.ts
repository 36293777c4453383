import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import {
  type TestHost,
  type TestMachines,
  type TestResource,
  testMachines,
} from '../../../test/support/machines.ts';
import { guid, type MachineId } from '../../foundation/ids.ts';
import { banMachine } from './machine-store.ts';

async function enrolled(machines: TestMachines, name: string): Promise<{ host: TestHost; vm: TestResource }> {
  const vm = await machines.virtualMachine(name);
  const host = machines.host();
  await host.enrol(await machines.joinToken(vm));
  return { host, vm };
}

const identitiesPath = (host: TestHost) => `/machines/${host.machineId}/identities`;

describe('credentials of a machine', () => {
  test('are issued for the identities its resource carries, with the key it sent and nothing else it chose (C16)', async () => {
    await using machines = await testMachines();
    const { host, vm } = await enrolled(machines, 'vm1');
    const attached = await machines.attach(vm, 'shared');
    for (const { clientId, principalId } of [vm, attached]) {
      const answered = await host.credential(clientId);
      assert.equal(answered.status, 200);
      const [issued] = answered.body['credentials'] as { certificate: string; principalId: string }[];
      assert.equal(issued?.principalId, principalId);
      const certificate = new X509Certificate(issued?.certificate ?? '');
      assert.match(certificate.subject, new RegExp(clientId));
      assert.equal(certificate.ca, false);
    }
  });

  test("are refused for another resource's identity, and for one that was detached", async () => {
    await using machines = await testMachines();
    const { host, vm } = await enrolled(machines, 'vm1');
    const foreign = await machines.virtualMachine('vm2');
    const attached = await machines.attach(vm, 'shared');
    await machines.detach(vm, attached.resourceId);
    for (const { clientId } of [foreign, attached]) {
      const answered = await host.credential(clientId);
      assert.equal(answered.status, 403);
      assert.equal(answered.code, 'IdentityNotAssigned');
    }
  });

  test('are refused for a key whose other half signed nothing, a weak key, and a proof for another machine', async () => {
    await using machines = await testMachines();
    const { host, vm } = await enrolled(machines, 'vm1');
    const { host: other } = await enrolled(machines, 'vm2');
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
      type: 'spki',
      format: 'der',
    });
    assert.equal((await host.credential(vm.clientId, { spki: stranger })).code, 'InvalidProof');
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
      type: 'spki',
      format: 'der',
    });
    assert.equal((await host.credential(vm.clientId, { spki: weak })).code, 'InvalidPublicKey');
    // the body of one machine, sent by another
    const answered = await other.call('POST', `/machines/${host.machineId}/credentials`, {
      credentials: [],
    });
    assert.equal(answered.status, 401);
  });

  test('end when the machine is banned, and with its resource', async () => {
    await using machines = await testMachines();
    const { host, vm } = await enrolled(machines, 'vm1');
    const { host: other, vm: otherVm } = await enrolled(machines, 'vm2');
    await host.credential(vm.clientId);
    await other.credential(otherVm.clientId);
    const machineId = guid<MachineId>(host.machineId ?? '');
    const { tenantId, clock, database } = machines;
    await database.transaction((transaction) =>
      banMachine(transaction, { tenantId, machineId, at: clock.now() }),
    );
    await machines.remove(otherVm);
    assert.deepEqual(await database.read.selectFrom('identity_credentials').selectAll().execute(), []);
    const banned = await host.credential(vm.clientId);
    assert.deepEqual([banned.status, banned.code], [403, 'MachineBanned']);
    const removed = await other.credential(otherVm.clientId);
    assert.deepEqual([removed.status, removed.code], [401, 'MachineNotFound']);
  });
});

describe('the proof of a machine', () => {
  test('is needed', async () => {
    await using machines = await testMachines();
    const { host } = await enrolled(machines, 'vm1');
    const answered = await machines.app.inject({ method: 'GET', url: identitiesPath(host) });
    assert.equal(answered.statusCode, 401);
    for (const authorization of [
      'Proof',
      'Proof x',
      'Bearer a.b.c',
      'proof a.b.c',
      'Proof a.b.c, Proof a.b.c',
    ]) {
      const { status } = await host.call('GET', identitiesPath(host), undefined, { authorization });
      assert.equal(status, 401, authorization);
    }
  });

  test('works once (T12)', async () => {
    await using machines = await testMachines();
    const { host } = await enrolled(machines, 'vm1');
    const path = identitiesPath(host);
    const authorization = await host.prove('GET', path);
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => {
        return (await host.call('GET', path, undefined, { authorization })).status;
      }),
    );
    assert.equal(statuses.filter((status) => status === 200).length, 1);
    assert.equal(statuses.filter((status) => status === 401).length, 19);
  });

  test('holds for its method, address, body, audience, machine and time only', async () => {
    const clock = new TestClock();
    await using machines = await testMachines({ clock });
    const { host } = await enrolled(machines, 'vm1');
    const { host: other } = await enrolled(machines, 'vm2');
    const path = identitiesPath(host);
    const late = new TestClock(clock.now() - 10 * 60_000);
    const early = new TestClock(clock.now() + 10 * 60_000);
    const refused = {
      method: { proven: { method: 'POST' } },
      address: { proven: { url: `${machines.origin}/machines/${host.machineId}/credentials` } },
      host: { proven: { url: `https://elsewhere.example${path}` } },
      body: { proven: { body: '{}' } },
      audience: { audience: 'https://management.azure.com' },
      'key of another machine': { key: other.key },
      'name of another machine': { subject: other.machineId ?? '' },
      expired: { clock: late },
      'not yet begun': { clock: early },
    } as const;
    for (const [what, options] of Object.entries(refused)) {
      const answered = await host.call('GET', path, undefined, options);
      assert.deepEqual([answered.status, answered.code], [401, 'InvalidProof'], what);
    }
    const foreign = await other.call('GET', path);
    assert.deepEqual([foreign.status, foreign.code], [401, 'InvalidProof']);
  });
});

describe('what a machine is told of its identities', () => {
  test('comes at once without a state, and names facts of the resource', async () => {
    await using machines = await testMachines();
    const { host, vm } = await enrolled(machines, 'vm1');
    const { status, body } = await host.call('GET', identitiesPath(host));
    assert.equal(status, 200);
    assert.deepEqual(body['identities'], [
      {
        kind: 'SystemAssigned',
        principalId: vm.principalId,
        clientId: vm.clientId,
        resourceId: vm.resourceId,
        tokensValidFrom: machines.clock.now(),
      },
    ]);
    assert.equal((body['resource'] as { location: string }).location, 'westeurope');
  });

  test('comes when something changes, and not before', async () => {
    await using machines = await testMachines();
    const { host, vm } = await enrolled(machines, 'vm1');
    const unrelated = await machines.virtualMachine('vm2');
    const { body } = await host.call('GET', identitiesPath(host));
    const begun = machines.waiting();
    const waiting = host.call('GET', `${identitiesPath(host)}?after=${body['state']}`);
    await begun;
    await machines.removeIdentity(unrelated);
    await machines.removeIdentity(vm);
    const told = await waiting;
    assert.deepEqual(told.body['identities'], []);
    assert.notEqual(told.body['state'], body['state']);
  });

  test('comes at once where the change was before the question', async () => {
    await using machines = await testMachines();
    const { host, vm } = await enrolled(machines, 'vm1');
    const { body } = await host.call('GET', identitiesPath(host));
    await machines.attach(vm, 'shared');
    const told = await host.call('GET', `${identitiesPath(host)}?after=${body['state']}`);
    assert.equal((told.body['identities'] as unknown[]).length, 2);
  });

  test('ends with the machine while it waits', async () => {
    await using machines = await testMachines();
    const { host, vm } = await enrolled(machines, 'vm1');
    const { body } = await host.call('GET', identitiesPath(host));
    const begun = machines.waiting();
    const waiting = host.call('GET', `${identitiesPath(host)}?after=${body['state']}`);
    await begun;
    await machines.remove(vm);
    assert.equal((await waiting).code, 'MachineNotFound');
  });

  test('comes unchanged at the bound', async () => {
    await using machines = await testMachines({ longPoll: 5 });
    const { host } = await enrolled(machines, 'vm1');
    const { body } = await host.call('GET', identitiesPath(host));
    const told = await host.call('GET', `${identitiesPath(host)}?after=${body['state']}`);
    assert.equal(told.body['state'], body['state']);
  });

  test('comes unchanged as soon as the server closes', async () => {
    await using machines = await testMachines();
    const { host } = await enrolled(machines, 'vm1');
    const { body } = await host.call('GET', identitiesPath(host));
    const begun = machines.waiting();
    const waiting = host.call('GET', `${identitiesPath(host)}?after=${body['state']}`);
    await begun;
    await machines.app.close();
    assert.equal((await waiting).status, 200);
  });
});
