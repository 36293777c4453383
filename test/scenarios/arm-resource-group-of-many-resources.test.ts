import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CompiledQuery, createQueryId, type RootOperationNode } from 'kysely';
import type { Database } from '../../src/server/storage/database.ts';
import type { Tables } from '../../src/server/storage/tables.ts';
import { testDatabase } from '../support/database.ts';
import { type TestManagement, testManagement } from '../support/management.ts';
import { watchStatements } from '../support/statements.ts';

/** What a group of so many resources holds: a half are machines, a quarter identities, a quarter public addresses. */
async function fill(m: TestManagement, name: string, resources: number): Promise<string> {
  const as = m.home.owner;
  const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/${name}`;
  const location = 'westus';
  const put = async (path: string, body: object) => {
    const { status, text, body: made } = await m.ask('PUT', path, { as, body });
    assert.ok(status === 200 || status === 201, text);
    return made;
  };
  await put(`${group}?api-version=2022-09-01`, { location, tags: { kind: 'many' } });
  const quarter = Array.from({ length: resources / 4 }, (_, at) => at);
  const identity = (at: number) =>
    `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-${at}`;
  for (const at of quarter) {
    await put(`${identity(at)}?api-version=2024-11-30`, { location });
    await put(`${identity(at)}/federatedIdentityCredentials/one?api-version=2024-11-30`, {
      properties: { issuer: 'https://ci.example.test', subject: 'main', audiences: ['api://a'] },
    });
    const machine = await put(`${machineOf(group, at)}?api-version=2024-07-01`, {
      location,
      tags: { kind: 'many', number: String(at) },
      identity: { type: 'SystemAssigned,UserAssigned', userAssignedIdentities: { [identity(at)]: {} } },
    });
    const { principalId } = machine.identity;
    await m.assign(m.home, { principalId }, 'Reader', `/subscriptions/${m.home.subscriptionId}`);
    await put(`${machineOf(group, at)}-2?api-version=2024-07-01`, {
      location,
      identity: { type: 'SystemAssigned' },
    });
    await put(`${group}/providers/Microsoft.Network/publicIPAddresses/ip-${at}?api-version=2022-01-01`, {
      location,
    });
  }
  return group;
}

const machineOf = (group: string, at: number) =>
  `${group}/providers/Microsoft.Compute/virtualMachines/vm-${at}`;

async function remove(m: TestManagement, group: string): Promise<void> {
  const as = m.home.owner;
  const { status } = await m.ask('DELETE', `${group}?api-version=2022-09-01`, { as });
  assert.equal(status, 202);
  await m.operations.settled();
  assert.equal((await m.ask('GET', `${group}?api-version=2022-09-01`, { as })).status, 404);
}

async function count(database: Database, table: keyof Tables): Promise<number> {
  const { rows } = await database.read
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number | string>().as('rows'))
    .executeTakeFirstOrThrow();
  return Number(rows);
}

const held = [
  'resources',
  'resource_groups',
  'tags',
  'principals',
  'role_assignments',
  'federated_credentials',
  'identity_attachments',
] as const;

describe('a resource group of many resources', () => {
  test('goes with all they hold, in statements whose number hardly grows with them', async () => {
    await using engine = await testDatabase();
    const { database, take } = watchStatements(engine);
    await using m = await testManagement({ database });
    const before = await Promise.all(held.map((table) => count(database, table)));

    const statements: number[] = [];
    for (const resources of [100, 200]) {
      const group = await fill(m, `many-${resources}`, resources);
      const audits = await count(database, 'directory_audits');
      const kept = await count(database, 'deleted_objects');
      take();
      await remove(m, group);
      statements.push(take().length);

      assert.deepEqual(await Promise.all(held.map((table) => count(database, table))), before);
      // of each machine's own identity, of each user-assigned one, and of what each second machine had attached
      assert.equal(await count(database, 'directory_audits'), audits + resources);
      assert.equal(await count(database, 'deleted_objects'), kept + resources / 2);
    }
    const [fewer = 0, more = 0] = statements;
    assert.ok(more - fewer < 2 * 100, `${fewer} statements for 100 resources, ${more} for 200`);
  });

  test('goes by indexes alone, whatever else the tenant has', async (t) => {
    await using engine = await testDatabase();
    if (engine.engine !== 'sqlite') {
      t.diagnostic('PostgreSQL chooses by the size of tables');
      return;
    }
    const { database, take } = watchStatements(engine);
    await using m = await testManagement({ database });
    const group = await fill(m, 'many', 4);
    take();
    await remove(m, group);
    const plans = await Promise.all(take().map((statement) => planOf(database, statement)));
    assert.ok(plans.length > 30);
    const scans = plans.filter(({ steps }) => steps.some((step) => isScan(step)));
    assert.deepEqual(scans, []);
  });
});

/** Whether it goes through a table, or through all that the tenant has in it. */
function isScan(step: string): boolean {
  return (/\bSCAN\b/.test(step) && !step.endsWith('VALUES CLAUSE')) || step.includes('(tenant_id=?)');
}

async function planOf(database: Database, statement: RootOperationNode) {
  const { sql, parameters } = database.read.getExecutor().compileQuery(statement, createQueryId());
  const plan = await database.read.executeQuery<{ detail: string }>(
    CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]),
  );
  return { sql, steps: plan.rows.map(({ detail }) => detail) };
}
