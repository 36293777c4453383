import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDeployment } from '../support/deployment.ts';
import { eventually } from '../support/eventually.ts';
import { askToken } from '../support/metadata-request.ts';

describe('a host whose server is away', () => {
  test('gives the tokens it has, promises no others, and learns what happened once the server is back', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    await using agent = await deployment.agent();
    await agent.enrol(await deployment.joinToken(vm.resourceId));
    await using endpoint = await agent.openEndpoint(vm.resourceId, { kind: 'tcp' });
    const before = await askToken(endpoint);
    assert.equal(before.status, 200);

    await deployment.stop();
    const cached = await askToken(endpoint);
    assert.equal(cached.body['access_token'], before.body['access_token']);
    const other = await askToken(endpoint, { resource: 'https://management.azure.com' });
    assert.equal(other.status, 503);
    assert.match(String(other.headers['retry-after']), /^[1-9]/);
    assert.doesNotMatch(other.text, /unreachable/);

    await deployment.start();
    assert.equal((await askToken(endpoint, { resource: 'https://management.azure.com' })).status, 200);
    await deployment.arm('DELETE', vm.resourceId);
    await eventually(async () => ((await askToken(endpoint)).status === 400 ? true : undefined));
  });

  test('knows who it is after a restart of its own, and asks programs to come back', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    {
      await using agent = await deployment.agent();
      await agent.enrol(await deployment.joinToken(vm.resourceId));
    }
    await deployment.stop();
    await using agent = await deployment.agent();
    await using endpoint = await agent.openEndpoint(vm.resourceId, { kind: 'tcp' });
    assert.equal((await askToken(endpoint)).status, 503);
    await deployment.start();
    assert.equal((await askToken(endpoint)).status, 200);
  });
});
