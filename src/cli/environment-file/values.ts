import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { EnvironmentSecret } from '../../contract/environment-file.ts';
import type { Environment } from '../../foundation/environment.ts';

/** Longest value of a secret, in octets, as Key Vault has it. */
const longestValue = 25_600;

/** Where values come from that a file does not hold itself. */
export interface ValueSource {
  /** Folder of the file: names of other files begin there. */
  readonly folder: string;
  readonly environment: Environment;
}

/** A value that cannot be had: the reason, which never holds a value. */
export class NoValue extends Error {
  override readonly name = 'NoValue';
}

/** @throws NoValue */
export function secretValue(secret: EnvironmentSecret, { folder, environment }: ValueSource): string {
  if (typeof secret === 'string') return secret;
  const { valueFrom } = secret;
  if ('environment' in valueFrom) {
    const value = environment[valueFrom.environment];
    if (value === undefined) throw new NoValue(`the environment has no variable ${valueFrom.environment}`);
    return value;
  }
  const text = readBounded(path.resolve(folder, valueFrom.file), longestValue);
  return text.replace(/\r?\n$/, '');
}

/** Text of a file of at most so many octets. @throws NoValue */
export function readBounded(file: string, most: number): string {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw new NoValue(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (content.length > most) throw new NoValue(`${file} is larger than ${most} octets`);
  return content.toString('utf8');
}
