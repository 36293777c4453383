import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type IdentityRequest, identitySchema } from '../../contract/arm.ts';
import { readIdentity } from './identity-block.ts';

const type = 'Microsoft.Compute/virtualMachines';
const id = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1';
const systemOnly = { systemAssigned: true, userAssigned: false };
const uai =
  '/subscriptions/s/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one';

const read = (request: IdentityRequest | null | undefined) => readIdentity(request, systemOnly, id, type);

describe('the identity block', () => {
  test('that is absent asks for nothing', () => {
    assert.equal(read(undefined), undefined);
    assert.equal(read(null), undefined);
  });

  for (const spelling of ['SystemAssigned', 'systemassigned', 'SYSTEMASSIGNED', ' SystemAssigned ']) {
    test(`'${spelling}' asks for the resource's own identity`, () => {
      assert.deepEqual(read({ type: spelling }), { systemAssigned: true });
    });
  }

  test('None asks for none, with a null map as Terraform sends it', () => {
    assert.deepEqual(read({ type: 'None', userAssignedIdentities: null }), { systemAssigned: false });
    assert.deepEqual(read({ type: 'none', userAssignedIdentities: {} }), { systemAssigned: false });
  });

  test('SystemAssigned with a null map, or one that only removes, is fine', () => {
    assert.deepEqual(read({ type: 'SystemAssigned', userAssignedIdentities: null }), {
      systemAssigned: true,
    });
    assert.deepEqual(read({ type: 'SystemAssigned', userAssignedIdentities: { [uai]: null } }), {
      systemAssigned: true,
    });
  });

  test('what the server returned is accepted again', () => {
    const returned = identitySchema.parse({ type: 'SystemAssigned', principalId: 'p', tenantId: 't' });
    assert.deepEqual(read(returned), { systemAssigned: true });
  });

  test('SystemAssigned with identities to add fails as ARM says it', () => {
    assert.throws(() => read({ type: 'SystemAssigned', userAssignedIdentities: { [uai]: {} } }), {
      code: 'FailedIdentityOperation',
      message: `Identity operation for resource '${id}' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{"error":{"code":"BadRequest","message":"The request format was unexpected, a non-UserAssigned identity type should not contain: userAssignedIdentities"}}'.'.`,
    });
  });

  for (const spelling of ['UserAssigned', 'SystemAssigned, UserAssigned', 'SystemAssigned,UserAssigned']) {
    test(`'${spelling}' is refused where the type takes only its own identity`, () => {
      assert.throws(() => read({ type: spelling, userAssignedIdentities: { [uai]: {} } }), {
        code: 'InvalidIdentityType',
        message: `The identity type '${spelling}' is not supported for the resource type '${type}', which accepts 'SystemAssigned' and 'None'.`,
      });
    });
  }

  test('a type that nobody knows is refused', () => {
    assert.throws(() => read({ type: 'Everything' }), { code: 'InvalidIdentityType' });
    assert.throws(() => read({ type: '' }), { code: 'InvalidIdentityType' });
  });

  test('garbage in the map is refused', () => {
    for (const value of ['x', 1, true, []]) {
      assert.throws(() => read({ type: 'SystemAssigned', userAssignedIdentities: { [uai]: value } }), {
        code: 'InvalidIdentityValues',
      });
    }
  });

  test('a resource type without identities refuses all but None', () => {
    assert.throws(() => readIdentity({ type: 'SystemAssigned' }, undefined, id, type), {
      code: 'InvalidIdentityType',
    });
    assert.deepEqual(readIdentity({ type: 'None' }, undefined, id, type), { systemAssigned: false });
  });
});
