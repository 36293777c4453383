import { constants } from 'node:fs';
import { access, mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isSystemError, replaceFile } from './durable-file.ts';

/** The data folder cannot be used. The message is a sentence for the operator. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

/** The folder of one server's state, locked for it until disposed or until the process ends, however it ends. */
export interface DataFolder extends AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  file(name: string): string;
}

const sqliteBusy = 5;

/**
 * Opens the data folder, made where it is missing (0700), and locks it.
 *
 * @throws DataFolderError where it is a file, cannot be made, read or written, or another server holds it
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const absolute = path.resolve(folder);
  await makeFolder(absolute);
  const lock = await takeLock(absolute);
  const owner = ownerFile(absolute);
  await replaceFile(owner, `${process.pid}\n`);
  let held = true;
  return {
    path: absolute,
    file: (name) => path.join(absolute, name),
    async [Symbol.asyncDispose]() {
      if (!held) return;
      held = false;
      await rm(owner, { force: true });
      lock.close();
    },
  };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await makeMissing(folder);
    if (!(await stat(folder)).isDirectory()) throw notAFolder(folder);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof DataFolderError) throw error;
    if (isSystemError(error, 'EEXIST', 'ENOTDIR')) throw notAFolder(folder);
    if (isSystemError(error, 'EACCES', 'EPERM')) {
      throw new DataFolderError(
        `the data folder ${folder} cannot be read and written by this user: check its owner and permissions`,
      );
    }
    if (isSystemError(error, 'EROFS', 'ENOENT')) {
      throw new DataFolderError(`the data folder ${folder} is on a file system that cannot be written`);
    }
    const reason = error instanceof Error ? error.message : 'unknown error';
    throw new DataFolderError(`the data folder ${folder} cannot be opened: ${reason}`, { cause: error });
  }
}

/** As `mkdir -p`. Node's own way never ends below a file system that takes no folders, such as /proc. */
async function makeMissing(folder: string): Promise<void> {
  const make = async () => {
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
    }
  };
  try {
    await make();
  } catch (error) {
    const parent = path.dirname(folder);
    if (parent === folder || !isSystemError(error, 'ENOENT')) throw error;
    await makeMissing(parent);
    await make();
  }
}

function notAFolder(folder: string): DataFolderError {
  return new DataFolderError(`${folder} cannot be the data folder: it, or a part of its path, is a file`);
}

/**
 * SQLite's lock on a file of its own: taken at once or not at all, and gone with the process. Nothing else may open
 * that file in this process, because closing any descriptor of it would release the lock.
 */
async function takeLock(folder: string): Promise<DatabaseSync> {
  const file = path.join(folder, 'lock');
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) {
      throw new DataFolderError(
        `another Innate server${await ownerName(folder)} is using ${folder}: end that one, or give another data folder`,
      );
    }
    const reason = error instanceof Error ? error.message : 'unknown error';
    throw new DataFolderError(`the data folder ${folder} cannot be locked: ${reason}`, { cause: error });
  }
}

function ownerFile(folder: string): string {
  return path.join(folder, 'lock.owner');
}

async function ownerName(folder: string): Promise<string> {
  try {
    const pid = (await readFile(ownerFile(folder), 'utf8')).trim();
    return /^\d+$/.test(pid) ? ` (pid ${pid})` : '';
  } catch {
    return '';
  }
}
