import { rm } from 'node:fs/promises';
import type { Clock } from '../../foundation/clock.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { DataFolder } from './data-folder.ts';
import type { Database } from './database.ts';
import { createFile, ExposedFileError, readSecretFile } from './durable-file.ts';
import {
  type KeyEncryptionKey,
  KeyEncryptionKeyError,
  newKeyEncryptionKeyText,
  parseKeyEncryptionKey,
} from './key-encryption-key.ts';
import { TenantSealer } from './sealed-column.ts';

/** Where the operator keeps the key-encryption key, if not in the data folder. Both hold its text form. */
export type KeySource = { readonly file: string } | { readonly text: string };

export interface SealerParts {
  readonly database: Database;
  readonly folder: DataFolder;
  readonly source: KeySource | undefined;
  readonly randomness: Randomness;
  readonly clock: Clock;
}

const checkKey = 'key-check';
const checkName = 'check';
const checkText = Buffer.from('innate');

/**
 * Obtains the key-encryption key and proves that it is this database's: by a check value that the first opening
 * writes. Without a source the key is the data folder's `key-encryption-key`, made with a new database only.
 *
 * @throws KeyEncryptionKeyError where the key is missing, malformed, exposed to others, or another database's
 */
export async function openSealer(parts: SealerParts): Promise<TenantSealer> {
  const { database, source, folder, randomness } = parts;
  const check = await readCheck(database);
  if (source !== undefined) {
    const key = await keyFrom(source, randomness);
    await prove(database, key, check);
    return new TenantSealer(database, key, parts);
  }
  const file = folder.file('key-encryption-key');
  const kept = await keyInFile(file, randomness);
  if (kept !== undefined) {
    await prove(database, kept, check);
    return new TenantSealer(database, kept, parts);
  }
  if (check !== undefined) {
    throw new KeyEncryptionKeyError(
      `the key-encryption key ${file} is missing, and the database was sealed with it: put it back, or say where it is`,
    );
  }
  const made = await makeKeyFile(file, randomness);
  try {
    await prove(database, made, check);
  } catch (error) {
    // another replica sealed the database first, with another key: this one is of no use
    if (error instanceof KeyEncryptionKeyError) await rm(file, { force: true });
    throw error;
  }
  return new TenantSealer(database, made, parts);
}

async function keyFrom(source: KeySource, randomness: Randomness): Promise<KeyEncryptionKey> {
  if ('text' in source) {
    return parseKeyEncryptionKey(source.text, 'the key-encryption key that was given', randomness);
  }
  const key = await keyInFile(source.file, randomness);
  if (key === undefined) throw new KeyEncryptionKeyError(`there is no key-encryption key at ${source.file}`);
  return key;
}

/**
 * The key-encryption key of a file; `undefined` where there is none.
 *
 * @throws KeyEncryptionKeyError where the file cannot be read, is exposed to others or holds something else
 */
export async function keyInFile(file: string, randomness: Randomness): Promise<KeyEncryptionKey | undefined> {
  try {
    const text = await readSecretFile(file);
    return text === undefined ? undefined : parseKeyEncryptionKey(text, file, randomness);
  } catch (error) {
    if (error instanceof KeyEncryptionKeyError) throw error;
    if (error instanceof ExposedFileError) throw new KeyEncryptionKeyError(error.message);
    throw new KeyEncryptionKeyError(`the key-encryption key ${file} cannot be read`, { cause: error });
  }
}

/** A new key; its file is on the disk before anything is sealed with it. */
export async function makeKeyFile(file: string, randomness: Randomness): Promise<KeyEncryptionKey> {
  const text = newKeyEncryptionKeyText(randomness);
  await createFile(file, `${text}\n`);
  return parseKeyEncryptionKey(text, file, randomness);
}

async function readCheck(database: Database): Promise<string | undefined> {
  const row = await database.read
    .selectFrom('meta')
    .select('value')
    .where('key', '=', checkKey)
    .executeTakeFirst();
  return row?.value;
}

async function prove(database: Database, key: KeyEncryptionKey, known: string | undefined): Promise<void> {
  const check = known ?? (await writeCheck(database, key));
  const opened = key.unwrap(checkName, Buffer.from(check, 'base64url'));
  if (opened === undefined || !checkText.equals(opened)) {
    throw new KeyEncryptionKeyError(
      'the key-encryption key does not match this database: it was sealed with another one',
    );
  }
}

/** Writes the check value where there is none; returns the one that stands, which may be another replica's. */
async function writeCheck(database: Database, key: KeyEncryptionKey): Promise<string> {
  return database.transaction(async (transaction) => {
    const standing = await transaction
      .selectFrom('meta')
      .select('value')
      .where('key', '=', checkKey)
      .executeTakeFirst();
    if (standing !== undefined) return standing.value;
    const sealed = await transaction.selectFrom('tenant_keys').select('version').limit(1).executeTakeFirst();
    if (sealed !== undefined) {
      throw new KeyEncryptionKeyError('the database lost the check value of its key-encryption key');
    }
    const value = Buffer.from(key.wrap(checkName, checkText)).toString('base64url');
    await transaction.insertInto('meta').values({ key: checkKey, value }).execute();
    return value;
  });
}
