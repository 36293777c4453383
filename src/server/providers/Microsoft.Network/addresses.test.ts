import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressInTurn, readPrefix } from './addresses.ts';

describe('addresses', () => {
  test('of a subnet come in turn, without those that Azure keeps', () => {
    assert.equal(addressInTurn('10.0.0.0/24', 0), '10.0.0.4');
    assert.equal(addressInTurn('10.0.0.0/24', 250), '10.0.0.254');
    assert.equal(addressInTurn('10.0.0.0/24', 251), '10.0.0.4');
    assert.equal(addressInTurn('10.1.255.0/16', 252), '10.1.1.0');
    assert.equal(addressInTurn('255.255.255.248/29', 2), '255.255.255.254');
    assert.equal(addressInTurn('10.0.0.0/30', 0), undefined);
  });

  test('of a prefix that is none are not given', () => {
    for (const text of ['', '10.0.0.0', '10.0.0.0/33', '10.0.0.256/24', 'fd00::/64', '10.0.0.0/24 ']) {
      assert.equal(readPrefix(text), undefined, text);
    }
  });
});
