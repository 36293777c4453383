import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { program, startInnate } from '../support/innate.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'innate-failures-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Root reads every folder, and so becomes somebody else. */
const ordinaryUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
const nobodyElse =
  spawnSync(process.execPath, ['--check', program], { ...ordinaryUser, cwd: '/' }).status !== 0 &&
  'this folder is closed to other users';

/** Runs `innate up` and waits for its end; `env` adds to the environment. */
async function up(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  user: { readonly uid?: number; readonly gid?: number } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, 'up', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
    ...user,
  });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, said };
}

/** One sentence for a person: a non-zero end, one line, no stack. */
function assertOneSentence({ code, said }: Ended, sentence: RegExp): void {
  assert.notEqual(code, 0, said);
  assert.match(said, sentence);
  assert.equal(said.trim().split('\n').length, 1, `more than one line: ${said}`);
  assert.doesNotMatch(said, /\bat .*\.ts:\d+/, 'a stack trace');
}

describe('innate up that cannot start says why in one sentence and leaves nothing half made', {
  concurrency: 2,
}, () => {
  test('the file of providers elsewhere is missing or wrong', async () => {
    const data = path.join(folder, 'upstream');
    const file = path.join(folder, 'upstream.json');
    assertOneSentence(await up(['--data', data, '--upstream', file]), /upstream\.json cannot be read/);
    writeFileSync(file, JSON.stringify({ providers: [{ name: 'corp' }] }));
    assertOneSentence(await up(['--data', data, '--upstream', file]), /'providers\.0\.label'/);
    assert.ok(!existsSync(data));
  });

  test('a file where the data folder should be', async () => {
    const data = path.join(folder, 'a-file');
    writeFileSync(data, 'mine');
    assertOneSentence(await up(['--data', data, '--listen', '127.0.0.1:0']), /a-file/);
    assert.equal(readFileSync(data, 'utf8'), 'mine');
  });

  test('a data folder that cannot be read', { skip: nobodyElse }, async () => {
    const data = path.join(folder, 'unreadable');
    mkdirSync(data);
    chmodSync(data, 0o000);
    chmodSync(folder, 0o711);
    const result = await up(['--data', data, '--listen', '127.0.0.1:0'], {}, ordinaryUser);
    assertOneSentence(result, /unreadable cannot be read and written by this user/);
    chmodSync(data, 0o700);
    assert.deepEqual(readdirSync(data), []);
  });

  test('a port that another program has', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as net.AddressInfo;
    const result = await up(['--data', path.join(folder, 'port'), '--listen', `127.0.0.1:${port}`]);
    other.close();
    assertOneSentence(result, new RegExp(`port ${port} .* in use`));
  });

  test('a second server on the same data folder', async () => {
    await using first = await startInnate();
    const result = await up(['--data', first.data, '--listen', '127.0.0.1:0']);
    assertOneSentence(result, new RegExp(`another Innate server.*${first.ready.pid}`, 'i'));
    assert.equal(first.process.exitCode, null, 'the first one still runs');
  });

  test('the wrong key for the database', async () => {
    const data = path.join(folder, 'wrong-key');
    await using first = await startInnate({ data });
    await first.stop();
    const result = await up(['--data', data, '--listen', '127.0.0.1:0'], {
      INNATE_KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64url'),
    });
    assertOneSentence(result, /key-encryption key does not/);
    await using again = await startInnate({ data });
    assert.equal(again.ready.tenantId, first.ready.tenantId);
  });

  test('a key file that is not there', async () => {
    const data = path.join(folder, 'no-key');
    const keyFile = path.join(folder, 'no-such-key');
    const result = await up(['--data', data, '--listen', '127.0.0.1:0', '--key-file', keyFile]);
    assertOneSentence(result, /no key-encryption key at .*no-such-key/);
    assert.equal(existsSync(keyFile), false);
    assert.equal(existsSync(path.join(data, 'operator.json')), false);
  });

  test('a ready file that cannot be written', async () => {
    const readyFile = path.join(folder, 'no-such-folder', 'ready.json');
    const data = path.join(folder, 'not-ready');
    const result = await up(['--data', data, '--listen', '127.0.0.1:0', '--ready-file', readyFile]);
    assertOneSentence(result, /the ready file .*ready\.json cannot be written \(ENOENT\)/);
    assert.equal(existsSync(path.join(data, 'server.json')), false);
  });

  test('a PostgreSQL that does not answer, without a word of the password', async () => {
    const result = await up([
      '--data',
      path.join(folder, 'no-postgres'),
      '--listen',
      '127.0.0.1:0',
      '--database',
      'postgres://innate:hunter2@127.0.0.1:1/innate',
    ]);
    assertOneSentence(result, /PostgreSQL/);
    assert.doesNotMatch(result.said, /hunter2/);
  });

  test("Azure's names beyond loopback", async () => {
    const data = path.join(folder, 'beyond');
    assertOneSentence(await up(['--data', data, '--listen', '0.0.0.0:0']), /loopback only/);
    assert.equal(existsSync(data), false);
  });
});
