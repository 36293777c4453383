import type { Kysely } from 'kysely';
import { NewerSchemaError } from './database-errors.ts';
import type { ColumnTypes, Migration } from './migration.ts';
import { initial } from './migrations/001-initial.ts';
import { directory } from './migrations/002-directory.ts';
import { signIns } from './migrations/003-sign-ins.ts';
import { signingKeys } from './migrations/004-signing-keys.ts';
import { federation } from './migrations/005-federation.ts';
import { people } from './migrations/006-people.ts';
import { directoryAudits } from './migrations/007-directory-audits.ts';
import { signals } from './migrations/008-signals.ts';
import { applications } from './migrations/010-applications.ts';
import { identityAttachments } from './migrations/011-identity-attachments.ts';
import { resourcesAnywhere } from './migrations/012-resources-anywhere.ts';
import { resourceState } from './migrations/013-resource-state.ts';
import { scopes } from './migrations/014-scopes.ts';
import { tags } from './migrations/015-tags.ts';
import { deployments } from './migrations/016-deployments.ts';
import { providerCredentials } from './migrations/017-provider-credentials.ts';
import { orderOfOctets } from './migrations/018-order-of-octets.ts';
import { endsOfObjects } from './migrations/019-ends-of-objects.ts';

/** In order; a migration once released is never edited. */
export const released: readonly Migration[] = [
  initial,
  directory,
  signIns,
  signingKeys,
  federation,
  people,
  directoryAudits,
  signals,
  applications,
  identityAttachments,
  resourcesAnywhere,
  resourceState,
  scopes,
  tags,
  deployments,
  providerCredentials,
  orderOfOctets,
  endsOfObjects,
];

/**
 * Brings the schema up to date. Runs inside the caller's exclusive transaction, so a crash leaves the old schema whole.
 *
 * @throws NewerSchemaError where the database has migrations that this version does not know
 */
export async function migrate(
  db: Kysely<unknown>,
  types: ColumnTypes,
  migrations: readonly Migration[] = released,
): Promise<void> {
  await db.schema
    .createTable('meta')
    .ifNotExists()
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute();
  const meta = db as Kysely<{ meta: { key: string; value: string } }>;
  const row = await meta.selectFrom('meta').select('value').where('key', '=', 'schema').executeTakeFirst();
  const applied = row === undefined ? [] : (JSON.parse(row.value) as string[]);
  const unknown = applied.filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length > 0) {
    throw new NewerSchemaError(
      `the database was written by a newer version of Innate (it has ${unknown.join(', ')})`,
    );
  }
  const pending = migrations.filter((migration) => !applied.includes(migration.name));
  for (const migration of pending) await migration.up(db, types);
  if (pending.length === 0) return;
  const value = JSON.stringify(migrations.map((migration) => migration.name));
  await meta
    .insertInto('meta')
    .values({ key: 'schema', value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
