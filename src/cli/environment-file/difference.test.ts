import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { holds, sameLocation, sameTags } from './difference.ts';

describe('what is wanted of a resource', () => {
  test('holds where every member that is named is as it is wanted', () => {
    const actual = { a: 1, b: { c: ['x', { d: 2, e: 3 }] }, id: '/subscriptions/S/resourceGroups/G' };
    for (const wanted of [
      {},
      { a: 1 },
      { b: { c: ['x', { d: 2 }] } },
      { id: '/subscriptions/s/resourcegroups/g' },
      { gone: null },
    ]) {
      assert.equal(holds(actual, wanted), true, JSON.stringify(wanted));
    }
    for (const wanted of [
      { a: '1' },
      { b: { c: ['x'] } },
      { b: [] },
      { z: {} },
      { a: null },
      { b: { c: ['X', {}] } },
    ]) {
      assert.equal(holds(actual, wanted), false, JSON.stringify(wanted));
    }
    assert.equal(holds({}, JSON.parse('{"constructor": {"name": "Object"}}')), false);
  });

  test('has the same tags only where none is more', () => {
    assert.equal(sameTags({ a: 'b' }, { a: 'b' }), true);
    assert.equal(sameTags({ a: 'b', c: 'd' }, { a: 'b' }), false);
    assert.equal(sameTags({ a: 'c' }, { a: 'b' }), false);
    assert.equal(sameTags({}, { constructor: 'x' }), false);
  });

  test('is in one location, however it is written', () => {
    assert.equal(sameLocation('West Europe', 'westeurope'), true);
    assert.equal(sameLocation('westus', 'westus2'), false);
  });
});
