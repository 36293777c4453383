import { type ChildProcess, spawn } from 'node:child_process';
import module from 'node:module';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import type { Environment } from '../../foundation/environment.ts';
import { type FromRelay, onMessages, type RelayOrder, sendMessage } from './relay-channel.ts';

/** Whether programs can run isolated here; where not, the reason in half a sentence. */
export type IsolationAvailability =
  | { readonly available: true; readonly means: 'privileged' | 'user-namespace' }
  | { readonly available: false; readonly reason: string };

/** Milliseconds after which a probe that hangs counts as failed. */
const probeTimeout = 10_000;
/** Where the tools of util-linux and iproute2 lie that a user's own path may not name. */
const systemPath = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Finds out by doing: makes the namespaces, the address and a mount, and ends. */
export async function isolationAvailable(environment: Environment): Promise<IsolationAvailability> {
  if (process.platform !== 'linux') {
    return { available: false, reason: `it needs Linux, and this is ${process.platform}` };
  }
  const { uid, gid } = caller();
  let reason = '';
  for (const means of uid === 0
    ? (['privileged', 'user-namespace'] as const)
    : (['user-namespace'] as const)) {
    const asCaller =
      means === 'privileged'
        ? 'setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin -- true'
        : `unshare --user --map-user=${uid} --map-group=${gid} -- true`;
    const script =
      'ip link set lo up && ip addr add 169.254.169.254/32 dev lo && ' +
      `mount -t tmpfs tmpfs /tmp && : >/tmp/a && : >/tmp/b && mount --bind /tmp/a /tmp/b && ${asCaller}`;
    const failure = await attempt([...unshare(means), 'sh', '-c', `${script}; exit $?`], environment);
    if (failure === undefined) return { available: true, means };
    reason = failure;
  }
  return { available: false, reason };
}

/** Effective ids, since those are what a namespace maps; the account need not have a name. */
function caller(): { readonly uid: number; readonly gid: number } {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

async function attempt(command: readonly string[], environment: Environment): Promise<string | undefined> {
  const [file, ...args] = command;
  const child = spawn(file as string, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: toolEnvironment(environment),
    timeout: probeTimeout,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said = (said + text).slice(0, 2000);
  });
  return await new Promise((resolve) => {
    child.on('error', (error) => resolve(`${file} of util-linux cannot be run (${error.message})`));
    child.on('close', (code) =>
      resolve(code === 0 ? undefined : said.trim().split('\n')[0] || 'the kernel does not allow it'),
    );
  });
}

/**
 * A program's own namespaces. The process namespace is what ends everything with its first process; `--kill-child`
 * ends that one with `unshare`.
 */
function unshare(means: 'privileged' | 'user-namespace'): string[] {
  const user = means === 'privileged' ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...user, '--net', '--mount', '--pid', '--fork', '--kill-child', '--'];
}

/** Nothing of the user's environment reaches our own tools but where to find them. */
function toolEnvironment(environment: Environment): Record<string, string> {
  const compiled = module.getCompileCacheDir?.();
  return {
    PATH: environment['PATH'] === undefined ? systemPath : `${environment['PATH']}:${systemPath}`,
    LC_ALL: 'C',
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
  };
}

/** The namespace could not be made, or broke before the program had ended. */
export class IsolationError extends Error {
  override readonly name = 'IsolationError';
}

export interface IsolatedProgram {
  /**
   * The program's exit code, 128 + n where signal n ended it.
   *
   * @throws IsolationError
   */
  readonly ended: Promise<number>;
  signal(signal: NodeJS.Signals): void;
}

export interface IsolatedOptions extends Omit<RelayOrder, 'identity'> {
  readonly means: 'privileged' | 'user-namespace';
  /** Called once for each name in Azure's domains that the program asked for and that is not served. */
  readonly onRefusedName?: (name: string) => void;
}

/**
 * Runs a program as the caller, in namespaces of its own where it finds itself on the resource's host. Standard input,
 * output and error are the caller's. Everything it leaves running ends with it, and with this process.
 */
export function runIsolated({ means, onRefusedName, ...order }: IsolatedOptions): IsolatedProgram {
  const { uid, gid } = caller();
  const relay = path.join(import.meta.dirname, 'relay.ts');
  // The first shell lets no signal end the scaffolding before the program; node gives its children the default again.
  // The second is the first process of the namespace: unlike the relay, it reaps orphans.
  const scaffold = ['-c', 'trap \'\' INT TERM HUP QUIT USR1 USR2; exec "$@"', 'sh', ...unshare(means)];
  const child: ChildProcess = spawn(
    '/bin/sh',
    [...scaffold, '/bin/sh', '-c', '"$@"; exit $?', 'sh', process.execPath, '--no-warnings', relay],
    { stdio: ['inherit', 'inherit', 'inherit', 'pipe'], env: toolEnvironment(order.environment) },
  );
  const channel = child.stdio[3] as Duplex;
  channel.on('error', () => {});

  const ended = new Promise<number>((resolve, reject) => {
    let result: FromRelay | undefined;
    onMessages<FromRelay>(channel, (message) => {
      if (message.kind === 'refused-name') onRefusedName?.(message.name);
      else result = message;
    });
    child.on('error', (error) => reject(new IsolationError(`/bin/sh cannot be run: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (result?.kind === 'ended') resolve(result.exitCode);
      else if (result?.kind === 'failed') reject(new IsolationError(result.reason));
      else reject(new IsolationError(`its first process ended early (${signal ?? `code ${code}`})`));
    });
  });
  sendMessage(channel, { ...order, identity: { uid, gid, privileged: means === 'privileged' } });
  return { ended, signal: (signal) => sendMessage(channel, { signal }) };
}
