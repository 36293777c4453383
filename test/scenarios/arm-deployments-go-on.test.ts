import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CanonicalId } from '../../src/foundation/ids.ts';
import {
  findResourceGroup,
  saveResourceGroup,
} from '../../src/server/resource-manager/resource-group-store.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { testDatabase } from '../support/database.ts';
import {
  deploymentWorld,
  gateResource,
  identityResource,
  template,
} from '../support/template-deployments.ts';

const version = 'api-version=2022-09-01';
const identityType = 'Microsoft.ManagedIdentity/userAssignedIdentities';

/** Opens when the test says so, and tells when somebody stands before it. */
function gate() {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: opened.resolve,
    pass: async () => {
      reached.resolve();
      await opened.promise;
    },
  };
}

describe('a deployment that takes its time', () => {
  test('is under way to pollers, has its name to itself, and is over when it is over', async () => {
    const stop = gate();
    await using world = await deploymentWorld({ atGate: stop.pass });
    const id = `${world.group}/providers/Microsoft.Resources/deployments/slow`;
    const body = { properties: { mode: 'Incremental', template: template([gateResource('g')]) } };
    const begun = await world.ask('PUT', `${id}?${version}`, { body });
    await stop.reached;
    const status = new URL(String(begun.headers['azure-asyncoperation']));
    const poll = async () => await world.ask('GET', `${status.pathname}${status.search}`);
    const running = await poll();
    assert.deepEqual([running.status, running.body.status], [200, 'Running']);
    assert.equal(running.headers['retry-after'], '1');
    for (const [method, path] of [
      ['PUT', id],
      ['DELETE', id],
    ] as const) {
      const again = await world.ask(method, `${path}?${version}`, method === 'PUT' ? { body } : {});
      assert.deepEqual([again.status, again.body.error.code], [409, 'DeploymentActive'], method);
    }
    const foreign = await world.management.application(world.management.home, 'foreign');
    assert.equal((await world.ask('GET', `${status.pathname}${status.search}`, { as: foreign })).status, 403);
    stop.open();
    await world.management.operations.settled();
    assert.deepEqual((await poll()).body, { status: 'Succeeded' });
  });

  test('does not begin in a group that began to go meanwhile', async () => {
    await using real = await testDatabase();
    let meanwhile = async () => {};
    const database = new Proxy(real, {
      get(target, name) {
        if (name === 'transaction') {
          return async (work: Parameters<Database['transaction']>[0]) => {
            await meanwhile();
            return await target.transaction(work);
          };
        }
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    await using world = await deploymentWorld({ database });
    const { tenantId } = world.management.home;
    meanwhile = async () => {
      await real.transaction(async (transaction) => {
        const canonical = world.group.toLowerCase() as CanonicalId;
        const group = await findResourceGroup(transaction, tenantId, canonical);
        assert.ok(group);
        await saveResourceGroup(transaction, { ...group, provisioningState: 'Deleting' }, 1);
      });
    };
    const id = `${world.group}/providers/Microsoft.Resources/deployments/late`;
    const body = { properties: { mode: 'Incremental', template: template([]) } };
    const refused = await world.ask('PUT', `${id}?${version}`, { body });
    assert.deepEqual([refused.status, refused.body.error.code], [409, 'ResourceGroupBeingDeleted']);
    assert.equal((await world.get(id)).status, 404);
  });

  test('is canceled between two steps, with what is nested in it', async () => {
    const stop = gate();
    await using world = await deploymentWorld({ atGate: stop.pass });
    const id = `${world.group}/providers/Microsoft.Resources/deployments/canceled`;
    const nested = {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: 'canceled-inside',
      properties: {
        mode: 'Incremental',
        expressionEvaluationOptions: { scope: 'inner' },
        template: template([gateResource('g'), identityResource('later', { dependsOn: ['g'] })]),
      },
    };
    const body = { properties: { mode: 'Incremental', template: template([nested]) } };
    await world.ask('PUT', `${id}?${version}`, { body });
    await stop.reached;
    assert.equal((await world.ask('POST', `${id}/cancel?${version}`)).status, 204);
    stop.open();
    await world.management.operations.settled();
    for (const name of ['canceled', 'canceled-inside']) {
      const { body: after } = await world.get(
        `${world.group}/providers/Microsoft.Resources/deployments/${name}`,
      );
      assert.equal(after.properties.provisioningState, 'Canceled', name);
    }
    assert.equal(
      (await world.get(`${world.group}/providers/${identityType}/later`, '2023-01-31')).status,
      404,
    );
    const late = await world.ask('POST', `${id}/cancel?${version}`);
    assert.deepEqual([late.status, late.body.error.code], [409, 'DeploymentCannotBeCancelled']);
  });

  test('and whose process ends is finished by the next one, where it was left', async () => {
    await using database = await testDatabase();
    const passed: string[] = [];
    const stop = gate();
    await using one = await deploymentWorld({
      database,
      atGate: async (name) => {
        passed.push(`one ${name}`);
        if (name === 'second') await stop.pass();
      },
    });
    const id = `${one.group}/providers/Microsoft.Resources/deployments/left`;
    const nested = {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: 'left-inside',
      dependsOn: ['first'],
      properties: {
        mode: 'Incremental',
        expressionEvaluationOptions: { scope: 'inner' },
        template: template([gateResource('second'), gateResource('third', { dependsOn: ['second'] })]),
      },
    };
    const properties = {
      mode: 'Incremental',
      template: template([gateResource('first'), nested], {
        parameters: { once: { type: 'string', defaultValue: '[newGuid()]' } },
        outputs: { once: { type: 'string', value: "[parameters('once')]" } },
      }),
    };
    const { body: begun } = await one.ask('PUT', `${id}?${version}`, { body: { properties } });
    await stop.reached;
    const ending = one.management.operations[Symbol.asyncDispose]();
    stop.open();
    await ending;
    const { body: left } = await one.get(id);
    assert.equal(left.properties.provisioningState, 'Running');

    await using two = await deploymentWorld({
      database,
      atGate: async (name) => void passed.push(`two ${name}`),
    });
    two.management.clock.advance(60_000);
    await two.management.operations.start();
    await two.management.operations.settled();
    const { body: ended } = await one.get(id);
    assert.equal(ended.properties.provisioningState, 'Succeeded', JSON.stringify(ended));
    assert.equal(ended.properties.outputs.once.value, begun.properties.parameters.once.value);
    assert.deepEqual(passed.slice(0, 2), ['one first', 'one second']);
    assert.ok(!passed.includes('two first'), 'what was done is not done again');
    assert.equal(passed.at(-1), 'two third');
  });

  test('makes a hundred resources, ten at once at most', async () => {
    let [at, most] = [0, 0];
    await using world = await deploymentWorld({
      atGate: async () => {
        at += 1;
        most = Math.max(most, at);
        await Promise.resolve();
        at -= 1;
      },
    });
    const { deployment, id } = await world.deploy('hundred', {
      template: template([
        identityResource("[format('identity{0}', copyIndex())]", { copy: { name: 'ids', count: 90 } }),
        gateResource("[format('gate{0}', copyIndex())]", { copy: { name: 'gates', count: 10 } }),
      ]),
    });
    assert.equal(deployment.properties.provisioningState, 'Succeeded', JSON.stringify(deployment));
    assert.equal(deployment.properties.outputResources.length, 100);
    assert.ok(most <= 10);
    const first = await world.ask('GET', `${id}/operations?${version}&$top=60`);
    assert.equal(first.body.value.length, 60);
    const link = new URL(first.body.nextLink);
    const second = await world.ask('GET', `${link.pathname}${link.search}`);
    assert.equal(second.body.value.length, 41);
    assert.equal(second.body.nextLink, undefined);
  });

  test('leaves 800 of its kind at a scope, the oldest go', async () => {
    await using world = await deploymentWorld();
    const { database, home } = world.management;
    await world.deploy('newest', { template: template([]) });
    const row = await database.read.selectFrom('deployments').selectAll().executeTakeFirstOrThrow();
    await database.transaction(async (transaction) => {
      for (let index = 0; index < 850; index += 1) {
        const canonical = row.canonical.replace('newest', `old${index}`);
        await transaction
          .insertInto('deployments')
          .values({
            ...row,
            canonical,
            name: `old${index}`,
            started_at: Number(row.started_at) - 1000 + index,
          })
          .execute();
      }
    });
    await world.deploy('one-more', { template: template([]) });
    const { count } = await database.read
      .selectFrom('deployments')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('tenant_id', '=', home.tenantId)
      .executeTakeFirstOrThrow();
    assert.equal(Number(count), 800);
    assert.equal((await world.get(row.deployment_id)).status, 200);
    assert.equal((await world.get(row.deployment_id.replace('newest', 'old0'))).status, 404);
  });
});
