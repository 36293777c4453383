import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..', '..');
/** What `npx innate` starts. */
export const program = path.join(root, 'bin', 'innate.mjs');

/** What `innate up --ready-file` writes. */
export interface Ready {
  readonly pid: number;
  readonly profile: 'azure' | 'own';
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly caFile: string;
  readonly proxy: string;
  readonly endpoints: {
    readonly login: string;
    readonly management: string;
    readonly graph: string;
    readonly vaultSuffix: string;
  };
  readonly operator: { readonly clientId: string; readonly clientSecret: string };
  /** The server's one listener. */
  readonly connect: { readonly host: string; readonly port: number };
}

/** A real `innate up`, as a user would start it, in a process of its own. */
export interface Innate extends AsyncDisposable {
  readonly ready: Ready;
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
    ready: JSON.parse(readFileSync(readyFile, 'utf8')) as Ready,
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
