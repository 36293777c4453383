import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

const ownerOnly = 0o600;

/**
 * Replaces a file so that after a crash it holds the old content or the new, whole: written beside it, flushed,
 * renamed, and the folder flushed. Readable by the owner alone unless `mode` says otherwise.
 */
export async function replaceFile(
  file: string,
  content: string | Uint8Array,
  mode: number = ownerOnly,
): Promise<void> {
  const beside = `${file}.new`;
  await rm(beside, { force: true });
  await writeFlushed(beside, content, mode);
  await rename(beside, file);
  await flushFolder(path.dirname(file));
}

/**
 * Makes a file that must not be there yet, with the same promise.
 *
 * @returns false where it is there already, untouched
 */
export async function createFile(file: string, content: string | Uint8Array): Promise<boolean> {
  const beside = `${file}.new`;
  await rm(beside, { force: true });
  await writeFlushed(beside, content, ownerOnly);
  try {
    // unlike a rename, a link never takes the place of another file
    await link(beside, file);
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
  await flushFolder(path.dirname(file));
  return true;
}

/** A secret's file is readable by others. The message is a sentence for the operator. */
export class ExposedFileError extends Error {
  override readonly name = 'ExposedFileError';
}

/**
 * The text of a file that only its owner may read; `undefined` where there is none.
 *
 * @throws ExposedFileError where its group or others may read or write it
 */
export async function readSecretFile(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new ExposedFileError(`others may read ${file}, which holds a secret: run chmod 600 on it`);
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(error.code as string);
}

async function writeFlushed(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function flushFolder(folder: string): Promise<void> {
  // Windows has no way to flush a folder, and opens none
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
