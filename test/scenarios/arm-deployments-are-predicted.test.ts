import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Body } from '../support/management.ts';
import {
  type DeploymentWorld,
  deploymentWorld,
  identityResource,
  subscriptionTemplate,
  template,
} from '../support/template-deployments.ts';

const version = 'api-version=2022-09-01';

describe('what a deployment would do', () => {
  let world: DeploymentWorld;
  before(async () => {
    world = await deploymentWorld();
    await world.deploy('made', {
      template: template([
        identityResource('same', { tags: { a: '1' } }),
        identityResource('changing', { tags: { a: '1', b: '2' } }),
        identityResource('beside'),
      ]),
    });
  });
  after(() => world[Symbol.asyncDispose]());

  async function whatIf(properties: object, scope = world.group, more: object = {}): Promise<Body> {
    const path = `${scope}/providers/Microsoft.Resources/deployments/guess/whatIf?${version}`;
    const begun = await world.ask('POST', path, {
      body: { ...more, properties: { mode: 'Incremental', ...properties } },
    });
    assert.equal(begun.status, 202, begun.text);
    const link = new URL(String(begun.headers.location));
    const result = await world.ask('GET', `${link.pathname}${link.search}`);
    assert.equal(result.status, 200);
    assert.equal(result.body.status, 'Succeeded');
    return result.body.properties.changes;
  }

  const byName = (changes: Body) =>
    Object.fromEntries(
      changes.map((change: { resourceId: string }) => [change.resourceId.split('/').at(-1), change]),
    );

  const resources = [
    identityResource('same', { tags: { a: '1' } }),
    identityResource('changing', { tags: { a: '3', c: '4' } }),
    identityResource('new', { tags: { of: "[reference('changing').clientId]" } }),
  ];

  test('is not told of more than anyone can wait for, however short its template is', async () => {
    const loop = (resources: object[], count: number) => ({
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: "[concat('level-', copyIndex())]",
      copy: { name: 'all', count },
      properties: {
        mode: 'Incremental',
        expressionEvaluationOptions: { scope: 'inner' },
        template: template(resources),
      },
    });
    const path = `${world.group}/providers/Microsoft.Resources/deployments/guess/whatIf?${version}`;
    const asked = async (inner: number) =>
      await world.ask('POST', path, {
        body: {
          properties: { mode: 'Incremental', template: template([loop([loop([], inner)], 100)]) },
        },
      });
    const refused = await asked(50);
    assert.equal(refused.status, 400, refused.text);
    assert.equal(refused.body.error.code, 'InvalidTemplate');
    assert.equal((await asked(2)).status, 202);
  });

  test('tells nothing that is listed on request alone', async () => {
    const site = `${world.group}/providers/Microsoft.Web/sites/predicted`;
    const siteConfig = { appSettings: [{ name: 'DB', value: 'canary-setting' }] };
    const made = await world.ask('PUT', `${site}?api-version=2022-03-01`, {
      body: { location: 'westeurope', properties: { siteConfig } },
    });
    assert.equal(made.status, 200, made.text);
    const listed = `[list('${site}/config/appsettings', '2022-03-01').properties.DB]`;
    const changes = await whatIf({
      template: template([identityResource('telling', { tags: { listed } })]),
    });
    assert.deepEqual(byName(changes)['telling'].after.tags, { listed });
    const rows = await world.management.database.read
      .selectFrom('async_operations')
      .select('result')
      .execute();
    assert.doesNotMatch(JSON.stringify(rows), /canary-setting/);
    await world.ask('DELETE', `${site}?api-version=2022-03-01`);
  });

  test('is told by resource and property, and nothing of it is done', async () => {
    const changes = byName(await whatIf({ template: template(resources) }));
    assert.deepEqual(
      Object.fromEntries(Object.entries(changes).map(([name, one]) => [name, (one as Body).changeType])),
      { same: 'NoChange', changing: 'Modify', new: 'Create', beside: 'Ignore' },
    );
    assert.deepEqual(changes['changing'].delta, [
      { path: 'tags.a', propertyChangeType: 'Modify', before: '1', after: '3' },
      { path: 'tags.b', propertyChangeType: 'Delete', before: '2' },
      { path: 'tags.c', propertyChangeType: 'Create', after: '4' },
    ]);
    assert.equal(changes['changing'].before.name, 'changing');
    assert.equal(changes['changing'].after.apiVersion, '2023-01-31');
    assert.equal(changes['new'].before, undefined);
    assert.deepEqual(
      changes['new'].after.tags,
      { of: "[reference('changing').clientId]" },
      'known only later',
    );
    const made = `${world.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/new`;
    assert.equal((await world.get(made, '2023-01-31')).status, 404);
    const none = await world.get(`${world.group}/providers/Microsoft.Resources/deployments/guess`);
    assert.equal(none.status, 404);
  });

  test('in mode Complete includes what would be deleted; ids alone are enough where that is asked', async () => {
    const changes = byName(
      await whatIf({
        mode: 'Complete',
        template: template(resources),
        whatIfSettings: { resultFormat: 'ResourceIdOnly' },
      }),
    );
    for (const change of Object.values(changes) as Body[]) {
      assert.deepEqual([change.before, change.after, change.delta], [undefined, undefined, undefined]);
    }
    assert.deepEqual(
      Object.fromEntries(Object.entries(changes).map(([name, one]) => [name, (one as Body).changeType])),
      { same: 'Deploy', changing: 'Deploy', new: 'Create', beside: 'Delete' },
    );
  });

  test('at a subscription includes what is nested', async () => {
    const scope = `/subscriptions/${world.management.home.subscriptionId}`;
    const changes = await whatIf(
      {
        template: subscriptionTemplate([
          {
            type: 'Microsoft.Resources/resourceGroups',
            apiVersion: '2021-04-01',
            name: 'Deployed',
            location: 'westeurope',
            tags: { env: 'test' },
          },
          {
            type: 'Microsoft.Resources/deployments',
            apiVersion: '2022-09-01',
            name: 'inside',
            resourceGroup: 'Deployed',
            properties: {
              mode: 'Incremental',
              expressionEvaluationOptions: { scope: 'inner' },
              parameters: { name: { value: 'changing' } },
              template: template([identityResource("[parameters('name')]", { tags: {} })], {
                parameters: { name: { type: 'string' } },
              }),
            },
          },
        ]),
      },
      scope,
      { location: 'westeurope' },
    );
    assert.deepEqual(
      changes.map(({ changeType }: Body) => changeType),
      ['Modify', 'Modify'],
    );
    assert.deepEqual(changes[0].delta, [
      { path: 'tags', propertyChangeType: 'Create', after: { env: 'test' } },
    ]);
    assert.deepEqual(
      changes[1].delta.map(({ propertyChangeType }: Body) => propertyChangeType),
      ['Delete', 'Delete'],
    );
  });

  test('has no value of a secure parameter in it', async () => {
    const secret = 'open sesame, please';
    const changes = await whatIf({
      parameters: { secret: { value: secret } },
      template: template([identityResource('new', { tags: { secret: "[parameters('secret')]" } })], {
        parameters: { secret: { type: 'secureString' } },
      }),
    });
    assert.equal(changes[0].after.tags.secret, '*******');
    const rows = await world.management.database.read.selectFrom('async_operations').selectAll().execute();
    assert.ok(!JSON.stringify(rows).includes(secret));
  });

  test('can be asked where nothing may be written', async () => {
    const lock = `${world.group}/providers/Microsoft.Authorization/locks/frozen?api-version=2016-09-01`;
    await world.ask('PUT', lock, { body: { properties: { level: 'ReadOnly' } } });
    const changes = await whatIf({ template: template([]) });
    assert.ok(changes.length > 0);
    const refused = await world.deploy('frozen', { template: template([]) });
    assert.equal(refused.reply.body.error.code, 'ScopeLocked');
    await world.ask('DELETE', lock);
  });

  test('is for who started it, and who may read what operations came to', async () => {
    const { management, group } = world;
    const path = `${group}/providers/Microsoft.Resources/deployments/guess/whatIf?${version}`;
    const { headers } = await world.ask('POST', path, {
      body: { properties: { mode: 'Incremental', template: template([]) } },
    });
    const link = new URL(String(headers.location));
    const nobody = await management.application(management.home, 'curious');
    assert.equal((await world.ask('GET', `${link.pathname}${link.search}`, { as: nobody })).status, 403);
  });
});

describe('a template that is checked', () => {
  let world: DeploymentWorld;
  before(async () => {
    world = await deploymentWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  test('is answered as a deployment that never began', async () => {
    const path = `${world.group}/providers/Microsoft.Resources/deployments/check/validate?${version}`;
    const { status, body } = await world.ask('POST', path, {
      body: { properties: { mode: 'Incremental', template: template([identityResource('one')]) } },
    });
    assert.equal(status, 200);
    const { timestamp, duration, provisioningState, validatedResources } = body.properties;
    assert.deepEqual([timestamp, duration, provisioningState], ['0001-01-01T00:00:00Z', 'PT0S', 'Succeeded']);
    assert.deepEqual(validatedResources, [
      { id: `${world.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one` },
    ]);
    const all = await world.get(`${world.group}/providers/Microsoft.Resources/deployments`);
    assert.deepEqual(all.body.value, []);
  });

  test('may have comments, names without quotes and other marks of people', async () => {
    const path = `${world.group}/providers/Microsoft.Resources/deployments/lenient/validate?${version}`;
    const text = `{"properties": {"parameters": {}, "mode": "Incremental", template:{
      "$schema": "https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#",
      // a comment
      'contentVersion': "1.0.0.0", /* another */
      "resources": [ ],
    }}}`;
    const { status, text: answer } = await world.ask('POST', path, { body: text });
    assert.equal(status, 200, answer);
    const broken = await world.ask('POST', path, { body: text.replace('"Incremental"', '"Incremental') });
    assert.deepEqual([broken.status, broken.body.error.code], [400, 'InvalidRequestContent']);
    const strict = await world.ask('PUT', `${world.group}?api-version=2021-04-01`, {
      body: `{location: "westeurope"}`,
    });
    assert.equal(strict.status, 400, 'everything else is JSON');
  });

  test('may be as large as Azure takes it, and no larger', async () => {
    const path = `${world.group}/providers/Microsoft.Resources/deployments/large/validate?${version}`;
    const sized = (octets: number) => ({
      properties: {
        mode: 'Incremental',
        template: template([], { variables: { long: 'x'.repeat(octets) } }),
      },
    });
    assert.equal((await world.ask('POST', path, { body: sized(3_000_000) })).status, 200);
    const large = await world.ask('POST', path, { body: sized(4_300_000) });
    assert.deepEqual([large.status, large.body.error.code], [413, 'RequestEntityTooLarge']);
    const other = await world.ask('PUT', `${world.group}?api-version=2021-04-01`, {
      body: { location: 'westeurope', tags: { a: 'x'.repeat(1_100_000) } },
    });
    assert.equal(other.status, 413);
  });

  test('has the hash that Azure gives it', async () => {
    const { status, body } = await world.ask(
      'POST',
      '/providers/Microsoft.Resources/calculateTemplateHash?api-version=2021-04-01',
      {
        body: {
          $schema: 'http://schemas.management.azure.com/deploymentTemplate?api-version=2014-04-01-preview',
          contentVersion: '1.0.0.0',
          parameters: { string: { type: 'string' } },
          variables: {
            string: 'string',
            int: 42,
            bool: true,
            array: [1, 2, 3, 4],
            object: { object: { vmSize: 'Large', location: 'West US' } },
          },
          resources: [],
          outputs: { string: { type: 'string', value: 'myvalue' } },
        },
      },
    );
    assert.equal(status, 200);
    assert.equal(body.templateHash, '695440707931307747');
  });
});
