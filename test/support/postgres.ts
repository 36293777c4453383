import { execFile, spawn } from 'node:child_process';
import { chown, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { processEnvironment } from '../../src/foundation/environment.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface TemporaryPostgres extends AsyncDisposable {
  /** Of a superuser, on loopback. */
  readonly url: string;
  readonly pid: number;
}

const run = promisify(execFile);

/**
 * A PostgreSQL server of the caller's own, from the binaries of this machine: a new cluster in a temporary folder, on
 * loopback, durable as in production. Ended and removed when disposed.
 *
 * @returns undefined where PostgreSQL is not installed
 */
export async function startPostgres(): Promise<TemporaryPostgres | undefined> {
  const binaries = await findBinaries();
  if (binaries === undefined) return undefined;
  const folder = await temporaryFolder();
  try {
    // the server refuses to run as root
    const user = process.getuid?.() === 0 ? await unprivilegedUser() : undefined;
    if (user !== undefined) await chown(folder.path, user.uid, user.gid);
    const data = folder.file('data');
    const password = Buffer.from(systemRandomness.bytes(18)).toString('base64url');
    const passwordFile = folder.file('password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
    await run(
      path.join(binaries, 'initdb'),
      [
        '-D',
        data,
        '-U',
        'innate',
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--locale=C',
      ],
      { ...user, cwd: folder.path },
    );
    const port = await freePort();
    const server = spawn(
      path.join(binaries, 'postgres'),
      [
        '-D',
        data,
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        `unix_socket_directories=${folder.path}`,
      ],
      { ...user, cwd: folder.path, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    let log = '';
    await new Promise<void>((resolve, reject) => {
      server.stderr.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-10_000);
        if (log.includes('database system is ready to accept connections')) resolve();
      });
      server.once('error', reject);
      server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
    });
    return {
      url: `postgres://innate:${password}@127.0.0.1:${port}/postgres`,
      pid: server.pid ?? 0,
      async [Symbol.asyncDispose]() {
        // a fast shutdown: sessions are ended, and everything is written
        server.kill('SIGINT');
        await ended;
        await folder[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** The folder that holds `initdb` and `postgres`: Debian's, newest version first, or one on the search path. */
async function findBinaries(): Promise<string | undefined> {
  const debian = '/usr/lib/postgresql';
  const versions = await readdir(debian).catch((): string[] => []);
  const folders = [
    ...versions.sort((a, b) => Number(b) - Number(a)).map((version) => path.join(debian, version, 'bin')),
    ...(processEnvironment()['PATH'] ?? '').split(path.delimiter),
  ];
  for (const folder of folders) {
    const files = await readdir(folder).catch((): string[] => []);
    if (files.includes('initdb') && files.includes('postgres')) return folder;
  }
  return undefined;
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const entry = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody');
  const [, , uid, gid] = entry ?? [];
  if (uid === undefined || gid === undefined) throw new Error('no user that PostgreSQL could run as');
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
