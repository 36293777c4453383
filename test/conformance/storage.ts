import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sql } from 'kysely';
import { guid, type TenantId } from '../../src/foundation/ids.ts';
import { recordChange } from '../../src/server/storage/change-log.ts';
import type { Database, Transaction } from '../../src/server/storage/database.ts';
import { isUniqueViolation, NewerSchemaError } from '../../src/server/storage/database-errors.ts';
import { released } from '../../src/server/storage/migrate.ts';
import type { TestStore } from '../support/database.ts';

export const tenantId = guid<TenantId>('11111111-1111-4111-8111-111111111111');

/** An engine under test: how to make an empty place for a database of it, or why that cannot be done here. */
export interface Engine {
  readonly name: string;
  readonly skip: string | false;
  store(): Promise<TestStore>;
}

/** A row whose key the test chooses. */
export async function insertTenant(transaction: Transaction, key: string): Promise<void> {
  await transaction
    .insertInto('tenants')
    .values({ tenant_id: key, display_name: key, default_domain: `${key}.test`, created_at: 1 })
    .execute();
}

export async function tenantKeys(database: Database): Promise<string[]> {
  const rows = await database.read.selectFrom('tenants').select('tenant_id').orderBy('tenant_id').execute();
  return rows.map((row) => row.tenant_id);
}

/** What both engines promise of transactions, errors and migrations. */
export function transactionsConform(engine: Engine): void {
  describe(`transactions on ${engine.name}`, { skip: engine.skip }, () => {
    test('a transaction that throws leaves nothing behind', async () => {
      await using store = await engine.store();
      const database = await store.open();
      const broken = new Error('broken');
      const work = database.transaction(async (transaction) => {
        await insertTenant(transaction, 'a');
        await recordChange(transaction, { tenantId, kind: 'resource', key: 'a', at: 1 });
        throw broken;
      });
      await assert.rejects(work, broken);
      assert.deepEqual(await tenantKeys(database), []);
      assert.deepEqual(await database.read.selectFrom('change_log').selectAll().execute(), []);
    });

    test('a read beside an open transaction sees nothing of it, and all of it afterwards', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await database.transaction(async (transaction) => {
        await insertTenant(transaction, 'a');
        await recordChange(transaction, { tenantId, kind: 'resource', key: 'a', at: 1 });
        assert.deepEqual(await tenantKeys(database), []);
      });
      assert.deepEqual(await tenantKeys(database), ['a']);
      const changes = await database.read.selectFrom('change_log').select(['kind', 'key']).execute();
      assert.deepEqual(changes, [{ kind: 'resource', key: 'a' }]);
    });

    test('a duplicate key is told apart from other failures, and ends the transaction', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await database.transaction((transaction) => insertTenant(transaction, 'a'));
      const duplicate = database.transaction(async (transaction) => {
        await insertTenant(transaction, 'b');
        await insertTenant(transaction, 'a');
      });
      await assert.rejects(duplicate, isUniqueViolation);
      const goesOn = database.transaction(async (transaction) => {
        await insertTenant(transaction, 'a').catch(() => undefined);
        await insertTenant(transaction, 'c');
      });
      await assert.rejects(goesOn);
      const commits = database.transaction(async (transaction) => {
        await insertTenant(transaction, 'd');
        await insertTenant(transaction, 'a').catch(() => undefined);
      });
      await assert.rejects(commits);
      assert.deepEqual(await tenantKeys(database), ['a']);
      assert.equal(isUniqueViolation(new Error('other')), false);
      await database.transaction((transaction) => insertTenant(transaction, 'e'));
      assert.deepEqual(await tenantKeys(database), ['a', 'e']);
    });

    test('the same name in one key space is refused, in another it is not', async () => {
      await using store = await engine.store();
      const database = await store.open();
      const assignment = (tenant: string, name: string) =>
        database.transaction(async (transaction) => {
          await transaction
            .insertInto('role_assignments')
            .values({
              tenant_id: tenant,
              assignment_id: name,
              scope: '/',
              scope_canonical: '/',
              role_definition_id: 'r',
              principal_id: name,
              principal_type: 'ServicePrincipal',
              description: null,
              condition: null,
              condition_version: null,
              created_at: 1,
              updated_at: 1,
              created_by: 'x',
              updated_by: 'x',
            })
            .execute();
        });
      await assignment('t1', 'n');
      await assignment('t2', 'n');
      await assert.rejects(assignment('t1', 'n'), isUniqueViolation);
    });

    test('increments of one row by twenty writers at once are all counted', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await database.transaction((transaction) => insertTenant(transaction, 'a'));
      const increment = () =>
        database.transaction(async (transaction) => {
          const { created_at } = await transaction
            .selectFrom('tenants')
            .select('created_at')
            .where('tenant_id', '=', 'a')
            .executeTakeFirstOrThrow();
          await transaction
            .updateTable('tenants')
            .set({ created_at: created_at + 1 })
            .where('tenant_id', '=', 'a')
            .execute();
        });
      await Promise.all(Array.from({ length: 20 }, increment));
      const { created_at } = await database.read
        .selectFrom('tenants')
        .select('created_at')
        .executeTakeFirstOrThrow();
      assert.equal(created_at, 21);
    });

    test('of two that look for a row and make it where it is missing, one makes it and both succeed', async () => {
      await using store = await engine.store();
      const database = await store.open();
      let made = 0;
      const ensure = () =>
        database.transaction(async (transaction) => {
          const row = await transaction
            .selectFrom('tenants')
            .select('tenant_id')
            .where('tenant_id', '=', 'a')
            .executeTakeFirst();
          if (row !== undefined) return false;
          await insertTenant(transaction, 'a');
          return true;
        });
      for (const result of await Promise.all([ensure(), ensure(), ensure()])) made += Number(result);
      assert.equal(made, 1);
    });

    test('a transaction cannot be used after its end, nor opened inside another', async () => {
      await using store = await engine.store();
      const database = await store.open();
      let kept: Transaction | undefined;
      await database.transaction(async (transaction) => {
        kept = transaction;
        await assert.rejects(
          database.transaction(async () => undefined),
          /inside another/,
        );
      });
      assert.ok(kept);
      await assert.rejects(insertTenant(kept, 'late'));
      assert.deepEqual(await tenantKeys(database), []);
    });

    test('closing lets transactions that wait their turn finish, and refuses later ones', async () => {
      await using store = await engine.store();
      const database = await store.open();
      const under = Array.from({ length: 5 }, (_, index) =>
        database.transaction((transaction) => insertTenant(transaction, `t${index}`)),
      );
      await Promise.all([...under, database[Symbol.asyncDispose]()]);
      await assert.rejects(database.transaction((transaction) => insertTenant(transaction, 'late')));
      const again = await store.open();
      assert.equal((await tenantKeys(again)).length, 5);
    });

    test('bytes, large numbers and null come back as they went', async () => {
      await using store = await engine.store();
      const database = await store.open();
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      const at = Date.UTC(2100, 0, 1);
      await database.transaction(async (transaction) => {
        await transaction
          .insertInto('tenant_keys')
          .values({ tenant_id: 't', version: 1, wrapped_key: bytes, created_at: at })
          .execute();
        await transaction
          .insertInto('subscriptions')
          .values({
            subscription_id: 's',
            tenant_id: await insertTenant(transaction, 't').then(() => 't'),
            display_name: 'ünï',
            state: 'Enabled',
            alias: null,
            created_at: at,
          })
          .execute();
      });
      const key = await database.read.selectFrom('tenant_keys').selectAll().executeTakeFirstOrThrow();
      assert.deepEqual(new Uint8Array(key.wrapped_key), bytes);
      assert.equal(key.created_at, at);
      const subscription = await database.read
        .selectFrom('subscriptions')
        .selectAll()
        .executeTakeFirstOrThrow();
      assert.equal(subscription.display_name, 'ünï');
      assert.equal(subscription.alias, null);
    });
  });

  describe(`migrations on ${engine.name}`, { skip: engine.skip }, () => {
    test('a database of a newer version is refused and left alone', async () => {
      await using store = await engine.store();
      const newer = await store.open([
        ...released,
        {
          name: '999-later',
          up: (db) => db.schema.createTable('later').addColumn('x', 'text').execute(),
        },
      ]);
      await newer[Symbol.asyncDispose]();
      await assert.rejects(store.open(), (error) => {
        assert.ok(error instanceof NewerSchemaError);
        assert.match(error.message, /newer version of Innate.*999-later/);
        return true;
      });
    });

    test('a migration that fails leaves the schema of before, and the next opening completes it', async () => {
      await using store = await engine.store();
      const first = await store.open();
      await first.transaction((transaction) => insertTenant(transaction, 'a'));
      await first[Symbol.asyncDispose]();
      const half = {
        name: '998-half',
        async up(db: Parameters<(typeof released)[number]['up']>[0]) {
          await db.schema.createTable('half_a').addColumn('x', 'text').execute();
          await sql`select * from no_such_table`.execute(db);
        },
      };
      await assert.rejects(store.open([...released, half]));
      const whole = {
        name: '998-half',
        async up(db: Parameters<(typeof released)[number]['up']>[0]) {
          await db.schema.createTable('half_a').addColumn('x', 'text').execute();
        },
      };
      const database = await store.open([...released, whole]);
      assert.deepEqual(await tenantKeys(database), ['a']);
    });
  });
}
