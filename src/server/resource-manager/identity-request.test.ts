import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type IdentityRequest, identitySchema } from '../../contract/arm.ts';
import { readIdentity } from './identity-request.ts';
import { type IdentitySupport, identityTypeOf } from './identity-support.ts';
import { identitySupportOf } from './identity-support-table.ts';

const type = 'Microsoft.Compute/virtualMachines';
const resourceId = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1';
const virtualMachine = identitySupportOf(type);
const identities =
  '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities';
const one = `${identities}/one`;
const canonical = one.toLowerCase();

function read(
  request: IdentityRequest | null | undefined,
  support: IdentitySupport | undefined = virtualMachine,
) {
  return readIdentity(request, support, { resourceId, type });
}

const systemOnly = { systemAssigned: true, userAssigned: false };

describe('the identity block of a request', () => {
  test('that is absent asks for nothing', () => {
    assert.equal(read(undefined), undefined);
    assert.equal(read(null), undefined);
  });

  for (const spelling of ['SystemAssigned', 'systemassigned', 'SYSTEMASSIGNED', ' SystemAssigned ']) {
    test(`'${spelling}' asks for the resource's own identity`, () => {
      assert.deepEqual(read({ type: spelling }), { ...systemOnly, named: undefined });
    });
  }

  for (const spelling of [
    'SystemAssigned, UserAssigned',
    'SystemAssigned,UserAssigned',
    'systemassigned , userassigned',
    'UserAssigned, SystemAssigned',
    'SystemAssignedUserAssigned',
  ]) {
    test(`'${spelling}' asks for both kinds`, () => {
      assert.deepEqual(read({ type: spelling, userAssignedIdentities: { [one]: {} } }), {
        systemAssigned: true,
        userAssigned: true,
        named: [{ canonical, id: one, value: {} }],
      });
    });
  }

  test('None asks for none, with a null map as Terraform sends it', () => {
    const none = { systemAssigned: false, userAssigned: false };
    assert.deepEqual(read({ type: 'None', userAssignedIdentities: null }), { ...none, named: undefined });
    assert.deepEqual(read({ type: 'none', userAssignedIdentities: {} }), { ...none, named: [] });
  });

  test('SystemAssigned with a null map, or one that only removes, is fine', () => {
    assert.deepEqual(read({ type: 'SystemAssigned', userAssignedIdentities: null }), {
      ...systemOnly,
      named: undefined,
    });
    assert.deepEqual(read({ type: 'SystemAssigned', userAssignedIdentities: { [one]: null } }), {
      ...systemOnly,
      named: [{ canonical, id: one, value: null }],
    });
  });

  test('what an answer showed is accepted again, in any case of its ids', () => {
    const ids = { principalId: '3F2504E0-4F89-41D3-9A0C-0305E82C3301', clientId: 'A' };
    const returned = identitySchema.parse({
      type: 'SystemAssigned, UserAssigned',
      principalId: 'p',
      tenantId: 't',
      userAssignedIdentities: { [one]: ids, [`${identities}/two`]: { principalId: null, clientId: null } },
    });
    assert.deepEqual(
      read(returned)?.named?.map(({ value }) => value),
      [{ principalId: ids.principalId.toLowerCase(), clientId: 'a' }, {}],
    );
  });

  test('an identity in two spellings is one, and contradicts itself where one of them is null', () => {
    const upper = `${identities.toUpperCase().replace('/SUBSCRIPTIONS', '/subscriptions')}/ONE`;
    const both = (first: object | null, second: object | null) =>
      read({
        type: 'UserAssigned',
        userAssignedIdentities: { [one]: first, [upper]: second },
      } as IdentityRequest);
    assert.equal(both({}, {})?.named?.length, 1);
    assert.throws(() => both({}, null), { code: 'InvalidIdentityValues' });
    assert.throws(() => both(null, {}), { code: 'InvalidIdentityValues' });
  });

  test('SystemAssigned with identities to add fails as ARM says it', () => {
    assert.throws(() => read({ type: 'SystemAssigned', userAssignedIdentities: { [one]: {} } }), {
      code: 'FailedIdentityOperation',
      message: `Identity operation for resource '${resourceId}' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{"error":{"code":"BadRequest","message":"The request format was unexpected, a non-UserAssigned identity type should not contain: userAssignedIdentities"}}'.'.`,
    });
  });

  test('a type that nobody knows is refused', () => {
    for (const unknown of ['Everything', '', 'SystemAssigned;UserAssigned']) {
      assert.throws(() => read({ type: unknown }), { code: 'InvalidIdentityType' });
    }
  });

  test('garbage in the map is refused, and each that is so is named', () => {
    for (const value of ['x', 1, true, [], { clientId: 1 }, { something: 'else' }]) {
      assert.throws(
        () =>
          read({ type: 'UserAssigned', userAssignedIdentities: { [one]: value, [`${identities}/two`]: {} } }),
        {
          code: 'InvalidIdentityValues',
          message: `Invalid value for the identities '${one}'. The 'UserAssignedIdentities' property keys should only be empty json objects, null or the resource existing property.`,
        },
        JSON.stringify(value),
      );
    }
  });

  for (const key of [
    '',
    'one',
    '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
    resourceId,
    `${one}/federatedIdentityCredentials/main`,
    `${identities}/`,
    `${identities}/..`,
    `${identities}/%2e%2e`,
    `${identities}/a%00`,
    one.replace('/resourceGroups/rg', ''),
    one.replace('11111111-1111-4111-8111-111111111111', 'sub'),
    `${one}${'/x'.repeat(1500)}`,
  ]) {
    test(`'${key.slice(0, 60)}' is no identity, to add or to take away`, () => {
      for (const value of [{}, null]) {
        assert.throws(() => read({ type: 'UserAssigned', userAssignedIdentities: { [key]: value } }), {
          code: 'LinkedInvalidPropertyId',
        });
      }
    });
  }

  test('the list that API 2017-12-01 had is refused in every version', () => {
    assert.throws(() => read({ type: 'UserAssigned', identityIds: [one] }), {
      code: 'InvalidParameter',
      message:
        'ResourceIdentity property identityIds is deprecated. The userAssignedIdentities property should be used instead.',
    });
    assert.throws(() => read({ type: 'SystemAssigned', identityIds: [one] }), {
      code: 'InvalidParameter',
      message: 'ResourceIdentity identityIds should not be provided if the type is "SystemAssigned".',
    });
    assert.ok(read({ type: 'SystemAssigned', identityIds: null }));
  });
});

describe('a resource type', () => {
  test('that takes only its own identity refuses the others and says what it takes', () => {
    const given = 'SystemAssigned, UserAssigned';
    assert.throws(() => read({ type: given, userAssignedIdentities: { [one]: {} } }, systemOnly), {
      code: 'InvalidIdentityType',
      message: `The identity type '${given}' is not supported for the resource type '${type}', which accepts: 'SystemAssigned', 'None'.`,
    });
    assert.throws(() => read({ type: 'UserAssigned' }, systemOnly), { code: 'InvalidIdentityType' });
  });

  test('that takes one kind or the other refuses both together', () => {
    const exclusive = identitySupportOf('Microsoft.ContainerService/managedClusters');
    assert.ok(read({ type: 'SystemAssigned' }, exclusive));
    assert.ok(read({ type: 'UserAssigned' }, exclusive));
    assert.throws(() => read({ type: 'SystemAssigned, UserAssigned' }, exclusive), {
      code: 'InvalidIdentityType',
    });
  });

  test('without identities refuses all but None', () => {
    const bare = { resourceId, type: 'Microsoft.KeyVault/vaults' };
    assert.throws(() => readIdentity({ type: 'SystemAssigned' }, undefined, bare), {
      code: 'InvalidIdentityType',
    });
    assert.equal(readIdentity({ type: 'None' }, undefined, bare)?.systemAssigned, false);
  });

  test('writes both kinds in its own words', () => {
    const both = { systemAssigned: true, userAssigned: true };
    for (const [name, literal] of [
      ['Microsoft.Compute/virtualMachines', 'SystemAssigned, UserAssigned'],
      ['microsoft.app/MANAGEDENVIRONMENTS', 'SystemAssigned,UserAssigned'],
      ['microsoft.app/containerApps', 'SystemAssigned, UserAssigned'],
      ['Microsoft.Network/applicationGateways', 'systemAssigned, userAssigned'],
      ['Microsoft.Sql/servers/jobAgents', 'SystemAssignedUserAssigned'],
      ['Dynatrace.Observability/monitors', 'SystemAndUserAssigned'],
    ] as const) {
      assert.equal(identityTypeOf(both, identitySupportOf(name)), literal);
    }
    assert.equal(identityTypeOf({ ...both, userAssigned: false }, virtualMachine), 'SystemAssigned');
    assert.equal(identityTypeOf({ ...both, systemAssigned: false }, virtualMachine), 'UserAssigned');
    assert.equal(identityTypeOf({ systemAssigned: false, userAssigned: false }, virtualMachine), undefined);
  });

  test('unknown to the table takes no identity', () => {
    assert.equal(identitySupportOf('Microsoft.KeyVault/vaults'), undefined);
    assert.equal(identitySupportOf('constructor'), undefined);
  });
});
