import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
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
