import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GroupCommit } from './group-commit.ts';

/** A write that ends when the test says so. */
function heldWrites() {
  const batches: { readonly items: readonly string[]; readonly end: () => void }[] = [];
  const commit = new GroupCommit<string, string>(
    (items) =>
      new Promise((resolve) => {
        batches.push({ items, end: () => resolve(items.map((item) => `${item}!`)) });
      }),
  );
  return { batches, commit };
}

const nextRound = () => new Promise((resolve) => setImmediate(resolve));

/** Lets rounds of the event loop pass until the commit writes, or the test has waited for a good many. */
async function writesOf(batches: readonly unknown[], count: number): Promise<void> {
  for (let round = 0; round < 1000 && batches.length < count; round += 1) await nextRound();
}

describe('a group commit', () => {
  test('writes together what is added at the same time', async () => {
    const { batches, commit } = heldWrites();
    const added = ['a', 'b', 'c'].map((item) => commit.add(item));
    await writesOf(batches, 1);
    assert.deepEqual(
      batches.map(({ items }) => items),
      [['a', 'b', 'c']],
    );
    batches[0]?.end();
    assert.deepEqual(await Promise.all(added), ['a!', 'b!', 'c!']);
  });

  test('writes what comes while a write is under way in the next one, and answers nobody early', async () => {
    const { batches, commit } = heldWrites();
    const first = commit.add('a');
    await writesOf(batches, 1);
    let answered = false;
    const second = commit.add('b').then((outcome) => {
      answered = true;
      return outcome;
    });
    const third = commit.add('c');
    batches[0]?.end();
    assert.equal(await first, 'a!');
    await writesOf(batches, 2);
    assert.deepEqual(
      batches.map(({ items }) => items),
      [['a'], ['b', 'c']],
    );
    assert.equal(answered, false);
    batches[1]?.end();
    assert.deepEqual(await Promise.all([second, third]), ['b!', 'c!']);
  });

  test('keeps an item that cannot be written from taking others along', async () => {
    const commit = new GroupCommit<string, string>(async (items) => {
      if (items.includes('bad')) throw new Error('cannot be written');
      return items.map((item) => `${item}!`);
    });
    const [a, bad, b] = await Promise.allSettled(['a', 'bad', 'b'].map((item) => commit.add(item)));
    assert.deepEqual([a?.status, bad?.status, b?.status], ['fulfilled', 'rejected', 'fulfilled']);
    assert.equal(await commit.add('c'), 'c!');
  });

  test('writes no more than a bounded number at once', async () => {
    const sizes: number[] = [];
    const commit = new GroupCommit<number, number>(async (items) => {
      sizes.push(items.length);
      return items;
    });
    await Promise.all(Array.from({ length: 600 }, (_, index) => commit.add(index)));
    assert.deepEqual(sizes, [256, 256, 88]);
  });
});
