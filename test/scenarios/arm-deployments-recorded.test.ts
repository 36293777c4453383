import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sharedFile } from '../support/shared.ts';
import { deploymentWorld } from '../support/template-deployments.ts';

interface Exchange {
  readonly request: { readonly method: string; readonly uri: string; readonly body: string | null };
  readonly response: { readonly status: number; readonly body: object | null };
}

const recordings = ['test_resource_group_deployment', 'test_resource_group_level_what_if'].map((name) =>
  sharedFile(`data/observed/exchanges/${name}.json`),
);
const recordedSubscription = '00000000-0000-0000-0000-000000000000';

test('templates that the Azure CLI had checked are answered as Azure answered, hash and refusals included', {
  skip: recordings.includes(undefined) ? 'the recordings are not on this machine' : false,
}, async () => {
  await using world = await deploymentWorld();
  const { subscriptionId } = world.management.home;
  /** Without what names one deployment, one call or one subscription; names of storage accounts are made of those. */
  const essence = (body: unknown): unknown =>
    JSON.parse(
      JSON.stringify(body)
        .replaceAll(subscriptionId, recordedSubscription)
        .replace(/"correlationId":"[^"]+"/g, '"correlationId":""')
        .replace(/\/deployments\/[^"/]+"/g, '/deployments/one"')
        .replace(/"name":"[^"]+","type":"Microsoft.Resources\/deployments"/g, '"name":"one"')
        .replace(/storageAccounts\/store[a-z0-9]{13}/g, 'storageAccounts/store'),
    );
  let compared = 0;
  for (const file of recordings) {
    const exchanges = JSON.parse(readFileSync(String(file), 'utf8')) as readonly Exchange[];
    for (const { request, response } of exchanges) {
      if (request.method !== 'POST' || !request.uri.includes('/validate?')) continue;
      const { pathname, search } = new URL(request.uri.replaceAll(recordedSubscription, subscriptionId));
      const [group = ''] = /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+/i.exec(pathname) ?? [];
      await world.ask('PUT', `${group}?api-version=2021-04-01`, { body: { location: 'westus' } });
      const { status, body, headers } = await world.ask('POST', `${pathname}${search}`, {
        body: request.body,
      });
      assert.equal(status, response.status, JSON.stringify(body));
      assert.deepEqual(essence(body), essence(response.body));
      if (status === 400) assert.equal(headers['x-ms-failure-cause'], 'gateway');
      compared += 1;
    }
  }
  assert.ok(compared > 4, String(compared));
});
