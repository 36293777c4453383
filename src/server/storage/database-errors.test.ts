import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '../../foundation/domain-error.ts';
import { asUnavailable, isSerializationConflict, isUniqueViolation } from './database-errors.ts';

const withCode = (code: string, message = 'x') => Object.assign(new Error(message), { code });

test('a database that is away or full is unavailable; a bug or a broken rule stays what it is', () => {
  const troubles = [
    withCode('ECONNREFUSED'),
    withCode('57P01'),
    withCode('53100'),
    withCode('40001'),
    new Error('timeout exceeded when trying to connect'),
    Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 }),
    Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 | (4 << 8) }),
  ];
  for (const error of troubles) assert.equal(asUnavailable(error)?.kind, 'unavailable', error.message);
  const others = [
    withCode('23505'),
    withCode('42P01'),
    withCode('ERR_INVALID_ARG_TYPE'),
    withCode('ENOENT'),
    Object.assign(new Error('UNIQUE'), { code: 'ERR_SQLITE_ERROR', errcode: 2067 }),
    new DomainError('forbidden', 'no', { code: '53003' }),
    new TypeError('bug'),
    undefined,
  ];
  for (const error of others) assert.equal(asUnavailable(error), undefined);
  assert.equal(isSerializationConflict(new DomainError('conflict', 'no', { code: '40001' })), false);
  assert.equal(isUniqueViolation(undefined), false);
});
