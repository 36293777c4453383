import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ResourceManagementClient } from '@azure/arm-resources';
import { z } from 'zod';
import type { CanonicalId } from '../../src/foundation/ids.ts';
import { ArmError } from '../../src/server/http/dialects/arm.ts';
import { locationOperations, pollingHeaders } from '../../src/server/resource-manager/location-operations.ts';
import {
  type Method,
  type Operation,
  type OperationContext,
  type ResourceType,
  subscriptionOfContext,
} from '../../src/server/resource-manager/provider.ts';
import type { TrackedDependencies } from '../../src/server/resource-manager/tracked-type.ts';
import { azureClientOptions, azureCredential, type SeenRequest } from '../support/azure-clients.ts';
import { testManagement } from '../support/management.ts';

const namespace = 'Test.Polling';
const apiVersion = '2026-01-01';
const kind = 'test-polling';

/** Which of the two addresses a write answers with. */
type Shown = 'both' | 'azure-asyncoperation' | 'location' | 'neither';

/** A type whose every write takes as long as the test wants it to. */
function slowType(
  { database, operations }: TrackedDependencies,
  how: { shown: Shown; state: string },
): readonly ResourceType[] {
  const path = `/subscriptions/{subscriptionId}/providers/${namespace}/things/{name}`;
  const begin = async (context: OperationContext) => {
    const { tenantId, subscriptionId } = subscriptionOfContext(context);
    const operation = await database.transaction((transaction) =>
      operations.begin(transaction, {
        ...{ tenantId, subscriptionId, kind, at: context.at },
        target: context.path.toLowerCase() as CanonicalId,
        startedBy: context.caller.principalId,
      }),
    );
    operations.run(operation);
    const place = { origin: context.origin, namespace, location: 'westus', apiVersion };
    const shown = Object.entries(pollingHeaders(operation, place)).filter(
      ([name]) =>
        how.shown === 'both' || name === 'Retry-After' || name.toLowerCase() === how.shown.toLowerCase(),
    );
    return Object.fromEntries(how.shown === 'neither' ? [] : shown);
  };
  const present = ({ path: id }: OperationContext) => ({
    ...{ id, name: 'thing', type: `${namespace}/things` },
    properties: { provisioningState: how.state },
  });
  const write = (method: Method, status: number, hasBody: boolean) =>
    ({
      method,
      path,
      action: `${namespace}/things/${method === 'DELETE' ? 'delete' : 'write'}`,
      ...(method === 'DELETE' ? {} : { body: z.unknown() }),
      run: async (context: OperationContext) => {
        const headers = await begin(context);
        return { status, headers, ...(hasBody ? { body: present(context) } : {}) };
      },
    }) as Operation;
  const things: ResourceType = {
    ...{ namespace, type: 'things', apiVersions: [apiVersion], owner: 'provider', tracked: false },
    operations: [
      write('PUT', 201, true),
      write('PATCH', 200, true),
      write('DELETE', 202, false),
      {
        method: 'GET',
        path,
        action: `${namespace}/things/read`,
        run: async (context) => ({ status: 200, body: present(context) }),
      },
    ],
  };
  return [things, locationOperations(namespace, [apiVersion], operations)];
}

/** A server with that type, and the end of its work in the hand of the test. */
async function pollingWorld(shown: Shown) {
  await using parts = new AsyncDisposableStack();
  const how = { shown, state: 'Updating' };
  const m = parts.use(await testManagement({ types: (dependencies) => slowType(dependencies, how) }));
  const gate = Promise.withResolvers<void>();
  m.operations.define(kind, () => gate.promise);
  parts.defer(() => gate.resolve());
  const seen: SeenRequest[] = [];
  const { subscriptionId, owner } = m.home;
  const client = new ResourceManagementClient(
    azureCredential(owner),
    subscriptionId,
    azureClientOptions(m, seen),
  );
  const id = `/subscriptions/${subscriptionId}/providers/${namespace}/things/thing`;
  const begin = {
    PUT: () => client.resources.createOrUpdateById(id, apiVersion, { location: 'westus' }),
    PATCH: () => client.resources.updateById(id, apiVersion, { location: 'westus' }),
    DELETE: () => client.resources.deleteById(id, apiVersion),
  };
  const all = parts.move();
  return {
    ...{ m, how, gate, seen, id, begin },
    /** Ends the operation as if somebody had called it off. */
    async cancel() {
      await m.database.transaction((transaction) =>
        transaction
          .updateTable('async_operations')
          .set({ status: 'Canceled', ended_at: m.clock.now() })
          .where('tenant_id', '=', m.home.tenantId)
          .where('kind', '=', kind)
          .execute(),
      );
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Writes are followed by their status alone, as Compute's are: a `Location` would have to answer the resource. */
const matrix = [
  { method: 'PUT', shown: 'azure-asyncoperation' },
  { method: 'PATCH', shown: 'azure-asyncoperation' },
  { method: 'DELETE', shown: 'both' },
  { method: 'DELETE', shown: 'azure-asyncoperation' },
  { method: 'DELETE', shown: 'location' },
] as const;

describe('a long-running operation', () => {
  for (const { method, shown } of matrix) {
    test(`begun by ${method} is followed to its success by the official poller (${shown})`, async () => {
      await using world = await pollingWorld(shown);
      const { m, how, gate, seen, id, begin } = world;
      const poller = begin[method]();
      await poller.submitted();
      assert.equal((await poller.poll()).status, 'running');
      assert.equal(poller.isDone, false);
      how.state = 'Succeeded';
      gate.resolve();
      await m.operations.settled();
      assert.equal((await poller.poll()).status, 'succeeded');
      const result = poller.result as { readonly id?: string } | undefined;
      if (method !== 'DELETE') assert.equal(result?.id, id, 'the resource itself is read at the end');
      for (const { path } of seen.slice(1)) assert.match(path, /api-version=/);
    });

    test(`begun by ${method} that fails shows why (${shown})`, async () => {
      await using world = await pollingWorld(shown);
      const { m, gate, begin } = world;
      const poller = begin[method]();
      await poller.submitted();
      gate.reject(new ArmError('conflict', 'NoRoomAtTheInn', 'There is no room.'));
      await m.operations.settled();
      await assert.rejects(async () => {
        await poller.poll();
        if (poller.operationState?.status === 'failed') throw poller.operationState.error;
      }, /NoRoomAtTheInn|There is no room/);
    });

    test(`begun by ${method} that is called off is over (${shown})`, async () => {
      await using world = await pollingWorld(shown);
      const poller = world.begin[method]();
      await poller.submitted();
      await world.cancel();
      await assert.rejects(async () => {
        const { status, error } = await poller.poll();
        if (status !== 'running') throw error ?? new Error(status);
      }, /cancel/i);
    });
  }

  test('without an address is followed by the state of the resource', async () => {
    await using world = await pollingWorld('neither');
    const { how, begin, id, seen } = world;
    const poller = begin.PUT();
    await poller.submitted();
    assert.equal((await poller.poll()).status, 'running');
    how.state = 'Succeeded';
    assert.equal((await poller.poll()).status, 'succeeded');
    for (const { method, path } of seen.slice(1)) {
      assert.equal(`${method} ${path.split('?')[0]}`.replace('//', '/'), `GET ${id}`);
    }
  });

  test('tells absolute addresses with a version, and when to ask again', async () => {
    await using world = await pollingWorld('both');
    const { m, gate, id } = world;
    const as = m.home.owner;
    const begun = await m.ask('DELETE', `${id}?api-version=${apiVersion}`, { as });
    const [status, monitor] = ['azure-asyncoperation', 'location'].map((name) => {
      const address = new URL(String(begun.headers[name]));
      assert.equal(address.origin, 'https://management.azure.com', 'Go takes no relative address');
      assert.equal(address.searchParams.get('api-version'), apiVersion);
      return `${address.pathname}${address.search}`;
    }) as [string, string];
    assert.equal(begun.headers['retry-after'], '1');
    const running = await m.ask('GET', status, { as });
    assert.deepEqual([running.status, running.body.status], [200, 'InProgress']);
    assert.equal(running.headers['retry-after'], '1');
    assert.ok(running.body.name && running.body.startTime);
    const waiting = await m.ask('GET', monitor, { as });
    assert.deepEqual([waiting.status, waiting.text], [202, '']);
    assert.equal(new URL(String(waiting.headers.location)).pathname, monitor.split('?')[0]);
    gate.resolve();
    await m.operations.settled();
    const over = await m.ask('GET', status, { as });
    assert.deepEqual([over.status, over.body.status], [200, 'Succeeded']);
    assert.ok(over.body.endTime);
    assert.equal(over.headers['retry-after'], undefined);
    const ended = await m.ask('GET', monitor, { as });
    assert.ok([200, 204].includes(ended.status) && ended.text === '', 'without a body');
  });

  test('is shown to who began it and to who may read operations, and to nobody else (T3)', async () => {
    await using world = await pollingWorld('both');
    const { m, id } = world;
    const begun = await m.ask('DELETE', `${id}?api-version=${apiVersion}`, { as: m.home.owner });
    const address = new URL(String(begun.headers['azure-asyncoperation']));
    const path = `${address.pathname}${address.search}`;
    const nobody = await m.application(m.home, 'nobody');
    assert.equal((await m.ask('GET', path, { as: nobody })).status, 403);
    await m.assign(m.home, nobody, 'Reader', `/subscriptions/${m.home.subscriptionId}`);
    assert.equal((await m.ask('GET', path, { as: nobody })).status, 200);
  });

  test('that deletes a group is followed by its location alone, and failed where the deletion failed', async () => {
    let fails = true;
    await using m = await testManagement({
      participant: async () => {
        if (fails) throw new ArmError('conflict', 'StillNeeded', 'It is still needed.');
      },
    });
    const { subscriptionId, owner: as } = m.home;
    const client = new ResourceManagementClient(azureCredential(as), subscriptionId, azureClientOptions(m));
    const vm = `/subscriptions/${subscriptionId}/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/vm1`;
    await client.resourceGroups.createOrUpdate('rg1', { location: 'westus' });
    await m.ask('PUT', `${vm}?api-version=2024-07-01`, { as, body: { location: 'westus' } });
    const refused = client.resourceGroups.delete('rg1');
    await refused.submitted();
    await m.operations.settled();
    await assert.rejects(async () => {
      const { status, error } = await refused.poll();
      if (status === 'failed') throw error;
    }, /ResourceGroupDeletionBlocked|could not be deleted/);
    assert.equal((await client.resourceGroups.get('rg1')).properties?.provisioningState, 'Succeeded');
    fails = false;
    const poller = client.resourceGroups.delete('rg1');
    await poller.submitted();
    await m.operations.settled();
    assert.equal((await poller.poll()).status, 'succeeded');
  });
});
