import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { sha256, testMachines } from '../../../test/support/machines.ts';
import { joinTokenLife } from './enrolment.ts';

describe('a host that enrols', () => {
  test('becomes the resource that its join token names', async () => {
    await using machines = await testMachines();
    const vm = await machines.virtualMachine('vm1');
    const answered = await machines.host().enrol(await machines.joinToken(vm));
    assert.equal(answered.status, 201);
    assert.equal(answered.body['resourceId'], vm.resourceId);
    assert.equal(answered.body['tenantId'], machines.tenantId);
    assert.equal(answered.body['loginOrigin'], 'https://login.microsoftonline.com');
  });

  test('may bring an RSA key', async () => {
    await using machines = await testMachines();
    const host = machines.host('rsa');
    assert.equal(
      (await host.enrol(await machines.joinToken(await machines.virtualMachine('vm1')))).status,
      201,
    );
  });

  test('finds of its join token only the hash in the database', async () => {
    await using machines = await testMachines();
    const token = await machines.joinToken(await machines.virtualMachine('vm1'));
    const [row] = await machines.database.read.selectFrom('join_tokens').selectAll().execute();
    assert.equal(row?.token_hash, sha256(token));
    assert.ok(!JSON.stringify(row).includes(token));
  });

  test('is refused with a token used before, an expired one and an unknown one, in the same words', async () => {
    const clock = new TestClock();
    await using machines = await testMachines({ clock });
    const vm = await machines.virtualMachine('vm1');
    const used = await machines.joinToken(vm);
    const expired = await machines.joinToken(vm);
    assert.equal((await machines.host().enrol(used)).status, 201);
    clock.advance(joinTokenLife);
    const unknown = Buffer.alloc(32, 1).toString('base64url');
    for (const token of [used, expired, unknown]) {
      const answered = await machines.host().enrol(token);
      assert.equal(answered.status, 401);
      assert.equal(answered.code, 'InvalidJoinToken');
      assert.match(JSON.stringify(answered.body), /unknown, was used before, or has expired/);
    }
  });

  test('is refused once its resource is deleted', async () => {
    await using machines = await testMachines();
    const vm = await machines.virtualMachine('vm1');
    const token = await machines.joinToken(vm);
    await machines.remove(vm);
    assert.equal((await machines.host().enrol(token)).code, 'InvalidJoinToken');
  });

  test('does not spend the token where the proof of its key does not hold', async () => {
    await using machines = await testMachines();
    const token = await machines.joinToken(await machines.virtualMachine('vm1'));
    const host = machines.host();
    const other = machines.host();
    const body = { joinToken: token, publicKey: Buffer.from('no key').toString('base64') };
    assert.equal((await host.call('POST', '/enrol', body)).code, 'InvalidPublicKey');
    const stranger = await host.call('POST', '/enrol', { ...body }, { key: other.key });
    assert.equal(stranger.status, 400);
    assert.equal((await host.enrol(token)).status, 201);
  });

  test('is one of two hundred with the same token that ask at once (T12)', async () => {
    await using machines = await testMachines();
    const token = await machines.joinToken(await machines.virtualMachine('vm1'));
    const answers = await Promise.all(Array.from({ length: 200 }, () => machines.host().enrol(token)));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    assert.equal(answers.filter(({ code }) => code === 'InvalidJoinToken').length, 199);
    const rows = await machines.database.read.selectFrom('machines').selectAll().execute();
    assert.equal(rows.length, 1);
  });
});
