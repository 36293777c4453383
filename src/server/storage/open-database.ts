import type { Randomness } from '../../foundation/randomness.ts';
import type { DataFolder } from './data-folder.ts';
import type { Database } from './database.ts';
import { DatabaseError } from './database-errors.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';

/**
 * Opens the database that the operator chose: the one at the address, or else the embedded one in the data folder.
 *
 * @param url `postgres://…` or `postgresql://…`
 * @throws DatabaseError with one sentence, which never repeats the address's password
 */
export async function openDatabase(
  place: { readonly url: string | undefined; readonly folder: DataFolder },
  randomness: Randomness,
): Promise<Database> {
  if (place.url === undefined) return openSqlite(place.folder.file('innate.db'));
  if (!/^postgres(ql)?:\/\//.test(place.url)) {
    throw new DatabaseError('a database address begins with postgres:// or postgresql://');
  }
  return openPostgres(place.url, randomness);
}
