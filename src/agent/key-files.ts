import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Randomness } from '../foundation/randomness.ts';

const folderMode = 0o700;
const fileMode = 0o600;
const namePattern = /^[a-z0-9][a-z0-9.-]*$/;

/**
 * The agent's own folder: one folder for each machine, everything readable by its owner alone. A file is replaced
 * whole or not at all: written beside, synced, renamed, and the folder synced.
 */
export class KeyFiles {
  readonly #root: string;
  readonly #randomness: Randomness;

  constructor(root: string, randomness: Randomness) {
    this.#root = root;
    this.#randomness = randomness;
  }

  /** Names of the folders of machines; what an interrupted write left behind is cleared away. */
  async machines(): Promise<readonly string[]> {
    await makeFolder(this.#root);
    const entries = await readdir(this.#root, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory() && namePattern.test(entry.name));
    return names.map(({ name }) => name).sort();
  }

  /** Names of a machine's files. */
  async list(machine: string): Promise<readonly string[]> {
    const folder = this.#folder(machine);
    const names = await readdir(folder).catch(orNothing);
    for (const name of names ?? []) if (name.endsWith('.new')) await rm(path.join(folder, name));
    return (names ?? []).filter((name) => !name.endsWith('.new')).sort();
  }

  async read(machine: string, name: string): Promise<string | undefined> {
    return await readFile(this.#file(machine, name), 'utf8').catch(orNothing);
  }

  async write(machine: string, name: string, content: string): Promise<void> {
    const folder = this.#folder(machine);
    await makeFolder(this.#root);
    await makeFolder(folder);
    const file = this.#file(machine, name);
    const beside = `${file}.${Buffer.from(this.#randomness.bytes(6)).toString('hex')}.new`;
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      const handle = await open(beside, flags, fileMode);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(beside, file);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
    await sync(folder);
  }

  /** Removes a file, durably; none is fine. */
  async remove(machine: string, name: string): Promise<void> {
    await rm(this.#file(machine, name), { force: true });
    await sync(this.#folder(machine)).catch(orNothing);
  }

  /** Removes all that a machine has here. */
  async removeMachine(machine: string): Promise<void> {
    await rm(this.#folder(machine), { recursive: true, force: true });
    await sync(this.#root).catch(orNothing);
  }

  #folder(machine: string): string {
    return path.join(this.#root, checked(machine));
  }

  #file(machine: string, name: string): string {
    return path.join(this.#folder(machine), checked(name));
  }
}

/** Ids come from the server: none of them may lead out of the folder. */
function checked(name: string): string {
  if (!namePattern.test(name)) throw new TypeError('not a file name of the agent');
  return name;
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: folderMode });
  const found = await lstat(folder);
  if (!found.isDirectory()) throw new Error(`${folder} is not a folder`);
  if ((found.mode & 0o777) !== folderMode) await chmod(folder, folderMode);
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function orNothing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
