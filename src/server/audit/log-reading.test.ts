import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { guid, type TenantId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { type LogPlace, type LogSource, readLog } from './log-reading.ts';
import { readSignIns } from './sign-in-store.ts';

/** A log of so many rows, of which the wanted are those of a remainder; tells how many looks were taken. */
function longLog(length: number, isWanted: (sequence: number) => boolean) {
  const looks: number[] = [];
  const source: LogSource<LogPlace> = {
    async placeBehind(after, count) {
      const sequence = (after?.sequence ?? length + 1) - count;
      return sequence < 1 ? undefined : { at: sequence, sequence };
    },
    async rows({ after, last }, limit) {
      const found: LogPlace[] = [];
      const first = (after?.sequence ?? length + 1) - 1;
      for (let sequence = first; sequence >= (last?.sequence ?? 1); sequence -= 1) {
        if (isWanted(sequence) && found.length < limit) found.push({ at: sequence, sequence });
      }
      looks.push(first - (last?.sequence ?? 1) + 1);
      return found;
    },
  };
  return { source, looks };
}

describe('reading a log', () => {
  test('takes no long look, however rare what is wanted is, and says where to go on', async () => {
    const { source, looks } = longLog(500_000, (sequence) => sequence === 7);
    const found: LogPlace[] = [];
    let pages = 0;
    for (let after: LogPlace | undefined; ; ) {
      const page = await readLog(source, { after, limit: 10 });
      pages += 1;
      found.push(...page.rows);
      if (page.next === undefined) break;
      after = page.next;
    }
    assert.deepEqual(found, [{ at: 7, sequence: 7 }]);
    assert.equal(pages, 3);
    assert.ok(looks.every((length) => length <= 5000));
  });

  test('gives every row once, whatever the size of a page', async () => {
    for (const limit of [1, 3, 999]) {
      const { source } = longLog(12_000, (sequence) => sequence % 700 === 0);
      const found: number[] = [];
      for (let after: LogPlace | undefined; ; ) {
        const page = await readLog(source, { after, limit });
        assert.ok(page.rows.length <= limit);
        found.push(...page.rows.map(({ sequence }) => sequence));
        if (page.next === undefined) break;
        after = page.next;
      }
      assert.deepEqual(
        found,
        Array.from({ length: 17 }, (_, index) => (17 - index) * 700),
      );
    }
  });

  test('finds what is rare in a table of many rows of the same times', async () => {
    await using database = await testDatabase();
    const tenantId = guid<TenantId>(systemRandomness.uuid());
    const wanted = systemRandomness.uuid();
    for (let block = 0; block < 12; block += 1) {
      const rows = Array.from({ length: 1000 }, (_, index) => ({
        sign_in_id: systemRandomness.uuid(),
        tenant_id: tenantId,
        at: 1000 + block,
        kind: 'managedIdentity',
        account_id: block === 2 && index === 500 ? wanted : tenantId,
        client_id: null,
        resource_app_id: null,
        correlation_id: tenantId,
        error_code: 0,
        details: '{"credential":"none","address":"::1"}',
      }));
      await database.transaction((transaction) => transaction.insertInto('sign_ins').values(rows).execute());
    }
    const where = { kind: 'compare', column: 'account_id', by: '=', value: wanted } as const;
    const page = await readSignIns(database.read, tenantId, { where, limit: 5 });
    assert.deepEqual(
      page.rows.map(({ at, accountId }) => [at, accountId]),
      [[1002, wanted]],
    );
    assert.equal(page.next, undefined);
    const bounded = {
      kind: 'and',
      parts: [where, { kind: 'compare', column: 'at', by: '>', value: 1005 }],
    } as const;
    assert.deepEqual((await readSignIns(database.read, tenantId, { where: bounded, limit: 5 })).rows, []);
  });
});
