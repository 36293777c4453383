import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { testDatabase } from '../../../test/support/database.ts';
import { guid, type TenantId } from '../../foundation/ids.ts';
import { silentLog } from '../../foundation/log.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import type { Database } from '../storage/database.ts';
import type { DirectoryAudit } from './directory-audit.ts';
import { readDirectoryAudits, recordDirectoryAudit, selectDirectoryAudit } from './directory-audits.ts';
import { SignInRetention } from './retention.ts';

const newTenant = () => guid<TenantId>(systemRandomness.uuid());
const [one, other] = [systemRandomness.uuid(), systemRandomness.uuid()];

function audit(tenantId: TenantId, members: Partial<DirectoryAudit> = {}): DirectoryAudit {
  return {
    tenantId,
    at: 1_000_000,
    activity: { name: 'Add application', category: 'ApplicationManagement' },
    operation: 'Add',
    initiatedBy: { kind: 'application', displayName: 'a', appId: one, principalId: other },
    targets: [{ id: one, displayName: 'x', type: 'Application', modified: [] }],
    correlationId: other,
    ...members,
  };
}

describe('the directory audits', () => {
  let database: Database;
  before(async () => {
    database = await testDatabase();
  });
  after(() => database[Symbol.asyncDispose]());
  const record = (made: DirectoryAudit) =>
    database.transaction((transaction) => recordDirectoryAudit(transaction, made));

  test('keep every member of a record, whatever characters it has', async () => {
    const tenantId = newTenant();
    const made = audit(tenantId, {
      initiatedBy: {
        kind: 'user',
        userId: one,
        displayName: 'a\u0000b \ud800 “ü”',
        userPrincipalName: 'a@b',
        address: '::1',
      },
      targets: [
        { id: one, displayName: '\u2028', type: 'Group', modified: [{ name: 'n', newValue: '"\u0000"' }] },
        { id: null, displayName: 'key', type: 'Other', modified: [] },
      ],
      additional: [{ key: 'k', value: 'v' }],
    });
    await record(made);
    const { rows } = await readDirectoryAudits(database.read, tenantId, { limit: 10 });
    const [{ sequence, ...kept } = assert.fail(), ...others] = rows;
    assert.deepEqual(others, []);
    assert.deepEqual(kept, made);
    assert.equal((await selectDirectoryAudit(database.read, tenantId, sequence))?.sequence, sequence);
    assert.equal(await selectDirectoryAudit(database.read, newTenant(), sequence), undefined);
  });

  test('are found by an object among several, and by no part of an id', async () => {
    const tenantId = newTenant();
    const targets = [other, one].map(
      (id) => ({ id, displayName: null, type: 'User', modified: [] }) as const,
    );
    await record(audit(tenantId, { targets }));
    const count = async (id: string) => {
      const where = { kind: 'lists', column: 'target_ids', id } as const;
      return (await readDirectoryAudits(database.read, tenantId, { where, limit: 10 })).rows.length;
    };
    assert.deepEqual([await count(one), await count(other), await count(tenantId)], [1, 1, 0]);
  });

  test('are not there where the change is taken back (C20)', async () => {
    const tenantId = newTenant();
    await assert.rejects(
      database.transaction(async (transaction) => {
        await recordDirectoryAudit(transaction, audit(tenantId));
        throw new Error('the change fails');
      }),
      /the change fails/,
    );
    assert.deepEqual((await readDirectoryAudits(database.read, tenantId, { limit: 10 })).rows, []);
  });

  test('are kept for as long as the sign-in log', async () => {
    await using own = await testDatabase();
    const clock = new TestClock();
    const tenantId = newTenant();
    await own.transaction((transaction) =>
      recordDirectoryAudit(transaction, audit(tenantId, { at: clock.now() })),
    );
    using retention = new SignInRetention({ database: own, clock, log: silentLog }, 3_600_000);
    const count = async () => (await readDirectoryAudits(own.read, tenantId, { limit: 10 })).rows.length;
    clock.advance(3_600_000);
    await retention.prune();
    assert.equal(await count(), 1);
    clock.advance(1);
    await retention.prune();
    assert.equal(await count(), 0);
  });
});
