import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { recordedTypes } from '../../src/server/providers/catalog/further-types.ts';
import { furtherTypes } from '../../src/server/providers/registry.ts';
import { identitySupportOf } from '../../src/server/resource-manager/identity-support-table.ts';
import { createOperationRegistry, fullType } from '../../src/server/resource-manager/operation-registry.ts';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';
import { listedStatuses, responseSchema, violations } from '../support/openapi.ts';
import { sharedFile } from '../support/shared.ts';

let m: TestManagement;
let subscription: string;
let group: string;

before(async () => {
  m = await testManagement();
  subscription = `/subscriptions/${m.home.subscriptionId}`;
  group = `${subscription}/resourceGroups/rg1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: m.home.owner, body: { location: 'westus' } });
});
after(() => m[Symbol.asyncDispose]());

describe('every type that is kept as a record', () => {
  const further = () => furtherTypes({} as never, m.types);
  const itemOf = (type: string) =>
    type
      .split('/')
      .map((segment) => `${segment}/x`)
      .join('/');

  test('is found by its path, where its kind can be, and takes rights of its own namespace', () => {
    const registry = createOperationRegistry(m.types, further());
    const recorded = recordedTypes(m.types);
    assert.ok(recorded.length > 2500);
    for (const { namespace, type, location, apiVersions } of recorded) {
      const full = `${namespace}/${type}`;
      const item = `/providers/${namespace}/${itemOf(type)}`;
      const found = registry.match(`${group}${item}`.toUpperCase().split('/').slice(1));
      assert.equal(found && fullType(found.type), full);
      assert.deepEqual(found?.type.apiVersions, apiVersions);
      assert.deepEqual(
        [...(found?.byMethod ?? [])].map(([method, { operation }]) => `${method} ${operation.action}`).sort(),
        [
          ...[`DELETE ${full}/delete`, `GET ${full}/read`, `HEAD ${full}/read`],
          ...[`PATCH ${full}/write`, `PUT ${full}/write`],
        ].sort(),
      );
      const elsewhere = registry.match(`${subscription}${item}`.split('/').slice(1));
      assert.equal(elsewhere !== undefined, location !== 'required', full);
      const collection = registry.match(`${group}${item}`.split('/').slice(1, -1));
      assert.deepEqual([...(collection?.byMethod.keys() ?? [])], ['GET'], full);
      assert.equal(registry.match(item.split('/').slice(1)), undefined);
    }
  });

  test('leaves those with a provider of their own to that', () => {
    const registry = createOperationRegistry(m.types, further());
    for (const { type, operation, route } of registry.operations) {
      const path = operation.path
        .replace('{scope}', group.slice(1))
        .replace('{subscriptionId}', m.home.subscriptionId)
        .replaceAll(/\{[A-Za-z0-9]+\}/g, 'x');
      const found = registry.match(path.split('/').slice(1));
      assert.equal(found?.byMethod.get(operation.method)?.route, route, `${fullType(type)} ${path}`);
    }
  });

  test('is told by the provider documents, with its versions, newest first', async () => {
    const { body } = await m.ask('GET', `${subscription}/providers?api-version=2022-09-01`, {
      as: m.home.owner,
    });
    const told = new Map<string, Body>();
    for (const { namespace, resourceTypes } of body.value) {
      for (const each of resourceTypes) told.set(`${namespace}/${each.resourceType}`, each);
    }
    for (const { namespace, type, location, apiVersions } of recordedTypes(m.types)) {
      const each = told.get(`${namespace}/${type}`);
      assert.deepEqual([...each.apiVersions].sort(), [...apiVersions].sort(), type);
      assert.deepEqual(
        each.apiVersions.map((version: string) => version.slice(0, 10)),
        apiVersions
          .map((version) => version.slice(0, 10))
          .sort()
          .reverse(),
      );
      assert.equal(each.capabilities.includes('SupportsLocation'), location !== 'none', type);
      const identity = identitySupportOf(`${namespace}/${type}`);
      assert.equal(
        each.capabilities.includes('SystemAssignedResourceIdentity'),
        identity?.systemAssigned === true,
      );
    }
  });
});

describe('every resource type', () => {
  test('declares actions of its own namespace, in the words of its methods', () => {
    const verbs: Readonly<Record<string, RegExp>> = {
      GET: /\/read$/,
      HEAD: /\/read$/,
      PUT: /\/write$/,
      PATCH: /\/write$/,
      DELETE: /\/delete$/,
      POST: /\/(action|read|write)$/,
    };
    for (const { operation, type, name } of createOperationRegistry(m.types).operations) {
      assert.match(operation.action, verbs[operation.method] ?? /$^/, name);
      const own = operation.action.startsWith(`${type.namespace}/`);
      assert.ok(own || operation.action.startsWith('{resourceProviderNamespace}/'), name);
    }
  });

  test('accepts versions of the form that ARM has, each once', () => {
    for (const type of m.types) {
      const versions = type.apiVersions.map((version) => version.toLowerCase());
      assert.equal(new Set(versions).size, versions.length, fullType(type));
      for (const version of versions) assert.match(version, /^(\d{4}-\d{2}-\d{2}(-[a-z]+)?|1\.0)$/);
    }
  });

  test('is told by the provider documents, with every version', async () => {
    const { body } = await m.ask('GET', `${subscription}/providers?api-version=2022-09-01`, {
      as: m.home.owner,
    });
    for (const type of m.types) {
      const document = body.value.find((each: Body) => each.namespace === type.namespace);
      assert.equal(document.registrationState, 'Registered');
      const entry = document.resourceTypes.find((each: Body) => each.resourceType === type.type);
      assert.deepEqual([...entry.apiVersions].sort(), [...type.apiVersions].sort());
      assert.equal(
        entry.capabilities.includes('SystemAssignedResourceIdentity'),
        type.identity?.systemAssigned === true,
      );
    }
    for (const namespace of new Set(m.types.map((type) => type.namespace))) {
      const path = `${subscription}/providers/${namespace.toLowerCase()}/register?api-version=2022-09-01`;
      const { status, body: document } = await m.ask('POST', path, { as: m.home.owner });
      assert.deepEqual(
        [status, document.namespace, document.registrationState],
        [200, namespace, 'Registered'],
      );
    }
    const tenantWide = await m.ask('GET', '/providers/Microsoft.Compute?api-version=2022-09-01', {
      as: m.home.owner,
    });
    assert.equal(tenantWide.body.id, '/providers/Microsoft.Compute');
    const unknown = await m.ask('GET', `${subscription}/providers/Nobody.Here?api-version=2022-09-01`, {
      as: m.home.owner,
    });
    assert.equal(unknown.body.error.code, 'InvalidResourceNamespace');
  });

  test('that is tracked is refused to a caller without the right, for each of its operations', async () => {
    const nobody = await m.application(m.home, 'nobody');
    for (const { operation, type, name } of createOperationRegistry(m.types).operations) {
      if (!type.tracked) continue;
      const path = operation.path
        .replace('{subscriptionId}', m.home.subscriptionId)
        .replace('{resourceGroupName}', 'rg1')
        .replace('{name1}', 'other-name')
        .replace('{name}', 'some-name');
      const reply = await m.ask(operation.method, `${path}?api-version=${type.apiVersions[0]}`, {
        as: nobody,
      });
      assert.equal(reply.status, 403, name);
      if (operation.method !== 'HEAD')
        assert.ok(reply.body.error.message.includes(`'${operation.action}'`), name);
    }
  });
});

/** Answers to hold against Azure's own specifications, which users of the project do not have. */
const specified: readonly {
  readonly file: string;
  readonly method: string;
  readonly route: string;
  readonly path: () => string;
  readonly body?: () => Body;
}[] = [
  {
    file: 'resources/resource-manager/Microsoft.Resources/stable/2022-09-01/resources.json',
    method: 'put',
    route: '/subscriptions/{s}/resourcegroups/{g}',
    path: () => `${group}?api-version=2022-09-01`,
    body: () => ({ location: 'westus', tags: { a: 'b' } }),
  },
  {
    file: 'resources/resource-manager/Microsoft.Resources/stable/2022-09-01/resources.json',
    method: 'get',
    route: '/subscriptions/{s}/resources',
    path: () => `${subscription}/resources?api-version=2022-09-01`,
  },
  {
    file: 'resources/resource-manager/Microsoft.Resources/stable/2022-09-01/resources.json',
    method: 'get',
    route: '/subscriptions/{s}/providers/{n}',
    path: () => `${subscription}/providers/Microsoft.Compute?api-version=2022-09-01`,
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/storage.json',
    method: 'put',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Storage/storageAccounts/{n}',
    path: () => `${group}/providers/Microsoft.Storage/storageAccounts/one?api-version=2023-05-01`,
    body: () => ({
      location: 'westus',
      sku: { name: 'Standard_LRS' },
      kind: 'StorageV2',
      identity: { type: 'SystemAssigned' },
      properties: { accessTier: 'Hot' },
    }),
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/storage.json',
    method: 'get',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Storage/storageAccounts/{n}',
    path: () => `${group}/providers/Microsoft.Storage/storageAccounts/one?api-version=2023-05-01`,
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/storage.json',
    method: 'patch',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Storage/storageAccounts/{n}',
    path: () => `${group}/providers/Microsoft.Storage/storageAccounts/one?api-version=2023-05-01`,
    body: () => ({ tags: { a: 'b' } }),
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/storage.json',
    method: 'get',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Storage/storageAccounts',
    path: () => `${group}/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01`,
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/storage.json',
    method: 'get',
    route: '/subscriptions/{s}/providers/Microsoft.Storage/storageAccounts',
    path: () => `${subscription}/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01`,
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/blob.json',
    method: 'put',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Storage/storageAccounts/{n}/blobServices/{b}',
    path: () =>
      `${group}/providers/Microsoft.Storage/storageAccounts/one/blobServices/default?api-version=2023-05-01`,
    body: () => ({ properties: { isVersioningEnabled: true } }),
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/blob.json',
    method: 'put',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Storage/storageAccounts/{n}/blobServices/default/containers/{c}',
    path: () =>
      `${group}/providers/Microsoft.Storage/storageAccounts/one/blobServices/default/containers/c?api-version=2023-05-01`,
    body: () => ({ properties: {} }),
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/blob.json',
    method: 'get',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Storage/storageAccounts/{n}/blobServices/default/containers',
    path: () =>
      `${group}/providers/Microsoft.Storage/storageAccounts/one/blobServices/default/containers?api-version=2023-05-01`,
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/blob.json',
    method: 'delete',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Storage/storageAccounts/{n}/blobServices/default/containers/{c}',
    path: () =>
      `${group}/providers/Microsoft.Storage/storageAccounts/one/blobServices/default/containers/c?api-version=2023-05-01`,
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/storage.json',
    method: 'delete',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Storage/storageAccounts/{n}',
    path: () => `${group}/providers/Microsoft.Storage/storageAccounts/one?api-version=2023-05-01`,
  },
  {
    file: 'storage/resource-manager/Microsoft.Storage/stable/2023-05-01/storage.json',
    method: 'get',
    route: '/providers/Microsoft.Storage/operations',
    path: () => `/providers/Microsoft.Storage/operations?api-version=2023-05-01`,
  },
  {
    file: 'resources/resource-manager/Microsoft.Resources/stable/2022-09-01/resources.json',
    method: 'get',
    route: '/subscriptions/{s}/providers',
    path: () => `${subscription}/providers?api-version=2022-09-01`,
  },
  {
    file: 'resources/resource-manager/Microsoft.Resources/stable/2022-09-01/resources.json',
    method: 'get',
    route: '/providers',
    path: () => `/providers?api-version=2022-09-01`,
  },
  {
    file: 'resources/resource-manager/Microsoft.Resources/stable/2022-09-01/resources.json',
    method: 'get',
    route: '/providers/{n}',
    path: () => `/providers/Microsoft.Storage?api-version=2022-09-01`,
  },
  {
    file: 'resources/resource-manager/Microsoft.Resources/stable/2022-09-01/resources.json',
    method: 'get',
    route: '/subscriptions/{s}/providers/{n}/resourceTypes',
    path: () => `${subscription}/providers/Microsoft.Storage/resourceTypes?api-version=2022-09-01`,
  },
  {
    file: 'resources/resource-manager/Microsoft.Resources/stable/2022-09-01/resources.json',
    method: 'get',
    route: '/subscriptions/{s}/providers/{n}/providerPermissions',
    path: () => `${subscription}/providers/Microsoft.Storage/providerPermissions?api-version=2022-09-01`,
  },
  {
    file: 'resources/resource-manager/Microsoft.Resources/stable/2022-09-01/resources.json',
    method: 'post',
    route: '/subscriptions/{s}/providers/{n}/register',
    path: () => `${subscription}/providers/Microsoft.Storage/register?api-version=2022-09-01`,
  },
  {
    file: 'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-07-01/virtualMachine.json',
    method: 'put',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Compute/virtualMachines/{n}',
    path: () => `${group}/providers/Microsoft.Compute/virtualMachines/vm1?api-version=2024-07-01`,
    body: () => ({
      location: 'westus',
      identity: { type: 'SystemAssigned' },
      zones: ['1'],
      properties: { hardwareProfile: { vmSize: 'Standard_B1s' } },
    }),
  },
  {
    file: 'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-07-01/virtualMachine.json',
    method: 'get',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Compute/virtualMachines/{n}',
    path: () =>
      `${group}/providers/Microsoft.Compute/virtualMachines/vm1?api-version=2024-07-01&$expand=instanceView`,
  },
  {
    file: 'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-07-01/virtualMachine.json',
    method: 'get',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Compute/virtualMachines/{n}/instanceView',
    path: () =>
      `${group}/providers/Microsoft.Compute/virtualMachines/vm1/instanceView?api-version=2024-07-01`,
  },
  {
    file: 'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-07-01/virtualMachine.json',
    method: 'get',
    route: '/subscriptions/{s}/providers/Microsoft.Compute/virtualMachines',
    path: () => `${subscription}/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01`,
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2026-05-31/ManagedIdentity.json',
    method: 'get',
    route: '/{scope}/providers/Microsoft.ManagedIdentity/identities/default',
    path: () =>
      `${group}/providers/Microsoft.Compute/virtualMachines/vm1/providers/Microsoft.ManagedIdentity/identities/default?api-version=2026-05-31`,
  },
  {
    file: 'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-07-01/virtualMachine.json',
    method: 'delete',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Compute/virtualMachines/{n}',
    path: () => `${group}/providers/Microsoft.Compute/virtualMachines/vm1?api-version=2024-07-01`,
  },
  {
    file: 'keyvault/resource-manager/Microsoft.KeyVault/stable/2023-07-01/keyvault.json',
    method: 'put',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.KeyVault/vaults/{n}',
    path: () => `${group}/providers/Microsoft.KeyVault/vaults/spec-kv?api-version=2023-07-01`,
    body: () => ({
      location: 'westus',
      properties: { tenantId: m.home.tenantId, sku: { family: 'A', name: 'standard' } },
    }),
  },
  {
    file: 'keyvault/resource-manager/Microsoft.KeyVault/stable/2023-07-01/keyvault.json',
    method: 'get',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.KeyVault/vaults',
    path: () => `${group}/providers/Microsoft.KeyVault/vaults?api-version=2023-07-01`,
  },
  {
    file: 'keyvault/resource-manager/Microsoft.KeyVault/stable/2023-07-01/keyvault.json',
    method: 'post',
    route: '/subscriptions/{s}/providers/Microsoft.KeyVault/checkNameAvailability',
    path: () => `${subscription}/providers/Microsoft.KeyVault/checkNameAvailability?api-version=2023-07-01`,
    body: () => ({ name: 'spec-kv', type: 'Microsoft.KeyVault/vaults' }),
  },
  {
    file: 'authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01/authorization-RoleAssignmentsCalls.json',
    method: 'put',
    route: '/{scope}/providers/Microsoft.Authorization/roleAssignments/{n}',
    path: () =>
      `${group}/providers/Microsoft.Authorization/roleAssignments/${systemRandomness.uuid()}?api-version=2022-04-01`,
    body: () => ({
      properties: {
        roleDefinitionId:
          '/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7',
        principalId: m.home.owner.principalId,
      },
    }),
  },
  {
    file: 'resources/resource-manager/Microsoft.Authorization/stable/2016-09-01/locks.json',
    method: 'put',
    route: '/{scope}/providers/Microsoft.Authorization/locks/{n}',
    path: () => `${group}/providers/Microsoft.Authorization/locks/spec?api-version=2016-09-01`,
    body: () => ({ properties: { level: 'CanNotDelete', notes: 'kept', owners: [{ applicationId: 'a' }] } }),
  },
  {
    file: 'resources/resource-manager/Microsoft.Authorization/stable/2020-05-01/locks.json',
    method: 'get',
    route: '/{scope}/providers/Microsoft.Authorization/locks/{n}',
    path: () => `${group}/providers/Microsoft.Authorization/locks/spec?api-version=2020-05-01`,
  },
  {
    file: 'resources/resource-manager/Microsoft.Authorization/stable/2020-05-01/locks.json',
    method: 'get',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Authorization/locks',
    path: () => `${group}/providers/Microsoft.Authorization/locks?api-version=2020-05-01`,
  },
  {
    file: 'resources/resource-manager/Microsoft.Authorization/stable/2020-05-01/locks.json',
    method: 'delete',
    route: '/{scope}/providers/Microsoft.Authorization/locks/{n}',
    path: () => `${group}/providers/Microsoft.Authorization/locks/spec?api-version=2020-05-01`,
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'put',
    route: '/providers/Microsoft.Management/managementGroups/{g}',
    path: () => '/providers/Microsoft.Management/managementGroups/spec?api-version=2023-04-01',
    body: () => ({ properties: { displayName: 'Spec' } }),
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2020-05-01/management.json',
    method: 'patch',
    route: '/providers/Microsoft.Management/managementGroups/{g}',
    path: () => '/providers/Microsoft.Management/managementGroups/spec?api-version=2020-05-01',
    body: () => ({ displayName: 'Specified' }),
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'put',
    route: '/providers/Microsoft.Management/managementGroups/{g}/subscriptions/{s}',
    path: () =>
      `/providers/Microsoft.Management/managementGroups/spec/subscriptions/${m.home.subscriptionId}?api-version=2023-04-01`,
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'get',
    route: '/providers/Microsoft.Management/managementGroups/{g}/subscriptions/{s}',
    path: () =>
      `/providers/Microsoft.Management/managementGroups/spec/subscriptions/${m.home.subscriptionId}?api-version=2023-04-01`,
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'get',
    route: '/providers/Microsoft.Management/managementGroups/{g}/subscriptions',
    path: () => '/providers/Microsoft.Management/managementGroups/spec/subscriptions?api-version=2023-04-01',
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'get',
    route: '/providers/Microsoft.Management/managementGroups',
    path: () => '/providers/Microsoft.Management/managementGroups?api-version=2023-04-01',
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2020-05-01/management.json',
    method: 'get',
    route: '/providers/Microsoft.Management/managementGroups/{g}',
    path: () =>
      `/providers/Microsoft.Management/managementGroups/${m.home.tenantId}?api-version=2020-05-01&$expand=children&$recurse=true`,
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'get',
    route: '/providers/Microsoft.Management/managementGroups/{g}',
    path: () =>
      '/providers/Microsoft.Management/managementGroups/spec?api-version=2023-04-01&$expand=path,ancestors',
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'get',
    route: '/providers/Microsoft.Management/managementGroups/{g}/descendants',
    path: () =>
      `/providers/Microsoft.Management/managementGroups/${m.home.tenantId}/descendants?api-version=2023-04-01`,
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'post',
    route: '/providers/Microsoft.Management/getEntities',
    path: () => '/providers/Microsoft.Management/getEntities?api-version=2023-04-01',
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'post',
    route: '/providers/Microsoft.Management/checkNameAvailability',
    path: () => '/providers/Microsoft.Management/checkNameAvailability?api-version=2023-04-01',
    body: () => ({ name: 'spec', type: 'Microsoft.Management/managementGroups' }),
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'post',
    route: '/providers/Microsoft.Management/tenantBackfillStatus',
    path: () => '/providers/Microsoft.Management/tenantBackfillStatus?api-version=2023-04-01',
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'delete',
    route: '/providers/Microsoft.Management/managementGroups/{g}/subscriptions/{s}',
    path: () =>
      `/providers/Microsoft.Management/managementGroups/spec/subscriptions/${m.home.subscriptionId}?api-version=2023-04-01`,
  },
  {
    file: 'managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json',
    method: 'delete',
    route: '/providers/Microsoft.Management/managementGroups/{g}',
    path: () => '/providers/Microsoft.Management/managementGroups/spec?api-version=2023-04-01',
  },
  {
    file: 'authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01/authorization-RoleDefinitionsCalls.json',
    method: 'get',
    route: '/{scope}/providers/Microsoft.Authorization/roleDefinitions',
    path: () => `${group}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01`,
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2026-05-31/ManagedIdentity.json',
    method: 'put',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id?api-version=2026-05-31`,
    body: () => ({ location: 'westus', tags: { a: 'b' }, properties: { isolationScope: 'Regional' } }),
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2026-05-31/ManagedIdentity.json',
    method: 'patch',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id?api-version=2026-05-31`,
    body: () => ({ tags: { c: 'd' } }),
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2024-11-30/ManagedIdentity.json',
    method: 'get',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id?api-version=2024-11-30`,
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2026-05-31/ManagedIdentity.json',
    method: 'get',
    route: '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities',
    path: () => `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities?api-version=2026-05-31`,
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2026-05-31/ManagedIdentity.json',
    method: 'get',
    route: '/subscriptions/{s}/providers/Microsoft.ManagedIdentity/userAssignedIdentities',
    path: () =>
      `${subscription}/providers/Microsoft.ManagedIdentity/userAssignedIdentities?api-version=2026-05-31`,
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2026-05-31/ManagedIdentity.json',
    method: 'put',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}/federatedIdentityCredentials/{f}',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id/federatedIdentityCredentials/one?api-version=2026-05-31`,
    body: () => ({
      properties: {
        issuer: 'https://issuer.example',
        subject: 'a',
        audiences: ['api://AzureADTokenExchange'],
      },
    }),
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/preview/2025-05-31-preview/ManagedIdentity.json',
    method: 'put',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}/federatedIdentityCredentials/{f}',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id/federatedIdentityCredentials/two?api-version=2025-05-31-preview`,
    body: () => ({
      properties: {
        issuer: 'https://issuer.example',
        audiences: ['api://AzureADTokenExchange'],
        claimsMatchingExpression: { value: "claims['sub'] matches 'a:*'", languageVersion: 1 },
      },
    }),
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2026-05-31/ManagedIdentity.json',
    method: 'get',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}/federatedIdentityCredentials/{f}',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id/federatedIdentityCredentials/one?api-version=2026-05-31`,
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/preview/2025-05-31-preview/ManagedIdentity.json',
    method: 'get',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}/federatedIdentityCredentials',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id/federatedIdentityCredentials?api-version=2025-05-31-preview`,
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2026-05-31/ManagedIdentity.json',
    method: 'delete',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}/federatedIdentityCredentials/{f}',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id/federatedIdentityCredentials/one?api-version=2026-05-31`,
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/preview/2022-01-31-preview/ManagedIdentity.json',
    method: 'post',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}/listAssociatedResources',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id/listAssociatedResources?api-version=2022-01-31-preview`,
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2026-05-31/ManagedIdentity.json',
    method: 'get',
    route: '/providers/Microsoft.ManagedIdentity/operations',
    path: () => '/providers/Microsoft.ManagedIdentity/operations?api-version=2026-05-31',
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/preview/2023-07-31-preview/ManagedIdentity.json',
    method: 'post',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}/revokeTokens',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id/revokeTokens?api-version=2023-07-31-preview`,
  },
  {
    file: 'msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2026-05-31/ManagedIdentity.json',
    method: 'delete',
    route:
      '/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}',
    path: () =>
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/spec-id?api-version=2026-05-31`,
  },
];

describe("an answer has the shape of Azure's specification:", () => {
  for (const { file, method, route, path, body } of specified) {
    const spec = sharedFile(`data/openapi/${file}`);
    const skip = spec === undefined ? "Azure's specifications are not on this machine" : false;
    test(`${method.toUpperCase()} ${route}`, { skip }, async () => {
      if (spec === undefined) return;
      const reply = await m.ask(method.toUpperCase(), path(), {
        as: m.home.owner,
        ...(body === undefined ? {} : { body: body() }),
      });
      assert.ok(reply.status < 300, reply.text);
      assert.ok(listedStatuses(spec, route, method).includes(String(reply.status)), String(reply.status));
      const schema = responseSchema(spec, route, method, reply.status);
      if (schema === undefined) assert.equal(reply.text, '');
      else assert.deepEqual(violations(schema, reply.body), []);
    });
  }
});
