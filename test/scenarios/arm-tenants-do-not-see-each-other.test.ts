import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { createOperationRegistry } from '../../src/server/resource-manager/operation-registry.ts';
import {
  type Body,
  type Reply,
  type TestManagement,
  type TestTenant,
  testManagement,
} from '../support/management.ts';
import { recordedSamples } from '../support/recorded-types.ts';

/** Things that a tenant has, and things that it has not, for the parameters of every path. */
type Things = Readonly<Record<string, string>>;

/** What the routes name beside scopes; a parameter that is missing here fails the suite. */
function thingsOf(existing: {
  operationId: string;
  assignment: string;
  alias: string;
  name: string;
  credential: string;
  lock: string;
  managementGroup: string;
  deployment: string;
  tag: string;
}): Things {
  return {
    resourceGroupName: 'rg1',
    name: existing.name,
    name1: existing.name,
    publisher: 'Debian',
    offer: 'debian-12',
    sku: '12-gen2',
    version: 'latest',
    credential: existing.credential,
    operationId: existing.operationId,
    location: 'westus',
    lockName: existing.lock,
    groupId: existing.managementGroup,
    deploymentName: existing.deployment,
    tagName: existing.tag,
    tagValue: existing.tag,
    aliasName: existing.alias,
    kid: 'no-such-key-anywhere',
    roleAssignmentName: existing.assignment,
    roleDefinitionId: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
    resourceProviderNamespace: 'Microsoft.Compute',
  };
}

function fillIn(template: string, things: Things, scope: string, subscriptionId: string): string {
  return template
    .replace(/^\/\{scope\}/, scope)
    .replace('{subscriptionId}', subscriptionId)
    .replace(/\{([A-Za-z0-9]+)\}/g, (_whole, name: string) => {
      // what has no example here is compared as something that neither tenant has
      return things[name] ?? `some-${name.toLowerCase()}`;
    });
}

/** What may tell two answers apart. Ids that the request itself carried are taken out. */
function visible(reply: Reply, hidden: readonly string[]): object {
  let text = reply.text;
  for (const each of hidden) text = text.replaceAll(each, 'X');
  return { status: reply.status, text, challenge: reply.headers['www-authenticate'] };
}

async function furnish(m: TestManagement, tenant: TestTenant, vault: string) {
  const as = tenant.owner;
  const group = `/subscriptions/${tenant.subscriptionId}/resourceGroups/rg1`;
  const vm = (name: string) =>
    `${group}/providers/Microsoft.Compute/virtualMachines/${name}?api-version=2024-07-01`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
  for (const name of ['vm1', 'gone']) {
    await m.ask('PUT', vm(name), { as, body: { location: 'westus', identity: { type: 'SystemAssigned' } } });
  }
  await m.ask('PUT', `${group}/providers/Microsoft.KeyVault/vaults/${vault}?api-version=2023-02-01`, {
    as,
    body: {
      location: 'westus',
      properties: { tenantId: tenant.tenantId, sku: { family: 'A', name: 'standard' } },
    },
  });
  const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/vm1`;
  await m.ask('PUT', `${identity}?api-version=2024-11-30`, { as, body: { location: 'westus' } });
  const credential = 'federated';
  const trusted = { issuer: 'https://issuer.example', subject: 'a', audiences: ['b'] };
  const credentialPath = `${identity}/federatedIdentityCredentials/${credential}?api-version=2024-11-30`;
  const made = await m.ask('PUT', credentialPath, { as, body: { properties: trusted } });
  assert.equal(made.status, 201, made.text);
  const deleted = await m.ask('DELETE', vm('gone'), { as });
  const operationId = /operations\/([^?]+)/.exec(String(deleted.headers.location))?.[1];
  const assignment = systemRandomness.uuid();
  await m.ask(
    'PUT',
    `/providers/Microsoft.Authorization/roleAssignments/${assignment}?api-version=2022-04-01`,
    {
      as,
      body: {
        properties: {
          roleDefinitionId:
            '/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7',
          principalId: tenant.owner.principalId,
        },
      },
    },
  );
  const alias = `alias-${vault}`;
  await m.ask('PUT', `/providers/Microsoft.Subscription/aliases/${alias}?api-version=2021-10-01`, {
    as,
    body: { properties: { displayName: 'x' } },
  });
  const [lock, managementGroup] = [`lock-${vault}`, `group-${vault}`];
  const root = '/providers/Microsoft.Management/managementGroups';
  const its = `${root}/${managementGroup}`;
  await m.ask('PUT', `${its}?api-version=2023-04-01`, { as, body: {} });
  await m.ask('PUT', `${its}/subscriptions/${tenant.subscriptionId}?api-version=2023-04-01`, { as });
  for (const scope of [group, `/subscriptions/${tenant.subscriptionId}`]) {
    const path = `${scope}/providers/Microsoft.Authorization/locks/${lock}?api-version=2020-05-01`;
    const locked = await m.ask('PUT', path, { as, body: { properties: { level: 'CanNotDelete' } } });
    assert.equal(locked.status, 201, locked.text);
  }
  const deployment = `deployment-${vault}`;
  const template = {
    $schema: 'https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#',
  };
  for (const scope of ['', its]) {
    const path = `${scope}/providers/Microsoft.Resources/deployments/${deployment}?api-version=2022-09-01`;
    const properties = {
      mode: 'Incremental',
      template: { ...template, contentVersion: '1.0.0.0', resources: [] },
    };
    const deployed = await m.ask('PUT', path, { as, body: { location: 'westus', properties } });
    assert.equal(deployed.status, 201, deployed.text);
  }
  await m.operations.settled();
  const tag = `tag-${vault}`;
  const tagged = `${group}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01`;
  await m.ask('PATCH', tagged, { as, body: { operation: 'Merge', properties: { tags: { [tag]: tag } } } });
  assert.ok(operationId);
  const names = { name: 'vm1', credential, lock, managementGroup, deployment, tag };
  return { operationId, assignment, alias, ...names };
}

describe("another tenant's", () => {
  test('things look as if they were not there, on every route that is registered', async () => {
    await using m = await testManagement();
    const theirs = await furnish(m, m.foreign, 'foreign-kv');
    const there = thingsOf(theirs);
    const nothing = {
      operationId: systemRandomness.uuid(),
      assignment: systemRandomness.uuid(),
      alias: 'no-such',
      name: 'no-such',
      credential: 'no-credential',
      lock: 'absent-lock',
      managementGroup: 'absent-group',
      deployment: 'absent-deployment',
      tag: 'absent-tag',
    };
    const absent = { ...thingsOf(nothing), resourceGroupName: 'no-such' };
    const before = await snapshot(m);

    let compared = 0;
    const types = [...m.types, ...recordedSamples(m.types)];
    for (const { operation, openTo, type } of createOperationRegistry(types).operations) {
      if (openTo !== 'nobody-else') continue;
      const version = `api-version=${type.apiVersions.at(-1)}`;
      const scopes = operation.path.startsWith('/{scope}')
        ? [
            '',
            '/providers/Microsoft.Management/managementGroups/{groupId}',
            `/subscriptions/{subscriptionId}`,
            '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}',
            '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute/virtualMachines/{name}',
          ]
        : [''];
      for (const scope of scopes) {
        const template = operation.path.replace(/^\/\{scope\}/, scope);
        // makes one of one's own
        if (
          /\/(?:aliases\/\{aliasName\}|managementGroups\/\{groupId\})$/.test(template) &&
          operation.method === 'PUT'
        )
          continue;
        if (!template.includes('{') || (template.endsWith('{roleDefinitionId}') && scope === '')) continue;
        if (operation.method === 'PUT' && scope === '' && operation.path.startsWith('/{scope}')) continue;
        const ask = (things: Things) => {
          const path = fillIn(template, things, '', m.foreign.subscriptionId);
          return m.ask(operation.method, `${path}?${version}`, {
            as: m.home.owner,
            ...(operation.body === undefined ? {} : { body: { location: 'westus' } }),
          });
        };
        const hidden = [...Object.values(theirs), ...Object.values(nothing), 'rg1'];
        const [one, other] = [await ask(there), await ask(absent)];
        assert.deepEqual(visible(one, hidden), visible(other, hidden), `${operation.method} ${template}`);
        const subscribed = template.startsWith('/subscriptions/{subscriptionId}');
        assert.ok(
          (subscribed ? one.status === 401 : one.status >= 400 && one.status < 500) ||
            (operation.method === 'DELETE' && one.status === 204),
          `${operation.method} ${template}: ${one.status} ${one.text}`,
        );
        compared += 1;
      }
    }
    assert.ok(compared > 30, `only ${compared} routes were compared`);
    assert.deepEqual(await snapshot(m), before, 'nothing of theirs changed');
  });

  test('subscriptions, groups, resources and assignments are in no list', async () => {
    await using m = await testManagement();
    await furnish(m, m.foreign, 'foreign-kv');
    await furnish(m, m.home, 'home-kv');
    const as = m.home.owner;
    const place = `/subscriptions/${m.home.subscriptionId}`;
    for (const path of [
      '/subscriptions?api-version=2022-12-01',
      '/tenants?api-version=2022-12-01',
      '/providers/Microsoft.Subscription/aliases?api-version=2021-10-01',
      '/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01',
      '/providers/Microsoft.Management/managementGroups?api-version=2023-04-01',
      `/providers/Microsoft.Management/managementGroups/${m.home.tenantId}/descendants?api-version=2023-04-01`,
      `${place}/providers/Microsoft.Authorization/locks?api-version=2020-05-01`,
      `${place}/resourceGroups?api-version=2022-09-01`,
      `${place}/resources?api-version=2022-09-01`,
      `${place}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01`,
      `${place}/providers/Microsoft.KeyVault/vaults?api-version=2023-02-01`,
    ]) {
      const reply = await m.ask('GET', path, { as });
      assert.equal(reply.status, 200, path);
      assert.ok(reply.body.value.length > 0, path);
      for (const secret of [
        m.foreign.tenantId,
        m.foreign.subscriptionId,
        m.foreign.owner.principalId,
        'foreign',
      ]) {
        assert.ok(!reply.text.includes(secret), `${path} shows ${secret}`);
      }
    }
  });

  test('subscription cannot be taken over by an alias', async () => {
    await using m = await testManagement();
    const body = (subscriptionId: string): Body => ({ properties: { displayName: 'x', subscriptionId } });
    const path = '/providers/Microsoft.Subscription/aliases/mine?api-version=2021-10-01';
    const taken = await m.ask('PUT', path, { as: m.home.owner, body: body(m.foreign.subscriptionId) });
    const invented = systemRandomness.uuid();
    const unknown = await m.ask('PUT', path, { as: m.home.owner, body: body(invented) });
    assert.equal(taken.status, 404);
    assert.equal(taken.text.replace(m.foreign.subscriptionId, invented), unknown.text);
    const own = await m.ask('PUT', path, { as: m.home.owner, body: body(m.home.subscriptionId) });
    assert.equal(own.status, 201);
    assert.equal(own.body.properties.subscriptionId, m.home.subscriptionId);
  });
});

/** Everything that a request could have changed. */
async function snapshot(m: TestManagement): Promise<object> {
  const { read } = m.database;
  const all = async (
    table:
      | 'resources'
      | 'resource_groups'
      | 'role_assignments'
      | 'subscriptions'
      | 'principals'
      | 'join_tokens'
      | 'async_operations'
      | 'locks'
      | 'management_groups'
      | 'management_group_subscriptions',
  ) => await read.selectFrom(table).selectAll().where('tenant_id', '=', m.foreign.tenantId).execute();
  return {
    resources: await all('resources'),
    groups: await all('resource_groups'),
    assignments: await all('role_assignments'),
    subscriptions: await all('subscriptions'),
    principals: await all('principals'),
    tokens: await all('join_tokens'),
    operations: await all('async_operations'),
    locks: await all('locks'),
    managementGroups: await all('management_groups'),
    placements: await all('management_group_subscriptions'),
  };
}
