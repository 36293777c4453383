import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { DataFolderError, openDataFolder } from './data-folder.ts';
import { createFile, ExposedFileError, readSecretFile, replaceFile } from './durable-file.ts';

const refused = (folder: string, message: RegExp) =>
  assert.rejects(openDataFolder(folder), (error) => {
    assert.ok(error instanceof DataFolderError);
    assert.match(error.message, message);
    return true;
  });

/** Another process that opens the folder and says so. */
async function holder(folder: string) {
  const program = `
    const { openDataFolder } = await import(${JSON.stringify(path.join(import.meta.dirname, 'data-folder.ts'))});
    globalThis.held = await openDataFolder(${JSON.stringify(folder)});
    console.log('open');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('the data folder', () => {
  test('is made for its owner alone', async () => {
    await using place = await temporaryFolder();
    await using folder = await openDataFolder(place.file('a/b'));
    assert.equal((await stat(folder.path)).mode & 0o777, 0o700);
    assert.equal(path.isAbsolute(folder.path), true);
  });

  test('serves one server at a time, and names the other', async () => {
    await using place = await temporaryFolder();
    const folder = await openDataFolder(place.file('data'));
    await refused(folder.path, new RegExp(`^another Innate server \\(pid ${process.pid}\\) is using `));
    await folder[Symbol.asyncDispose]();
    await using again = await openDataFolder(folder.path);
    assert.equal(again.path, folder.path);
  });

  test('held by a process that is killed is free at once', async () => {
    await using place = await temporaryFolder();
    const child = await holder(place.file('data'));
    await refused(place.file('data'), new RegExp(`pid ${child.pid}\\)`));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using folder = await openDataFolder(place.file('data'));
    assert.equal((await readFile(folder.file('lock.owner'), 'utf8')).trim(), String(process.pid));
  });

  test('that cannot be made where it is asked for is refused, not tried again and again', {
    skip: process.platform === 'linux' ? false : 'needs /proc',
  }, async () => {
    await refused('/proc/data', /\/proc\/data is on a file system that cannot be written/);
  });

  test('that is a file, or under one, is refused', async () => {
    await using place = await temporaryFolder();
    await writeFile(place.file('file'), '');
    await refused(place.file('file'), /is a file$/);
    await refused(place.file('file/data'), /is a file$/);
  });

  const root = process.getuid?.() === 0;
  test('that cannot be written is refused', { skip: root && 'root may write everywhere' }, async () => {
    await using place = await temporaryFolder();
    const folder = await openDataFolder(place.file('data'));
    await folder[Symbol.asyncDispose]();
    await chmod(folder.path, 0o500);
    await refused(folder.path, /cannot be read and written by this user/);
    await chmod(folder.path, 0o700);
  });
});

describe('a file of ours', () => {
  test('is replaced whole, for its owner alone, with nothing left beside it', async () => {
    await using place = await temporaryFolder();
    const file = place.file('secret');
    await replaceFile(file, 'one');
    await replaceFile(file, 'two');
    assert.equal(await readSecretFile(file), 'two');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(place.path), ['secret']);
  });

  test('that is there already is not made again', async () => {
    await using place = await temporaryFolder();
    assert.equal(await createFile(place.file('key'), 'one'), true);
    assert.equal(await createFile(place.file('key'), 'two'), false);
    assert.equal(await readSecretFile(place.file('key')), 'one');
    assert.deepEqual(await readdir(place.path), ['key']);
  });

  test('that holds a secret is not read while others may read it', async () => {
    await using place = await temporaryFolder();
    assert.equal(await readSecretFile(place.file('none')), undefined);
    await replaceFile(place.file('open'), 'x', 0o640);
    await chmod(place.file('open'), 0o640);
    await assert.rejects(readSecretFile(place.file('open')), ExposedFileError);
  });
});
