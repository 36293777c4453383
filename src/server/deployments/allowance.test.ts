import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceInstance } from '../templates/resource-instance.ts';
import { requireAllowance, requireValues, shareOf, wholeAllowance } from './allowance.ts';

const resources = (count: number, nested?: 'inner') =>
  Array.from({ length: count }, () => ({ nested }) as unknown as ResourceInstance);

test('deployments within a deployment share what is left to it, however deep', () => {
  assert.equal(shareOf(100, [...resources(10), ...resources(9, 'inner')]), 9);
  assert.equal(shareOf(100, resources(10)), 0);
  let allowance = wholeAllowance;
  // loops of 800 within loops of 800
  for (let depth = 0; depth < 3; depth += 1) allowance = shareOf(allowance, resources(800, 'inner'));
  assert.ok(allowance <= 0);
  assert.throws(() => requireAllowance(allowance, 1), { code: 'InvalidTemplate' });
  requireAllowance(800, 800);
});

test('values of parameters and outputs are kept up to a bound', () => {
  requireValues('outputs', { a: 'x'.repeat(4_000_000) });
  const large = { a: 'x'.repeat(4_200_000) };
  assert.throws(() => requireValues('parameters', large), { code: 'InvalidTemplate' });
});
