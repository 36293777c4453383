import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestPrincipal } from '../support/management.ts';
import {
  type DeploymentWorld,
  deploymentWorld,
  gateResource,
  identityResource,
  template,
} from '../support/template-deployments.ts';

const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';

/** A role for somebody, as a template gives it. */
const roleAssignment = (principalId: string, more: object = {}) => ({
  type: 'Microsoft.Authorization/roleAssignments',
  apiVersion: '2022-04-01',
  name: `[guid(resourceGroup().id, '${principalId}')]`,
  ...more,
  properties: {
    roleDefinitionId: `[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '${owner}')]`,
    principalId,
    principalType: 'ServicePrincipal',
  },
});

describe('a deployment does what its deployer may, and nothing else:', () => {
  let world: DeploymentWorld;
  let contributor: TestPrincipal;
  let atGate: (name: string) => Promise<void>;
  before(async () => {
    world = await deploymentWorld({ atGate: (name) => atGate(name) });
    const { management, group } = world;
    contributor = await management.application(management.home, 'contributor');
    await management.assign(management.home, contributor, 'Contributor', group);
  });
  after(() => world[Symbol.asyncDispose]());

  const detailsOf = (error: { details: readonly { code: string; target: string; message: string }[] }) =>
    error.details.map(({ code }) => code);

  test('who may not deploy is refused, and so is who may deploy and not make what is in the template', async () => {
    const { management, group } = world;
    const nobody = await management.application(management.home, 'nobody');
    const plain = template([identityResource('a')]);
    const { reply } = await world.deploy('none', { template: plain }, { as: nobody });
    assert.deepEqual([reply.status, reply.body.error.code], [403, 'AuthorizationFailed']);

    // a role with deployments/* and virtual machines, and no identities
    const machines = await management.application(management.home, 'machines');
    await management.assign(management.home, machines, 'Virtual Machine Contributor', group);
    const refused = await world.deploy('partial', { template: plain }, { as: machines });
    assert.deepEqual(
      [refused.reply.status, refused.reply.body.error.code],
      [400, 'InvalidTemplateDeployment'],
    );
    assert.deepEqual(detailsOf(refused.reply.body.error), ['AuthorizationFailed']);
    assert.equal(refused.deployment.error.code, 'DeploymentNotFound');
    for (const verb of ['validate', 'whatIf']) {
      const checked = await world.ask('POST', `${refused.id}/${verb}?api-version=2022-09-01`, {
        as: machines,
        body: { properties: { mode: 'Incremental', template: plain } },
      });
      assert.deepEqual(detailsOf(checked.body.error), ['AuthorizationFailed'], verb);
    }
  });

  test('a role in a template takes the right to give roles', async () => {
    const { principalId } = contributor;
    const { reply } = await world.deploy(
      'roles',
      { template: template([roleAssignment(principalId)]) },
      { as: contributor },
    );
    assert.equal(reply.status, 400, reply.text);
    assert.deepEqual(detailsOf(reply.body.error), ['AuthorizationFailed']);
    // neither does a nested deployment help, which is begun while nobody looks
    for (const scope of ['inner', 'outer']) {
      const nested = await world.deploy(
        `nested-${scope}`,
        {
          template: template([
            {
              type: 'Microsoft.Resources/deployments',
              apiVersion: '2022-09-01',
              name: `roles-${scope}`,
              properties: {
                mode: 'Incremental',
                expressionEvaluationOptions: { scope },
                template: template([roleAssignment(principalId)]),
              },
            },
          ]),
        },
        { as: contributor },
      );
      assert.equal(nested.deployment.properties.provisioningState, 'Failed');
      assert.deepEqual(detailsOf(nested.deployment.properties.error), ['InvalidTemplateDeployment']);
      assert.match(JSON.stringify(nested.deployment), /AuthorizationFailed/);
    }
  });

  test('another group takes rights there, and another subscription trust', async () => {
    const { management } = world;
    const other = `/subscriptions/${management.home.subscriptionId}/resourceGroups/other`;
    await world.ask('PUT', `${other}?api-version=2021-04-01`, { body: { location: 'westeurope' } });
    const into = (more: object) =>
      world.deploy(
        'elsewhere',
        {
          template: template([
            {
              type: 'Microsoft.Resources/deployments',
              apiVersion: '2022-09-01',
              name: 'there',
              ...more,
              properties: {
                mode: 'Incremental',
                expressionEvaluationOptions: { scope: 'inner' },
                template: template([identityResource('bbb')]),
              },
            },
          ]),
        },
        { as: contributor },
      );
    const group = await into({ resourceGroup: 'other' });
    assert.deepEqual(detailsOf(group.reply.body.error), ['AuthorizationFailed']);
    const foreign = await into({ subscriptionId: management.foreign.subscriptionId, resourceGroup: 'other' });
    assert.deepEqual(detailsOf(foreign.reply.body.error), ['InvalidAuthenticationTokenTenant']);
    await management.assign(management.home, contributor, 'Contributor', other);
    const allowed = await into({ resourceGroup: 'other' });
    assert.equal(
      allowed.deployment.properties.provisioningState,
      'Succeeded',
      JSON.stringify(allowed.deployment),
    );
  });

  test('what an expression reads, its deployer may read', async () => {
    const { management, group } = world;
    const elsewhere = `/subscriptions/${management.home.subscriptionId}/resourceGroups/hidden`;
    const hidden = `${elsewhere}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/hidden`;
    await world.ask('PUT', `${elsewhere}?api-version=2021-04-01`, { body: { location: 'westeurope' } });
    await world.ask('PUT', `${hidden}?api-version=2023-01-31`, { body: { location: 'westeurope' } });
    const reading = template([], {
      outputs: { it: { type: 'string', value: `[reference('${hidden}', '2023-01-31').principalId]` } },
    });
    const { deployment } = await world.deploy('reads', { template: reading }, { as: contributor });
    assert.equal(deployment.properties.provisioningState, 'Failed');
    assert.deepEqual(detailsOf(deployment.properties.error), ['AuthorizationFailed']);
    assert.ok(!JSON.stringify(deployment).includes('principalId"'), group);
  });

  test('a lock that the deployment itself makes holds for what comes after', async () => {
    const { management } = world;
    const locked = `/subscriptions/${management.home.subscriptionId}/resourceGroups/locked`;
    await world.ask('PUT', `${locked}?api-version=2021-04-01`, { body: { location: 'westeurope' } });
    const { deployment } = await world.deploy(
      'locks',
      {
        template: template([
          {
            type: 'Microsoft.Authorization/locks',
            apiVersion: '2016-09-01',
            name: 'no-more',
            properties: { level: 'ReadOnly' },
          },
          identityResource('late', {
            dependsOn: ["[resourceId('Microsoft.Authorization/locks', 'no-more')]"],
          }),
        ]),
      },
      { scope: locked },
    );
    assert.deepEqual(detailsOf(deployment.properties.error), ['ScopeLocked']);
  });

  test('rights that end while it runs have ended for it', async () => {
    const { management, group } = world;
    const leaving = await management.application(management.home, 'leaving');
    await management.assign(management.home, leaving, 'Contributor', group);
    atGate = async () => {
      const place = `/subscriptions/${management.home.subscriptionId}/providers/Microsoft.Authorization/roleAssignments`;
      const filter = encodeURIComponent(`principalId eq '${leaving.principalId}'`);
      const { body } = await world.ask('GET', `${place}?api-version=2022-04-01&$filter=${filter}`);
      for (const { id } of body.value) await world.ask('DELETE', `${id}?api-version=2022-04-01`);
    };
    const { deployment } = await world.deploy(
      'leaving',
      { template: template([gateResource('g'), identityResource('late', { dependsOn: ['g'] })]) },
      { as: leaving },
    );
    assert.deepEqual(detailsOf(deployment.properties.error), ['AuthorizationFailed']);
    const late = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/late`;
    assert.equal((await world.get(late, '2023-01-31')).status, 404);
  });

  test('a deployer who is gone ends it, whatever else could still be made', async () => {
    const { management, group } = world;
    const gone = await management.application(management.home, 'gone');
    await management.assign(management.home, gone, 'Contributor', group);
    atGate = async () => void management.verifier.gone.add(gone.principalId);
    const later = ['late1', 'late2'].map((name) => identityResource(name, { dependsOn: ['g'] }));
    const { deployment } = await world.deploy(
      'gone',
      { template: template([gateResource('g'), ...later]) },
      { as: gone },
    );
    assert.equal(deployment.properties.provisioningState, 'Failed');
    assert.match(deployment.properties.error.details[0].message, /no longer accepted/);
    for (const name of ['late1', 'late2']) {
      const late = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
      assert.equal((await world.get(late, '2023-01-31')).status, 404);
    }
  });

  test('what was evaluated once is text, and no expression of the template within', async () => {
    atGate = async () => {};
    const { deployment } = await world.deploy('text', {
      parameters: { text: { value: "[concat('in', 'jected')]" } },
      template: template(
        [
          {
            type: 'Microsoft.Resources/deployments',
            apiVersion: '2022-09-01',
            name: 'text-inside',
            properties: {
              mode: 'Incremental',
              template: template([], {
                outputs: { seen: { type: 'string', value: "[parameters('text')]" } },
              }),
            },
          },
        ],
        {
          parameters: { text: { type: 'string' } },
          outputs: { seen: { type: 'string', value: "[reference('text-inside').outputs.seen.value]" } },
        },
      ),
    });
    assert.equal(
      deployment.properties.outputs?.seen.value,
      "[concat('in', 'jected')]",
      JSON.stringify(deployment),
    );
  });

  test('a deployment that asks for itself ends', async () => {
    const inside = {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: "[concat(deployment().name, 'x')]",
      properties: { mode: 'Incremental', template: '[deployment().properties.template]' },
    };
    const { deployment } = await world.deploy('x', { template: template([inside]) });
    assert.equal(deployment.properties?.provisioningState, 'Failed', JSON.stringify(deployment));
  });
});
