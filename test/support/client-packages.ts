import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { follow, type Outcome } from './demo-world.ts';

const asked = (process.env['INNATE_TEST_CLIENTS'] ?? '').split(',').filter((word) => word !== '');

/**
 * Why the tests of a language's clients do not run: they need that language's tools, and its packages from their
 * registry. INNATE_TEST_CLIENTS names the languages with commas between, or is 1 for all; what is asked for and cannot
 * be had fails.
 */
export function notAsked(language: string): string | false {
  const wanted = asked.includes('1') || asked.includes(language);
  return wanted ? false : `INNATE_TEST_CLIENTS names no ${language}`;
}

/** Milliseconds for one step of preparing packages: a download, a compilation. */
const stepLimit = 300_000;

/**
 * A copy of `test/clients/<language>/`, with its packages and what is built from it, in the user's cache folder. Made
 * once for each content of that folder and version of the tools.
 *
 * @param tools command that prints the version of the tools
 * @param steps commands that fetch and build, run in the copy
 * @returns the copy
 */
export async function preparedClient(
  language: string,
  tools: readonly string[],
  steps: readonly (readonly string[])[],
): Promise<string> {
  const source = path.resolve(import.meta.dirname, '..', 'clients', language);
  const digest = createHash('sha256').update((await perform(tools)).stdout + JSON.stringify(steps));
  for (const name of globSync('**', { cwd: source }).sort()) {
    const file = path.join(source, name);
    if (statSync(file).isFile()) digest.update(`${name}\0`).update(readFileSync(file));
  }
  const caches = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
  const name = `${language}-${digest.digest('hex').slice(0, 12)}`;
  const folder = path.join(caches, 'innate-test-clients', name);
  const complete = path.join(folder, '.complete');
  if (!existsSync(complete)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(path.dirname(folder), { recursive: true });
    cpSync(source, folder, { recursive: true });
    for (const step of steps) await perform(step, folder);
    writeFileSync(complete, '');
  }
  return folder;
}

/** The programs in Python, and the interpreter that has their packages. */
export async function preparedPython(): Promise<{ readonly folder: string; readonly python: string }> {
  const folder = await preparedClient(
    'python',
    ['python3', '--version'],
    [
      ['python3', '-m', 'venv', 'packages'],
      ['packages/bin/pip', 'install', '--quiet', '--no-deps', '--no-compile', '-r', 'requirements.txt'],
    ],
  );
  return { folder, python: path.join(folder, 'packages/bin/python') };
}

/** The programs in Go, built: where one is, by its name. */
export async function preparedGo(): Promise<(program: GoProgram) => string> {
  const folder = await preparedClient('go', ['go', 'version'], [['go', 'build', '-o', 'built/', './...']]);
  return (program) => path.join(folder, 'built', program);
}

/** A folder of `test/clients/go`. */
export type GoProgram = 'manage-resources' | 'read-a-secret' | 'sign-in' | 'sign-in-person' | 'validate';

/** The programs in Java, compiled: the command that runs one, but for the name of its class. */
export async function preparedJava(): Promise<readonly string[]> {
  const packages = '-DoutputDirectory=target/packages';
  const folder = await preparedClient(
    'java',
    ['mvn', '--version'],
    [['mvn', '--quiet', '--batch-mode', 'compile', 'dependency:copy-dependencies', packages]],
  );
  const classes = path.join(folder, 'target/classes');
  return ['java', '-cp', `${classes}:${path.join(folder, 'target/packages/*')}`];
}

/** @throws where the command fails, with what it said */
async function perform(command: readonly string[], cwd: string = os.tmpdir()): Promise<Outcome> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { cwd, timeout: stepLimit, killSignal: 'SIGKILL' });
  const failed = new Promise<never>((_, reject) => child.on('error', reject));
  const outcome = await Promise.race([follow(child).outcome, failed]);
  if (outcome.code !== 0) {
    throw new Error(`${command.join(' ')} ended with ${outcome.code}: ${outcome.stdout}${outcome.stderr}`);
  }
  return outcome;
}
