import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../src/foundation/clock.ts';
import { guid, type TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { type DataFolder, openDataFolder } from '../../src/server/storage/data-folder.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { openDatabase } from '../../src/server/storage/open-database.ts';
import { openSealer } from '../../src/server/storage/open-sealer.ts';
import type { Sealer } from '../../src/server/storage/sealed-column.ts';
import { postgresStore, postgresUrl } from '../support/database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { crashRounds, crashRoundsWanted, type History, randomBetween } from './crash-rounds.ts';
import { lineVictim, spawnScript } from './line-victim.ts';

const script = path.join(import.meta.dirname, 'storage-writer.ts');
const tenantId = guid<TenantId>('11111111-1111-4111-8111-111111111111');

/** Each client makes two and deletes the first of them again. */
function operation(round: number, client: number, n: number): string {
  const key = (made: number) => `r${round}-c${client}-${made}`;
  return n % 3 === 2 ? `delete/${key(n - 2)}` : `create/${key(n)}`;
}

async function withStorage(
  place: { readonly folder: string; readonly url: string | undefined },
  work: (database: Database, sealer: Sealer, folder: DataFolder) => Promise<void>,
): Promise<void> {
  await using folder = await openDataFolder(place.folder);
  await using database = await openDatabase({ url: place.url, folder }, systemRandomness);
  const parts = { database, folder, source: undefined, randomness: systemRandomness, clock: systemClock };
  await work(database, await openSealer(parts), folder);
}

/** One snapshot: the server of a client that was killed may still be committing what the client had asked for. */
function everything(database: Database) {
  return database.transaction(async (transaction) => ({
    resources: await transaction.selectFrom('resources').select('canonical').execute(),
    principals: await transaction.selectFrom('principals').select('principal_id').execute(),
    values: await transaction
      .selectFrom('vault_secret_versions')
      .select(['name_canonical', 'value_sealed'])
      .execute(),
    changes: await transaction.selectFrom('change_log').select('key').execute(),
    tenants: await transaction.selectFrom('tenants').select('tenant_id').execute(),
    keys: await transaction.selectFrom('tenant_keys').select('tenant_id').execute(),
  }));
}

async function check(database: Database, sealer: Sealer, history: History): Promise<void> {
  const { resources, principals, values, changes, tenants, keys } = await everything(database);
  assert.deepEqual(keys, tenants, 'a tenant without its key');
  const present = new Set(resources.map((row) => row.canonical));
  assert.deepEqual(new Set(principals.map((row) => row.principal_id)), present, 'half a resource');
  assert.deepEqual(new Set(values.map((row) => row.name_canonical)), present, 'half a resource');
  for (const { name_canonical: row, value_sealed } of values) {
    const place = { tenantId, table: 'vault_secret_versions', column: 'value_sealed', row };
    assert.equal(Buffer.from(await sealer.open(place, value_sealed)).toString(), row);
  }
  const changed = new Map<string, number>();
  for (const { key } of changes) changed.set(key, (changed.get(key) ?? 0) + 1);

  for (const attempt of history.attempted) {
    if (!attempt.startsWith('create/')) continue;
    const key = attempt.slice('create/'.length);
    const removal = `delete/${key}`;
    // one change for the making, a second for the end
    const count = changed.get(key) ?? 0;
    changed.delete(key);
    assert.ok(present.has(key) ? count === 1 : count === 0 || count === 2, `${key} has ${count} changes`);
    present.delete(key);
    if (history.acknowledged.has(attempt)) assert.ok(count >= 1, `${attempt} was acknowledged and is lost`);
    if (history.acknowledged.has(removal)) assert.equal(count, 2, `${removal} was acknowledged and is lost`);
    if (!history.attempted.has(removal)) assert.ok(count <= 1, `${key} was deleted by nobody`);
  }
  assert.deepEqual([...present, ...changed.keys()], [], 'rows that nobody asked for');
}

async function survivesWrites(url: string | undefined): Promise<void> {
  await using temporary = await temporaryFolder();
  const folder = temporary.file('data');
  const parameters = url === undefined ? [folder] : [folder, url];
  const history = await crashRounds({
    start: () => lineVictim(script, parameters),
    operation,
    check: (soFar) => withStorage({ folder, url }, (database, sealer) => check(database, sealer, soFar)),
  });
  assert.ok(history.acknowledged.size > 0, 'nothing was written before the kills');
}

/** Killed while it makes folder, key and schema; what is left is completed by the next opening. */
async function survivesFirstStart(url: string | undefined): Promise<void> {
  await using temporary = await temporaryFolder();
  const folder = temporary.file('data');
  const child = spawnScript(script, url === undefined ? [folder] : [folder, url]);
  await wait(randomBetween(40, 400));
  child.kill('SIGKILL');
  await once(child, 'close');
  await withStorage({ folder, url }, (database, sealer) =>
    check(database, sealer, { attempted: new Set(), acknowledged: new Set() }),
  );
}

async function repeatedly(work: () => Promise<void>): Promise<void> {
  for (let round = 0; round < crashRoundsWanted(); round += 1) await work();
}

describe('a server killed at any moment', () => {
  test('has lost nothing that it acknowledged and shows nothing half done (SQLite)', () =>
    survivesWrites(undefined));

  test('on its first start leaves what the next start completes (SQLite)', () =>
    repeatedly(() => survivesFirstStart(undefined)));

  const server = postgresUrl;
  const skip = server === undefined && 'INNATE_TEST_POSTGRES names no server';
  const onPostgres = async (work: (url: string) => Promise<void>) => {
    await using store = await postgresStore(server ?? '');
    assert.ok('url' in store.location);
    await work(store.location.url);
  };

  test('has lost nothing that it acknowledged and shows nothing half done (PostgreSQL)', { skip }, () =>
    onPostgres(survivesWrites),
  );

  test('on its first start leaves what the next start completes (PostgreSQL)', { skip }, () =>
    repeatedly(() => onPostgres(survivesFirstStart)),
  );
});
