import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { program, startInnate } from '../support/innate.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What only a running server has in its data folder. */
function leftBehind(data: string): readonly string[] {
  const ofTheRunning = ['agent.sock', 'lock.owner', 'server.json', 'innate.db-wal'];
  return readdirSync(data).filter((name) => ofTheRunning.includes(name));
}

describe('innate that is told to end', () => {
  test('twice at once, as by a process group and its launcher, still ends in order', async () => {
    await using innate = await startInnate();
    innate.process.kill('SIGINT');
    innate.process.kill('SIGTERM');
    assert.equal(await innate.stop('SIGINT'), 0);
    assert.deepEqual(leftBehind(innate.data), []);
    assert.equal(existsSync(path.join(path.dirname(innate.data), 'ready.json')), false);
  });

  test('by SIGKILL leaves a ready file that the next start takes away first', async () => {
    await using place = await temporaryFolder();
    const dead = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(dead, 'close');
    writeFileSync(place.file('ready.json'), JSON.stringify({ pid: dead.pid }));
    writeFileSync(place.file('file'), '');
    const args = [program, 'up', '--data', place.file('file'), '--ready-file', place.file('ready.json')];
    const next = spawn(process.execPath, args, { stdio: 'ignore' });
    assert.deepEqual(await once(next, 'close'), [1, null]);
    assert.equal(existsSync(place.file('ready.json')), false);
  });

  test('in the middle of the demonstration says so, and leaves nothing running', async () => {
    await using place = await temporaryFolder();
    const data = place.file('data');
    const child = spawn(process.execPath, [program, 'demo', '--data', data, '--listen', '127.0.0.1:0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaint = '';
    child.stderr.on('data', (text) => (complaint += text));
    let shown = '';
    child.stdout.on('data', (text) => {
      if (shown.includes('Server on')) return;
      shown += text;
      if (!shown.includes('Server on')) return;
      child.kill('SIGINT');
      child.kill('SIGINT');
    });
    assert.deepEqual(await once(child, 'close'), [130, null]);
    assert.match(complaint, /innate: ended before the demonstration was through\n$/);
    assert.deepEqual(leftBehind(data), []);
  });
});
