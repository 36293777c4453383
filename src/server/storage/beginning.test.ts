import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { beginsWith, isAtOrBelow, isBelowOneOf, spanBelow } from './beginning.ts';

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
  assert.deepEqual(await found(spanBelow('key', ['/a/vm'])), ['/a/vm/x', '/a/vm/x/y', '/a/vm/é']);
  // whatever their order, nothing below one of them is missed: what lies between is told apart by its id
  for (const above of [
    ['/a/vm', '/a/vm-2', '/A/vm'],
    ['/A/vm', '/a/vm-2', '/a/vm'],
  ]) {
    const below = (await found(spanBelow('key', above))).filter((id) => isBelowOneOf(new Set(above), id));
    assert.deepEqual(below, ['/A/vm/x', '/a/vm/x', '/a/vm/x/y', '/a/vm/é']);
  }
});

test('an id lies below those that it continues, and not below itself', () => {
  const above = new Set(['/a/vm', '/a/é']);
  assert.deepEqual(
    ['/a/vm/x', '/a/vm/x/y/z', '/a/é/x', '/a/vm', '/a/vm-2/x', '/a', '/b/vm/x', ''].filter((id) =>
      isBelowOneOf(above, id),
    ),
    ['/a/vm/x', '/a/vm/x/y/z', '/a/é/x'],
  );
});
