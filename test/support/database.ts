import pg from 'pg';
import { processEnvironment } from '../../src/foundation/environment.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import type { Database } from '../../src/server/storage/database.ts';
import type { Migration } from '../../src/server/storage/migration.ts';
import { openPostgres } from '../../src/server/storage/postgres.ts';
import { openSqlite } from '../../src/server/storage/sqlite.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A place for one database, empty at first and removed with all that was opened on it. */
export interface TestStore extends AsyncDisposable {
  /** Opens the database, migrated. On PostgreSQL several may be open at once, as replicas are. */
  open(migrations?: readonly Migration[]): Promise<Database>;
  /** The file (SQLite) or the address (PostgreSQL), for another process to open. */
  readonly location: { readonly file: string } | { readonly url: string };
}

/** Address of a PostgreSQL server whose user may create databases; `undefined` where the tests have none. */
export const postgresUrl: string | undefined = processEnvironment()['INNATE_TEST_POSTGRES'] || undefined;

export async function sqliteStore(): Promise<TestStore> {
  const folder = await temporaryFolder();
  const opened: Database[] = [];
  const file = folder.file('innate.db');
  return {
    location: { file },
    async open(migrations) {
      const database = await openSqlite(file, migrations);
      opened.push(database);
      return database;
    },
    async [Symbol.asyncDispose]() {
      for (const database of opened) await database[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export async function postgresStore(server: string): Promise<TestStore> {
  const name = `innate_test_${systemRandomness.uuid().replaceAll('-', '')}`;
  await administer(server, `create database ${name}`);
  const opened: Database[] = [];
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    location: { url: url.href },
    async open(migrations) {
      const database = await openPostgres(url.href, systemRandomness, migrations);
      opened.push(database);
      return database;
    },
    async [Symbol.asyncDispose]() {
      for (const database of opened) await database[Symbol.asyncDispose]();
      await administer(server, `drop database if exists ${name} with (force)`);
    },
  };
}

/**
 * A fresh, migrated database: SQLite in a temporary folder, or PostgreSQL where INNATE_TEST_POSTGRES names one.
 * `await using database = await testDatabase()`.
 */
export async function testDatabase(): Promise<Database> {
  const store = postgresUrl === undefined ? await sqliteStore() : await postgresStore(postgresUrl);
  const database = await store.open();
  return { ...database, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
