import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CanonicalId } from '../../foundation/ids.ts';
import { carrierOf } from './carrier.ts';

function carrier(resourceId: string): string {
  return carrierOf({ resourceId, resourceCanonical: resourceId.toLowerCase() as CanonicalId }).resourceId;
}

const compute = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute';

test('the identities of an instance are those of its scale set', () => {
  const set = `${compute}/virtualMachineScaleSets/Set1`;
  assert.equal(carrier(`${set}/virtualMachines/12`), set);
  const named = carrierOf({
    resourceId: `${set}/virtualMachines/0`,
    resourceCanonical: `${set}/virtualMachines/0`.toLowerCase() as CanonicalId,
  });
  assert.equal(named.resourceCanonical, set.toLowerCase());
});

test('every other resource has its own', () => {
  for (const id of [
    `${compute}/virtualMachines/vm1`,
    `${compute}/virtualMachineScaleSets/set1`,
    `${compute}/virtualMachineScaleSets/set1/virtualMachines/0/extensions/a`,
    '/subscriptions/s/resourceGroups/rg/providers/Other.Compute/virtualMachineScaleSets/a/virtualMachines/0',
  ]) {
    assert.equal(carrier(id), id);
  }
});
