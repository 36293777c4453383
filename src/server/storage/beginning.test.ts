import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { beginsWith, isAtOrBelow } from './beginning.ts';

const ids = [
  '/a/vm',
  '/a/vm-2',
  '/a/vm.3',
  '/a/vm/x',
  '/a/vm/x/y',
  '/a/vm_',
  '/a/vm0',
  '/a/vn',
  '/A/vm/x',
  '/a/vm/é',
];

test('what lies below an id is found, and nothing whose name only begins alike', async () => {
  await using database = await testDatabase();
  await database.transaction(async (transaction) => {
    await transaction
      .insertInto('meta')
      .values(ids.map((key) => ({ key, value: '' })))
      .execute();
  });
  const found = async (condition: ReturnType<typeof beginsWith>) => {
    const rows = await database.read.selectFrom('meta').select('key').where(condition).execute();
    return rows.map(({ key }) => key).sort();
  };
  assert.deepEqual(await found(beginsWith('key', '/a/vm/')), ['/a/vm/x', '/a/vm/x/y', '/a/vm/é']);
  assert.deepEqual(await found(isAtOrBelow('key', '/a/vm')), ['/a/vm', '/a/vm/x', '/a/vm/x/y', '/a/vm/é']);
});
