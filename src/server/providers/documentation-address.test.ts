import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentationAddress } from './documentation-address.ts';

test('public addresses lie in ranges for documentation, the same for any spelling of the id', () => {
  const address = documentationAddress('/subscriptions/s/resourceGroups/rg/ip');
  assert.match(address, /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/);
  assert.equal(documentationAddress('/SUBSCRIPTIONS/s/resourcegroups/RG/ip'), address);
});
