import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestClock } from '../../test/support/clock.ts';
import { progressByLines } from './progress.ts';

describe('progress where no terminal is', () => {
  test('says nothing of what is short, and a line every few seconds of what is long', async () => {
    const clock = new TestClock();
    const notes: string[] = [];
    const output = { note: (text: string) => void notes.push(text), result() {}, error() {} };
    const done = await progressByLines(output, clock).during('Deleting demo', async (tell) => {
      for (let left = 9; left > 0; left -= 1) {
        tell(`${left} left`);
        clock.advance(1000);
      }
      return 'gone';
    });
    assert.equal(done, 'gone');
    assert.deepEqual(notes, ['Deleting demo: 6 left', 'Deleting demo: 3 left']);
  });
});
