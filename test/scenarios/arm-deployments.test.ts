import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type DeploymentWorld,
  deploymentWorld,
  identityResource,
  subscriptionTemplate,
  template,
} from '../support/template-deployments.ts';

const identities = 'Microsoft.ManagedIdentity/userAssignedIdentities';

describe('a deployment of a template', () => {
  let world: DeploymentWorld;
  before(async () => {
    world = await deploymentWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  const identityId = (name: string) => `${world.group}/providers/${identities}/${name}`;
  const exists = async (id: string) => (await world.get(id, '2023-01-31')).status === 200;

  test('is accepted, runs, and shows what it made; its name may be used again', async () => {
    const { reply, deployment } = await world.deploy('first', {
      template: template([identityResource('one')], {
        outputs: { ClientId: { type: 'string', value: "[reference('one').clientId]" } },
      }),
    });
    assert.equal(reply.status, 201, reply.text);
    assert.equal(reply.body.properties.provisioningState, 'Accepted');
    assert.match(String(reply.headers['azure-asyncoperation']), /\/operationStatuses\/[^?]+\?api-version=/);
    assert.equal(deployment.properties.provisioningState, 'Succeeded', JSON.stringify(deployment));
    const made = await world.get(identityId('one'), '2023-01-31');
    assert.deepEqual(deployment.properties.outputs, {
      clientId: { type: 'String', value: made.body.properties.clientId },
    });
    assert.deepEqual(deployment.properties.outputResources, [{ id: identityId('one') }]);
    const again = await world.deploy('first', { template: template([identityResource('one')]) });
    assert.equal(again.reply.status, 200);
  });

  test('makes resources in the order of their dependencies, loops and conditions included', async () => {
    const { deployment, id } = await world.deploy('ordered', {
      parameters: { wanted: { value: false } },
      template: template(
        [
          identityResource('last', { dependsOn: ['looped'] }),
          identityResource("[concat('loop', copyIndex())]", {
            copy: { name: 'looped', count: 3, mode: 'serial', batchSize: 1 },
            tags: { index: '[string(copyIndex(1))]' },
          }),
          identityResource('never', { condition: "[parameters('wanted')]" }),
        ],
        { parameters: { wanted: { type: 'bool' } } },
      ),
    });
    assert.equal(deployment.properties.provisioningState, 'Succeeded', JSON.stringify(deployment));
    assert.equal(await exists(identityId('never')), false);
    const third = await world.get(identityId('loop2'), '2023-01-31');
    assert.deepEqual(third.body.tags, { index: '3' });
    const { body } = await world.get(`${id}/operations`);
    const made = body.value
      .filter(
        ({ properties }: { properties: { provisioningOperation: string } }) =>
          properties.provisioningOperation === 'Create',
      )
      .map(
        ({ properties }: { properties: { targetResource: { resourceName: string } } }) =>
          properties.targetResource.resourceName,
      );
    assert.deepEqual([...made].sort(), ['last', 'loop0', 'loop1', 'loop2']);
    assert.deepEqual(
      deployment.properties.dependencies.find((one: { resourceName: string }) => one.resourceName === 'last')
        .dependsOn.length,
      3,
    );
  });

  test('keeps back what depends on a failure, makes the rest, and says what failed', async () => {
    const { deployment, id } = await world.deploy('partly', {
      template: template([
        identityResource('x'),
        identityResource('after-x', { dependsOn: ['x'] }),
        identityResource('alone'),
      ]),
    });
    const { properties } = deployment;
    assert.equal(properties.provisioningState, 'Failed');
    assert.equal(properties.error.code, 'DeploymentFailed');
    assert.equal(properties.error.details.length, 1);
    assert.equal(properties.error.details[0].target, identityId('x'));
    assert.deepEqual([await exists(identityId('after-x')), await exists(identityId('alone'))], [false, true]);
    const { body } = await world.get(`${id}/operations`);
    const failed = body.value.find(
      (one: { properties: { provisioningState: string } }) => one.properties.provisioningState === 'Failed',
    );
    assert.equal(failed.properties.statusCode, 'BadRequest');
    assert.equal(failed.properties.statusMessage.error.code, properties.error.details[0].code);
    const one = await world.get(`${id}/operations/${failed.operationId}`);
    assert.deepEqual(one.body, failed);
  });

  test('of symbols reads what exists, and has modules', async () => {
    const { deployment, id } = await world.deploy('symbols', {
      template: template(
        {
          shared: { existing: true, type: identities, apiVersion: '2023-01-31', name: 'shared' },
          module: {
            type: 'Microsoft.Resources/deployments',
            apiVersion: '2022-09-01',
            name: 'module1',
            properties: {
              expressionEvaluationOptions: { scope: 'inner' },
              mode: 'Incremental',
              parameters: {
                name: { value: "[format('{0}-module', reference('shared', '2023-01-31', 'full').name)]" },
              },
              template: template([identityResource("[parameters('name')]")], {
                parameters: { name: { type: 'string' } },
                outputs: { made: { type: 'string', value: "[parameters('name')]" } },
              }),
            },
          },
        },
        {
          languageVersion: '2.0',
          outputs: { made: { type: 'string', value: "[reference('module').outputs.made.value]" } },
        },
      ),
    });
    // nothing of the name is there yet
    assert.equal(deployment.properties.provisioningState, 'Failed', JSON.stringify(deployment));
    assert.equal(deployment.properties.error.details[0].code, 'ResourceNotFound');
    await world.ask('PUT', `${identityId('shared')}?api-version=2023-01-31`, {
      body: { location: 'westeurope' },
    });
    const again = await world.ask('GET', `${id}?api-version=2022-09-01`);
    const { body: exported } = await world.ask('POST', `${id}/exportTemplate?api-version=2022-09-01`);
    assert.equal(again.status, 200);
    const second = await world.deploy('symbols', { template: exported.template });
    assert.equal(
      second.deployment.properties.provisioningState,
      'Succeeded',
      JSON.stringify(second.deployment),
    );
    assert.equal(second.deployment.properties.outputs.made.value, 'shared-module');
    assert.deepEqual(second.deployment.properties.outputResources, [{ id: identityId('shared-module') }]);
    const nested = await world.get(`${world.group}/providers/Microsoft.Resources/deployments/module1`);
    assert.equal(nested.body.properties.provisioningState, 'Succeeded');
  });

  test('at a subscription makes a group and deploys into it', async () => {
    const { subscriptionId } = world.management.home;
    const scope = `/subscriptions/${subscriptionId}`;
    const { deployment, reply } = await world.deploy(
      'sub',
      {
        template: subscriptionTemplate([
          {
            type: 'Microsoft.Resources/resourceGroups',
            apiVersion: '2021-04-01',
            name: 'made-group',
            location: '[deployment().location]',
          },
          {
            type: 'Microsoft.Resources/deployments',
            apiVersion: '2021-04-01',
            name: 'inside',
            resourceGroup: 'made-group',
            dependsOn: ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'made-group')]"],
            properties: {
              mode: 'Incremental',
              expressionEvaluationOptions: { scope: 'inner' },
              template: template([identityResource('inside')]),
            },
          },
        ]),
      },
      { scope, location: 'northeurope' },
    );
    assert.equal(reply.status, 201, reply.text);
    assert.equal(deployment.location, 'northeurope');
    assert.equal(deployment.properties.provisioningState, 'Succeeded', JSON.stringify(deployment));
    const made = await world.get(
      `${scope}/resourceGroups/made-group/providers/${identities}/inside`,
      '2023-01-31',
    );
    assert.equal(made.body.location, 'northeurope');
    const without = await world.deploy('nowhere', { template: subscriptionTemplate([]) }, { scope });
    assert.equal(without.reply.body.error.code, 'LocationRequired');
  });

  test('is refused as a whole where the template is wrong, before anything is done', async () => {
    const refusals: readonly (readonly [object, string])[] = [
      [{ template: { contentVersion: '1.0.0.0', resources: [] } }, 'InvalidTemplate'],
      [{ template: template([], { parameters: { p: { type: 'string' } } }) }, 'InvalidTemplate'],
      [{ template: template([identityResource('one', { dependsOn: ['nothing'] })]) }, 'InvalidTemplate'],
      [{ template: template([identityResource("[noSuchFunction('x')]")]) }, 'InvalidTemplate'],
      [
        { template: template([identityResource('one', { apiVersion: '1999-01-01' })]) },
        'InvalidTemplateDeployment',
      ],
      [
        { template: template([{ type: 'Contoso.Nothing/things', apiVersion: '2020-01-01', name: 'a' }]) },
        'InvalidTemplateDeployment',
      ],
      [{ templateLink: { uri: 'https://example.com/template.json' } }, 'InvalidContentLink'],
      [{ mode: 'Sometimes', template: template([]) }, 'InvalidRequestContent'],
      [{ template: template([]), onErrorDeployment: { type: 'LastSuccessful' } }, 'FeatureNotSupported'],
      [{}, 'InvalidRequestContent'],
    ];
    for (const [properties, code] of refusals) {
      const { reply, deployment } = await world.deploy('refused', properties);
      assert.equal(reply.status, 400, reply.text);
      assert.equal(reply.body.error.code, code, reply.text);
      assert.equal(deployment.error.code, 'DeploymentNotFound');
    }
    const { reply } = await world.deploy('missing', {
      template: template([], { parameters: { p: { type: 'string' } } }),
    });
    assert.equal(reply.body.error.additionalInfo[0].type, 'TemplateViolation');
    assert.equal(
      (await world.deploy('a%20b', { template: template([]) })).reply.body.error.code,
      'InvalidResourceName',
    );
  });

  test('shows nothing secure, anywhere, and keeps nothing of it', async () => {
    const secret = 'correct horse battery staple';
    const { deployment, id } = await world.deploy('secure', {
      parameters: { password: { value: secret } },
      template: template(
        [
          identityResource('holder', { tags: { length: "[string(length(parameters('password')))]" } }),
          {
            type: 'Microsoft.Resources/deployments',
            apiVersion: '2022-09-01',
            name: 'outer',
            properties: {
              mode: 'Incremental',
              template: template([], { variables: { copied: "[parameters('password')]" } }),
            },
          },
          identityResource("[concat(parameters('password'), '!')]", { dependsOn: ['holder'] }),
        ],
        {
          parameters: { password: { type: 'securestring', defaultValue: 'a default nobody should see' } },
          outputs: { password: { type: 'securestring', value: "[parameters('password')]" } },
        },
      ),
    });
    assert.deepEqual(deployment.properties.parameters, { password: { type: 'SecureString' } });
    const shown = await Promise.all([
      world.get(id),
      world.get(`${id}/operations`),
      world.get(`${world.group}/providers/Microsoft.Resources/deployments`),
      world.ask('POST', `${id}/exportTemplate?api-version=2022-09-01`),
      world.ask('POST', `${id.replace(/secure$/, 'outer')}/exportTemplate?api-version=2022-09-01`),
    ]);
    for (const { text, status } of shown) {
      assert.equal(status, 200, text);
      assert.ok(!text.includes(secret), text);
      assert.ok(!text.includes('nobody should see'), text);
    }
    const rows = await world.management.database.read.selectFrom('deployments').selectAll().execute();
    for (const row of rows) {
      assert.equal(row.inputs_sealed, null, `${row.name} keeps its inputs`);
      assert.ok(!Buffer.from(row.template_sealed).includes(secret));
      assert.ok(!row.shown.includes(secret));
    }
  });

  test('is listed, newest first and by state, found by HEAD, and goes when it is deleted', async () => {
    const all = `${world.group}/providers/Microsoft.Resources/deployments`;
    const { body, text } = await world.get(all);
    assert.ok(body.value?.length > 4, text);
    const failed = await world.ask(
      'GET',
      `${all}?api-version=2022-09-01&$filter=provisioningState%20eq%20'Failed'`,
    );
    assert.ok(failed.body.value.length > 0);
    for (const one of failed.body.value) assert.equal(one.properties.provisioningState, 'Failed');
    const page = await world.ask('GET', `${all}?api-version=2022-09-01&$top=1`);
    assert.equal(page.body.value.length, 1);
    assert.ok(page.body.nextLink);

    const one = `${all}/first?api-version=2022-09-01`;
    assert.equal((await world.ask('HEAD', one)).status, 204);
    const gone = await world.ask('DELETE', one);
    assert.equal(gone.status, 202);
    assert.ok(gone.headers.location);
    assert.equal((await world.ask('HEAD', one)).status, 404);
    assert.equal((await world.ask('DELETE', one)).status, 204);
    assert.ok(await exists(identityId('one')), 'what it made stays');
    const short = await world.get(`${world.group}/deployments/ordered/operations`);
    assert.equal(short.body.value.length, 5);
  });

  test('in mode Complete deletes what the template does not list', async () => {
    const group = `/subscriptions/${world.management.home.subscriptionId}/resourceGroups/complete`;
    await world.ask('PUT', `${group}?api-version=2021-04-01`, { body: { location: 'westeurope' } });
    const resources = (names: readonly string[]) => template(names.map((name) => identityResource(name)));
    await world.deploy('both', { template: resources(['keep', 'drop']) }, { scope: group });
    const { deployment, id } = await world.deploy(
      'only',
      { mode: 'Complete', template: resources(['keep']) },
      { scope: group },
    );
    assert.equal(deployment.properties.provisioningState, 'Succeeded', JSON.stringify(deployment));
    const { body } = await world.get(`${group}/resources`, '2021-04-01');
    assert.deepEqual(
      body.value.map(({ name }: { name: string }) => name),
      ['keep'],
    );
    const steps = await world.get(`${id}/operations`);
    assert.ok(
      steps.body.value.some(
        (one: { properties: { provisioningOperation: string } }) =>
          one.properties.provisioningOperation === 'Delete',
      ),
    );

    const lock = `${group}/providers/Microsoft.Authorization/locks/hold?api-version=2016-09-01`;
    await world.ask('PUT', lock, { body: { properties: { level: 'CanNotDelete' } } });
    const held = await world.deploy('none', { mode: 'Complete', template: resources([]) }, { scope: group });
    assert.equal(held.deployment.properties.provisioningState, 'Failed');
    assert.equal(held.deployment.properties.error.details[0].code, 'ScopeLocked');
    await world.ask('DELETE', lock);
    const nested = await world.deploy('nested', {
      template: template([
        {
          type: 'Microsoft.Resources/deployments',
          apiVersion: '2022-09-01',
          name: 'inner-complete',
          properties: { mode: 'Complete', template: template([]) },
        },
      ]),
    });
    assert.equal(nested.deployment.properties.error.details[0].code, 'InvalidTemplate');
  });

  test('registers the providers of what it makes, where the subscription does without them', async () => {
    const provider = `/subscriptions/${world.management.home.subscriptionId}/providers/Microsoft.Network`;
    await world.ask('POST', `${provider}/unregister?api-version=2021-04-01`);
    const network = {
      type: 'Microsoft.Network/virtualNetworks',
      apiVersion: '2023-04-01',
      name: 'net',
      location: 'westeurope',
      properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
    };
    const check = `${world.group}/providers/Microsoft.Resources/deployments/network/validate?api-version=2022-09-01`;
    const properties = { mode: 'Incremental', template: template([network]) };
    assert.equal((await world.ask('POST', check, { body: { properties } })).status, 200);
    const { deployment, reply } = await world.deploy('network', properties);
    assert.equal(deployment.properties?.provisioningState, 'Succeeded', reply.text);
  });

  test('makes no more of itself than can be kept: values and dependencies are bounded', async () => {
    const grown = "[concat(split(padLeft('', 2000000, ','), ','), split(padLeft('', 2000000, ','), ','))]";
    const { reply } = await world.deploy('grown', {
      template: template([], { parameters: { p: { type: 'array', defaultValue: grown } } }),
    });
    assert.deepEqual(
      [reply.status, reply.body.error.code],
      [400, 'InvalidTemplate'],
      reply.text.slice(0, 300),
    );
    const loop = (name: string, more: object) =>
      identityResource(`[concat('${name}', copyIndex())]`, { copy: { name, count: 150 }, ...more });
    const { body, status } = await world.ask(
      'POST',
      `${world.group}/providers/Microsoft.Resources/deployments/loops/validate?api-version=2022-09-01`,
      {
        body: {
          properties: {
            mode: 'Incremental',
            template: template([loop('first', {}), loop('second', { dependsOn: ['first'] })]),
          },
        },
      },
    );
    assert.equal(status, 200);
    const shown = body.properties.dependencies.flatMap((one: { dependsOn: object[] }) => one.dependsOn);
    assert.equal(shown.length, 10_000);
  });

  test('goes with its group', async () => {
    const group = `/subscriptions/${world.management.home.subscriptionId}/resourceGroups/going`;
    await world.ask('PUT', `${group}?api-version=2021-04-01`, { body: { location: 'westeurope' } });
    await world.deploy('gone', { template: template([identityResource('a')]) }, { scope: group });
    await world.ask('DELETE', `${group}?api-version=2021-04-01`);
    await world.management.operations.settled();
    await world.ask('PUT', `${group}?api-version=2021-04-01`, { body: { location: 'westeurope' } });
    const { body } = await world.get(`${group}/providers/Microsoft.Resources/deployments`);
    assert.deepEqual(body.value, []);
  });
});
