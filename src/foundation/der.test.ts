import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integer, objectIdentifier, octets } from './der.ts';

test('DER is written in the fewest octets', () => {
  const hex = (written: Buffer) => written.toString('hex');
  assert.equal(hex(integer(0)), '020100');
  assert.equal(hex(integer(127)), '02017f');
  assert.equal(hex(integer(128)), '02020080');
  assert.equal(hex(integer(2048)), '02020800');
  assert.equal(hex(integer(0x7fffffff)), '02047fffffff');
  assert.equal(hex(objectIdentifier('1.2.840.113549.1.7.1')), '06092a864886f70d010701');
  assert.equal(hex(octets(Buffer.alloc(127)).subarray(0, 2)), '047f');
  assert.equal(hex(octets(Buffer.alloc(128)).subarray(0, 3)), '048180');
  assert.equal(hex(octets(Buffer.alloc(256)).subarray(0, 4)), '04820100');
});
