import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DeploymentsClient } from '@azure/arm-resourcesdeployments';
import { azureClientOptions, azureCredential, collect } from '../support/azure-clients.ts';
import { compiledTemplate } from '../support/compiled-template.ts';
import { responseSchema, violations } from '../support/openapi.ts';
import { sharedFile } from '../support/shared.ts';
import {
  type DeploymentWorld,
  deploymentWorld,
  identityResource,
  subscriptionTemplate,
  template,
} from '../support/template-deployments.ts';

function clientOf({ management }: DeploymentWorld): DeploymentsClient {
  const { owner, subscriptionId } = management.home;
  return new DeploymentsClient(azureCredential(owner), subscriptionId, azureClientOptions(management));
}

describe('the official client of deployments', () => {
  test('deploys what a compiler made: a machine, a role for its identity, modules', async () => {
    await using world = await deploymentWorld();
    const client = clientOf(world);
    const shared = `${world.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared`;
    await world.ask('PUT', `${shared}?api-version=2023-01-31`, { body: { location: 'westeurope' } });
    const deployment = {
      properties: {
        mode: 'Incremental' as const,
        template: compiledTemplate,
        parameters: { machine: { value: { name: 'vm1' } } },
      },
    };
    const checked = await client.deployments.validate('Deployed', 'compiled', deployment);
    assert.equal(checked.properties?.validatedResources?.length, 4);
    const guess = await client.deployments.whatIf('Deployed', 'compiled', deployment);
    assert.equal(guess.status, 'Succeeded');
    assert.deepEqual(
      guess.changes
        ?.map(({ changeType, resourceId }) => [resourceId?.split('/').at(-1), changeType])
        .slice(0, 1),
      [['vm1', 'Create']],
    );

    const made = await client.deployments.createOrUpdate('Deployed', 'compiled', deployment);
    assert.equal(made.properties?.provisioningState, 'Succeeded', JSON.stringify(made.properties?.error));
    const outputs = made.properties?.outputs as Record<string, { value: readonly string[] | string }>;
    const vm = await world.get(
      `${world.group}/providers/Microsoft.Compute/virtualMachines/vm1`,
      '2024-03-01',
    );
    assert.equal(outputs['principalId']?.value, vm.body.identity.principalId);
    const carried = Object.keys(vm.body.identity.userAssignedIdentities);
    assert.deepEqual(
      carried.map((id) => id.toLowerCase()),
      [shared.toLowerCase()],
    );
    assert.equal(outputs['clientIds']?.value.length, 2);
    const roles = await world.ask(
      'GET',
      `${shared}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=atScope()`,
    );
    assert.ok(
      roles.body.value.some(
        (one: { properties: { principalId: string } }) =>
          one.properties.principalId === vm.body.identity.principalId,
      ),
    );
    // once more: names made by guid() are the same, and nothing is made twice
    const again = await client.deployments.createOrUpdate('Deployed', 'compiled', deployment);
    assert.equal(again.properties?.provisioningState, 'Succeeded', JSON.stringify(again.properties?.error));

    const operations = await collect(client.deploymentOperations.list('Deployed', 'compiled'));
    assert.deepEqual(
      operations.map(({ properties }) => properties?.provisioningState),
      operations.map(() => 'Succeeded'),
    );
    const one = operations[0]?.operationId ?? '';
    assert.equal((await client.deploymentOperations.get('Deployed', 'compiled', one)).operationId, one);
    const exported = await client.deployments.exportTemplate('Deployed', 'compiled');
    assert.deepEqual(exported.template, compiledTemplate);
    const all = await collect(client.deployments.listByResourceGroup('Deployed'));
    assert.deepEqual(all.map(({ name }) => name).sort(), ['app-app-a', 'app-app-b', 'compiled']);
    assert.equal((await client.deployments.checkExistence('Deployed', 'compiled')).body, true);
    await client.deployments.delete('Deployed', 'compiled');
    assert.equal((await client.deployments.checkExistence('Deployed', 'compiled')).body, false);
    assert.ok((await client.deployments.calculateTemplateHash(compiledTemplate)).templateHash);
  });

  test('reads a failure, and a refusal, as it reads those of Azure', async () => {
    await using world = await deploymentWorld();
    const client = clientOf(world);
    const deploy = (resources: readonly object[]) =>
      client.deployments.createOrUpdate('Deployed', 'failing', {
        properties: { mode: 'Incremental', template: template(resources) },
      });
    await assert.rejects(deploy([identityResource('x')]), (error: Error & { code?: string }) => {
      assert.match(`${error.code} ${error.message}`, /DeploymentFailed/);
      return true;
    });
    await assert.rejects(deploy([identityResource("[nothing('x')]")]), {
      code: 'InvalidTemplate',
      statusCode: 400,
    });
  });

  test('deploys to a subscription, a management group and the tenant', async () => {
    await using world = await deploymentWorld();
    const client = clientOf(world);
    const { tenantId } = world.management.home;
    const empty = {
      location: 'westeurope',
      properties: { mode: 'Incremental' as const, template: subscriptionTemplate([]) },
    };
    const sub = await client.deployments.createOrUpdateAtSubscriptionScope('s1', {
      ...empty,
      properties: {
        mode: 'Incremental',
        template: subscriptionTemplate([
          {
            type: 'Microsoft.Resources/resourceGroups',
            apiVersion: '2021-04-01',
            name: 'from-sub',
            location: 'westeurope',
          },
        ]),
      },
    });
    assert.equal(sub.properties?.provisioningState, 'Succeeded');
    assert.equal((await collect(client.deployments.listAtSubscriptionScope())).length, 1);
    const group = await client.deployments.createOrUpdateAtManagementGroupScope(tenantId, 'm1', empty);
    assert.equal(group.properties?.provisioningState, 'Succeeded');
    const tenant = await client.deployments.createOrUpdateAtTenantScope('t1', empty);
    assert.equal(tenant.id, '/providers/Microsoft.Resources/deployments/t1');
    assert.equal(tenant.properties?.provisioningState, 'Succeeded');
    const guess = await client.deployments.whatIfAtTenantScope('t2', empty);
    assert.equal(guess.status, 'Succeeded');
    await assert.rejects(client.deployments.createOrUpdateAtManagementGroupScope('nowhere', 'm1', empty), {
      statusCode: 404,
    });
    await client.deployments.deleteAtTenantScope('t1');
    assert.equal((await client.deployments.checkExistenceAtTenantScope('t1')).body, false);
  });
});

const specification = sharedFile(
  'data/openapi/resources/resource-manager/Microsoft.Resources/stable/2022-09-01/resources.json',
);

test('answers about deployments are what the description of the interface says', {
  skip: specification === undefined ? 'the description is not on this machine' : false,
}, async () => {
  await using world = await deploymentWorld();
  const { id, reply } = await world.deploy('described', {
    template: template([identityResource('one'), identityResource('x')], {
      outputs: { one: { type: 'string', value: 'x' } },
    }),
  });
  const place = '/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}';
  const one = `${place}/providers/Microsoft.Resources/deployments/{deploymentName}`;
  const check = (
    route: string,
    method: string,
    answer: { readonly status: number; readonly body: unknown },
  ) => {
    const schema = responseSchema(String(specification), route, method, answer.status);
    assert.ok(schema, `${method} ${route} ${answer.status}`);
    assert.deepEqual(violations(schema, answer.body), [], route);
  };
  const body = { properties: { mode: 'Incremental', template: template([identityResource('two')]) } };
  check(one, 'put', reply);
  check(one, 'get', await world.get(id));
  check(
    `${place}/providers/Microsoft.Resources/deployments/`,
    'get',
    await world.get(id.replace(/\/described$/, '')),
  );
  check(
    `${one}/validate`,
    'post',
    await world.ask('POST', `${id}/validate?api-version=2022-09-01`, { body }),
  );
  check(
    `${one}/exportTemplate`,
    'post',
    await world.ask('POST', `${id}/exportTemplate?api-version=2022-09-01`),
  );
  check(
    `${place}/deployments/{deploymentName}/operations`,
    'get',
    await world.get(`${world.group}/deployments/described/operations`),
  );
  const begun = await world.ask('POST', `${id}/whatIf?api-version=2022-09-01`, { body });
  const link = new URL(String(begun.headers.location));
  check(`${one}/whatIf`, 'post', await world.ask('GET', `${link.pathname}${link.search}`));
});

interface Exchange {
  readonly request: { readonly method: string; readonly uri: string; readonly body: string | object | null };
  readonly response: {
    readonly status: number;
    readonly body: { readonly properties?: Record<string, unknown> } | null;
  };
}

const recording = sharedFile('data/observed/exchanges/test_vm_msi.json');

test('the template that az vm create sends is deployed, and shown as Azure showed it', {
  skip: recording === undefined ? 'the recording is not on this machine' : false,
}, async () => {
  const exchanges = JSON.parse(readFileSync(String(recording), 'utf8')) as readonly Exchange[];
  await using world = await deploymentWorld();
  const { subscriptionId } = world.management.home;
  const own = (text: string) => text.replaceAll('00000000-0000-0000-0000-000000000000', subscriptionId);
  const puts = exchanges.filter(
    ({ request }) => request.method === 'PUT' && /\/deployments\/[^/]+\?/.test(request.uri),
  );
  assert.ok(puts.length > 1);
  for (const { request, response } of puts.slice(0, 2)) {
    const { pathname, search } = new URL(own(request.uri));
    const [group = ''] = /^\/subscriptions\/[^/]+\/resource[gG]roups\/[^/]+/.exec(pathname) ?? [];
    await world.ask('PUT', `${group}?api-version=2021-04-01`, { body: { location: 'westus' } });
    const body = JSON.parse(own(JSON.stringify(request.body))) as object;
    const begun = await world.ask('PUT', `${pathname}${search}`, { body });
    assert.equal(begun.status, 201, begun.text);
    const recorded = JSON.parse(own(JSON.stringify(response.body))) as {
      properties: Record<string, unknown>;
    };
    for (const member of ['mode', 'parameters', 'provisioningState', 'providers', 'dependencies']) {
      assert.deepEqual(begun.body.properties[member], recorded.properties[member], member);
    }
    await world.management.operations.settled();
    const ended = await world.ask('GET', `${pathname}${search}`);
    assert.equal(ended.body.properties.provisioningState, 'Succeeded', ended.text);
    assert.ok(!ended.text.includes('PasswordPassword1!'));
    await world.ask('DELETE', `${pathname}${search}`);
  }
});
