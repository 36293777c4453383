import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ServerFile } from '../../src/contract/ready-file.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
/** What `npx innate` starts. */
export const program = path.join(root, 'bin', 'innate.mjs');

/** A real `innate up`, as a user would start it, in a process of its own. */
export interface Innate extends AsyncDisposable {
  readonly ready: ServerFile;
  readonly data: string;
  readonly process: ChildProcess;
  /** Everything it has written to standard error so far. */
  readonly log: () => string;
  /** Ends it with a signal and waits; resolves to its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts `innate up` on any free port and waits until it serves.
 *
 * @throws where it ends before it serves: with what it said
 */
export async function startInnate(
  options: {
    data?: string;
    args?: readonly string[];
    prefix?: readonly string[];
    /** Whom it runs as; whoever runs the test unless told. */
    user?: { readonly uid: number; readonly gid: number };
  } = {},
): Promise<Innate> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'innate-test-'));
  if (options.user !== undefined) chownSync(folder, options.user.uid, options.user.gid);
  const data = options.data ?? path.join(folder, 'data');
  const readyFile = path.join(folder, 'ready.json');
  const command = [
    ...(options.prefix ?? []),
    process.execPath,
    program,
    'up',
    '--data',
    data,
    '--listen',
    '127.0.0.1:0',
    '--ready-file',
    readyFile,
    ...(options.args ?? []),
  ];
  const child = spawn(command[0] as string, command.slice(1), {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...options.user,
  });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));

  const watcher = watch(folder);
  try {
    await Promise.race([
      new Promise<void>((resolve) => {
        const look = () => existsSync(readyFile) && resolve();
        watcher.on('change', look);
        look();
      }),
      ended.then((code) => Promise.reject(new Error(`innate up ended with code ${code}: ${said}`))),
    ]);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    watcher.close();
  }

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return await ended;
  };
  return {
    ready: JSON.parse(readFileSync(readyFile, 'utf8')) as ServerFile,
    data,
    process: child,
    log: () => said,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
