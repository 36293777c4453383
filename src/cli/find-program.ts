import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '../foundation/environment.ts';
import { CommandError } from './command.ts';

/**
 * Makes sure, before anything is set up for it, that a program is there, as the system would look for it.
 *
 * @throws CommandError with the shells' exit codes: 127 where it is not found, 126 where it cannot be executed
 */
export function requireProgram(name: string, environment: Environment): void {
  const folders = (environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(path.delimiter);
  const places = name.includes('/') ? [name] : folders.map((folder) => path.join(folder || '.', name));
  const files = places.filter(isFile);
  if (files.length === 0) throw new CommandError(`there is no program '${name}'`, 127);
  if (!files.some(isExecutable))
    throw new CommandError(`'${name}' is no program that this user can run`, 126);
}

/** A folder on the path that this user may not look into holds no program for them. */
function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
