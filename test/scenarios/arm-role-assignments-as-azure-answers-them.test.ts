import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';

const version = 'api-version=2022-04-01';
const type = 'providers/Microsoft.Authorization/roleAssignments';
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

interface Place extends AsyncDisposable {
  readonly m: TestManagement;
  readonly subscription: string;
  readonly group: string;
  readonly vm: string;
  put(
    scope: string,
    name: string,
    properties: Body,
    headers?: Record<string, string>,
  ): ReturnType<TestManagement['ask']>;
}

async function place(): Promise<Place> {
  const m = await testManagement();
  const as = m.home.owner;
  const subscription = `/subscriptions/${m.home.subscriptionId}`;
  const group = `${subscription}/resourceGroups/Rg1`;
  const vm = `${group}/providers/Microsoft.Compute/virtualMachines/Vm1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
  await m.ask('PUT', `${vm}?api-version=2024-07-01`, { as, body: { location: 'westus' } });
  return {
    m,
    subscription,
    group,
    vm,
    put: (scope, name, properties) =>
      m.ask('PUT', `${scope}/${type}/${name}?${version}`, { as, body: { properties } }),
    [Symbol.asyncDispose]: () => m[Symbol.asyncDispose](),
  };
}

const roleIn = (subscription: string, role = reader) =>
  `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`;

describe('a role assignment', () => {
  test('can be made at one secret of a vault, and at no thing that no vault holds', async () => {
    await using at = await place();
    const { m, subscription, group } = at;
    const someone = await m.application(m.home, 'someone');
    const vault = `${group}/providers/Microsoft.KeyVault/vaults/Kv-one`;
    await m.ask('PUT', `${vault}?api-version=2023-07-01`, {
      as: m.home.owner,
      body: {
        location: 'westus',
        properties: {
          tenantId: m.home.tenantId,
          sku: { family: 'A', name: 'standard' },
          enableRbacAuthorization: true,
        },
      },
    });
    const request = { roleDefinitionId: roleIn(subscription), principalId: someone.principalId };
    const made = await at.put(`${vault.toLowerCase()}/Secrets/db`, systemRandomness.uuid(), request);
    assert.equal(made.status, 201);
    assert.equal((made.body as { properties: { scope: string } }).properties.scope, `${vault}/secrets/db`);
    for (const scope of [`${vault}/storage/db`, `${vault}x/secrets/db`, `${vault}/secrets/db/versions/1`]) {
      assert.equal((await at.put(scope, systemRandomness.uuid(), request)).status, 404, scope);
    }
  });

  test('is made, read, changed and taken away with the statuses and members of Azure', async () => {
    await using at = await place();
    const { m, subscription, group } = at;
    const as = m.home.owner;
    const someone = await m.application(m.home, 'someone');
    const name = systemRandomness.uuid();
    const request = { roleDefinitionId: roleIn(subscription), principalId: someone.principalId };
    // another case of the group's name: the answer has the stored one
    const made = await at.put(group.toLowerCase(), name, request);
    assert.equal(made.status, 201);
    const now = new Date(m.clock.now()).toISOString();
    const properties = {
      roleDefinitionId: roleIn(subscription),
      principalId: someone.principalId,
      principalType: 'ServicePrincipal',
      scope: group,
      condition: null,
      conditionVersion: null,
      createdOn: now,
      updatedOn: now,
      createdBy: null,
      updatedBy: as.principalId,
      delegatedManagedIdentityResourceId: null,
      description: null,
    };
    assert.deepEqual(made.body, {
      properties,
      id: `${group}/${type}/${name}`,
      type: 'Microsoft.Authorization/roleAssignments',
      name,
    });
    const item = `${group}/${type}/${name}?${version}`;
    const read = await m.ask('GET', item, { as });
    assert.deepEqual(read.body, { ...made.body, properties: { ...properties, createdBy: as.principalId } });

    m.clock.advance(5000);
    const updated = await at.put(group, name, { ...request, description: 'why' });
    assert.equal(updated.status, 201, 'an update is 201 as well');
    assert.equal(updated.body.properties.description, 'why');
    assert.equal(updated.body.properties.createdOn, now);
    assert.notEqual(updated.body.properties.updatedOn, now);

    const deleted = await m.ask('DELETE', item, { as });
    assert.equal(deleted.status, 200);
    assert.equal(deleted.body.properties.createdBy, as.principalId);
    const again = await m.ask('DELETE', item, { as });
    assert.deepEqual([again.status, again.text], [204, '']);
    assert.equal((await m.ask('GET', item, { as })).status, 404);
  });

  test('is refused with the texts that tools look for', async () => {
    await using at = await place();
    const { m, subscription, group } = at;
    const someone = await m.application(m.home, 'someone');
    const [name, other] = [systemRandomness.uuid(), systemRandomness.uuid()];
    const request = { roleDefinitionId: roleIn(subscription), principalId: someone.principalId };
    await at.put(group, name, request);

    const same = await at.put(group, other, request);
    assert.deepEqual([same.status, same.body.error.code], [409, 'RoleAssignmentExists']);
    assert.ok(same.body.error.message.includes('role assignment already exists'), 'az compares this text');
    const elsewhere = await at.put(subscription, name, request);
    assert.equal(elsewhere.body.error.code, 'RoleAssignmentUpdateNotPermitted');
    assert.equal(
      elsewhere.body.error.message,
      'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
    );
    const ghost = systemRandomness.uuid();
    const unknown = await at.put(group, other, { ...request, principalId: ghost });
    assert.deepEqual([unknown.status, unknown.body.error.code], [400, 'PrincipalNotFound']);
    assert.ok(
      unknown.body.error.message.startsWith(
        `Principal ${ghost.replaceAll('-', '')} does not exist in the directory ${m.home.tenantId}. Check that you have the correct principal ID.`,
      ),
    );
    assert.equal(
      (await at.put(group, other, { ...request, principalId: ghost, principalType: 'ServicePrincipal' }))
        .status,
      201,
    );
    const role = await at.put(group, systemRandomness.uuid(), {
      ...request,
      roleDefinitionId: roleIn(subscription, ghost),
    });
    assert.equal(
      role.body.error.message,
      `The specified role definition with ID '${ghost.replaceAll('-', '')}' does not exist.`,
    );
    const user = await at.put(subscription, systemRandomness.uuid(), { ...request, principalType: 'User' });
    assert.equal(user.body.error.code, 'UnmatchedPrincipalType');
    const strange = await at.put(subscription, systemRandomness.uuid(), { ...request, principalType: 'MSI' });
    assert.equal(
      strange.body.error.message,
      "The PrincipalType property 'MSI' is not valid. It must be 'User', 'Group' or 'ServicePrincipal'.",
    );
    assert.equal((await at.put(group, 'no-guid', request)).body.error.code, 'InvalidRoleAssignmentId');
    assert.equal((await at.put(group, other, {})).body.error.code, 'InvalidRequestContent');
    assert.equal(
      (await m.ask('PUT', `${group}/${type}/${other}?${version}`, { as: m.home.owner, body: request }))
        .status,
      400,
    );
  });

  test('needs its scope to be there', async () => {
    await using at = await place();
    const { m, subscription, group, vm } = at;
    const request = { roleDefinitionId: reader, principalId: m.home.owner.principalId };
    const put = async (scope: string) =>
      (await at.put(scope, systemRandomness.uuid(), request)).body.error?.code;
    assert.equal(await put(`${subscription}/resourceGroups/no-such`), 'ResourceGroupNotFound');
    assert.equal(await put(vm.replace('Vm1', 'no-such')), 'ResourceNotFound');
    assert.equal(
      await put(`${group}/providers/Microsoft.Storage/storageAccounts/no-such`),
      'ResourceNotFound',
    );
    assert.equal(await put('/providers/Microsoft.Management/managementGroups/mg'), 'NotFound');
    assert.equal(await put(`/subscriptions/${systemRandomness.uuid()}`), 'SubscriptionNotFound');
    assert.equal(await put(vm), undefined);
    assert.equal(await put(subscription), undefined);
  });

  test('can be made by those only who may, and not by a contributor', async () => {
    await using at = await place();
    const { m, group } = at;
    const contributor = await m.application(m.home, 'contributor');
    await m.assign(m.home, contributor, 'Contributor', group);
    const name = systemRandomness.uuid();
    const reply = await m.ask('PUT', `${group}/${type}/${name}?${version}`, {
      as: contributor,
      body: { properties: { roleDefinitionId: reader, principalId: contributor.principalId } },
    });
    assert.equal(reply.status, 403);
    assert.ok(
      reply.body.error.message.includes(
        `perform action 'Microsoft.Authorization/roleAssignments/write' over scope '${group}/${type}/${name}'`,
      ),
    );
  });

  test('is found by the filters that Azure knows, and by no other', async () => {
    await using at = await place();
    const { m, subscription, group, vm } = at;
    const as = m.home.owner;
    const someone = await m.application(m.home, 'someone');
    for (const scope of ['/', subscription, group, vm]) await m.assign(m.home, someone, 'Reader', scope);
    const scopes = async (scope: string, filter?: string) => {
      const query = filter === undefined ? '' : `&$filter=${encodeURIComponent(filter)}`;
      const reply = await m.ask('GET', `${scope}/${type}?${version}${query}`, { as });
      assert.equal(reply.status, 200, reply.text);
      return reply.body.value
        .filter((each: Body) => each.properties.principalId === someone.principalId)
        .map((each: Body) => each.properties.scope)
        .sort();
    };
    const [all, above] = [['/', subscription, group, vm].sort(), ['/', subscription, group].sort()];
    assert.deepEqual(await scopes(group), all);
    assert.deepEqual(await scopes(group, 'atScope()'), above);
    assert.deepEqual(await scopes(group, `principalId eq '${someone.principalId}'`), all);
    assert.deepEqual(await scopes(group, `assignedTo('${someone.principalId}')`), all);
    assert.deepEqual(await scopes(group, `atScope() and assignedTo('${someone.principalId}')`), above);
    assert.deepEqual(await scopes(group, `principalId eq '${m.home.owner.principalId}'`), []);
    for (const filter of [
      `atScope() and principalId eq '${someone.principalId}'`,
      "roleName eq 'x'",
      "principalId eq 'x'",
    ]) {
      const reply = await m.ask('GET', `${group}/${type}?${version}&$filter=${encodeURIComponent(filter)}`, {
        as,
      });
      assert.equal(reply.status, 400, filter);
    }
    const paged = await m.ask('GET', `${group}/${type}?${version}&$top=2`, { as });
    assert.equal(paged.body.value.length, 2);
    assert.ok(paged.body.nextLink);
    const roles = (await m.ask('GET', `${group}/${type}?${version}&$filter=atScope()`, { as })).body.value;
    assert.ok(
      roles.every((each: Body) => each.properties.roleDefinitionId.startsWith(`${subscription}/providers/`)),
      'roles are named under the subscription that was asked',
    );
  });

  test('made at the tenant holds below it, and one double slash does not matter', async () => {
    await using at = await place();
    const { m, group } = at;
    const someone = await m.application(m.home, 'someone');
    const name = systemRandomness.uuid();
    const path = `//${type}/${name}?${version}`;
    const body = {
      properties: {
        roleDefinitionId: reader,
        principalId: someone.principalId,
        principalType: 'ServicePrincipal',
      },
    };
    const made = await m.ask('PUT', path, { as: m.home.owner, body });
    assert.equal(made.status, 201);
    assert.equal(made.body.id, `/${type}/${name}`);
    assert.equal((await m.ask('GET', `${group}?api-version=2022-09-01`, { as: someone })).status, 200);
    assert.equal((await m.ask('DELETE', path, { as: m.home.owner })).status, 200);
    assert.equal(
      (await m.ask('GET', `${group}?api-version=2022-09-01`, { as: someone })).status,
      403,
      'at once',
    );
  });

  test('that is the last one of an owner stays', async () => {
    await using m = await testManagement();
    const as = m.home.owner;
    const list = await m.ask('GET', `/${type}?${version}`, { as });
    const [{ name }] = list.body.value;
    const reply = await m.ask('DELETE', `/${type}/${name}?${version}`, { as });
    assert.equal(reply.status, 409);
    assert.equal(reply.body.error.message, 'Cannot delete the last RBAC admin assignment');
  });
});

describe('role definitions', () => {
  test('are found by name in any case, exactly one each, at any scope', async () => {
    await using at = await place();
    const { m, subscription, group, vm } = at;
    const as = m.home.owner;
    const path = 'providers/Microsoft.Authorization/roleDefinitions';
    for (const scope of ['', subscription, group, vm]) {
      const found = await m.ask(
        'GET',
        `${scope}/${path}?api-version=2022-05-01-preview&$filter=roleName%20eq%20'key%20vault%20secrets%20user'`,
        { as },
      );
      assert.equal(found.body.value.length, 1);
      const [role] = found.body.value;
      assert.equal(role.name, '4633458b-17de-408a-b874-0445c86b69e6');
      assert.equal(role.properties.roleName, 'Key Vault Secrets User');
      assert.equal(role.id, `${scope === '' ? '' : subscription}/${path}/${role.name}`);
      assert.deepEqual((await m.ask('GET', `${role.id}?${version}`, { as })).body, role);
    }
    const all = await m.ask('GET', `${subscription}/${path}?${version}&$filter=type%20eq%20'BuiltInRole'`, {
      as,
    });
    assert.ok(all.body.value.length > 2);
    const none = await m.ask('GET', `${subscription}/${path}?${version}&$filter=roleName%20eq%20'Nobody'`, {
      as,
    });
    assert.deepEqual(none.body.value, []);
    const absent = await m.ask('GET', `${subscription}/${path}/${systemRandomness.uuid()}?${version}`, {
      as,
    });
    assert.deepEqual([absent.status, absent.body.error.code], [404, 'RoleDefinitionDoesNotExist']);
  });
});
