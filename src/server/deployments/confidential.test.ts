import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutConfidential } from '../resource-manager/confidential-values.ts';
import { confidentialTexts, mask, maskAll } from './confidential.ts';

test('texts of secure values are masked wherever they stand, short ones excepted', () => {
  const bound = (value: object | string, secure: boolean) =>
    ({ name: 'p', type: 'Object', value, secure }) as Parameters<
      typeof confidentialTexts
    >[0] extends Iterable<infer One>
      ? One
      : never;
  const texts = confidentialTexts([
    bound({ user: 'root', keys: ['first key', 'no'] }, true),
    bound('shown to all', false),
  ]);
  assert.deepEqual(texts, ['root', 'cm9vdA==', 'first key', 'Zmlyc3Qga2V5']);
  assert.deepEqual(confidentialTexts([bound('root', true)], ['root', 'around']), [
    'root',
    'around',
    'cm9vdA==',
  ]);
  const many = Array.from({ length: 501 }, (_, at) => `text ${at}`);
  assert.throws(() => confidentialTexts([bound(many, true)]), { code: 'InvalidTemplate' });
  assert.throws(
    () => confidentialTexts([bound('one more', true)], confidentialTexts([bound(many.slice(1), true)])),
    {
      code: 'InvalidTemplate',
    },
  );
  const value = { a: 'shown to all', b: ['no', 'with first key inside'], c: { d: 1, e: null } };
  assert.deepEqual(mask(value, texts), { a: 'shown to all', b: ['no', '*******'], c: { d: 1, e: null } });
  assert.deepEqual(mask({ 'a FIRST KEY': 'of First Key', other: 'Zmlyc3Qga2V5' }, texts), {
    '*******': '*******',
    other: '*******',
  });
  assert.deepEqual(withoutConfidential({ 'a FIRST KEY': 1, b: ['in first KEY', 'kept'] }, texts), {
    b: ['kept'],
  });
  assert.deepEqual(maskAll({ a: ['x'], b: 2 }), { a: ['*******'], b: 2 });
});
