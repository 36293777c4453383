import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AtOnce } from './at-once.ts';

const collision = new Error('in each other’s way');
const collided = (error: unknown) => error === collision;

/** Work that is under way until it is told how it ends. */
function begin(atOnce: AtOnce) {
  const ends = Promise.withResolvers<void>();
  let running = false;
  const done = atOnce.run(() => {
    running = true;
    return ends.promise;
  }, collided);
  done.catch(() => undefined);
  return { isRunning: () => running, done, succeed: ends.resolve, fail: ends.reject };
}

const settled = (work: Promise<unknown>) => work.catch(() => undefined).then(() => undefined);

describe('as many at once as get along', () => {
  test('are all that are allowed while nobody is in another’s way; others wait their turn', async () => {
    const atOnce = new AtOnce(2);
    const [first, second, third] = [begin(atOnce), begin(atOnce), begin(atOnce)];
    assert.deepEqual([first.isRunning(), second.isRunning(), third.isRunning()], [true, true, false]);
    second.succeed();
    await second.done;
    await Promise.resolve();
    assert.ok(third.isRunning());
    first.succeed();
    third.succeed();
    await Promise.all([first.done, third.done]);
  });

  test('are half as many after a collision, and never none', async () => {
    const atOnce = new AtOnce(4);
    for (let collisions = 0; collisions < 5; collisions += 1) {
      const one = begin(atOnce);
      one.fail(collision);
      await assert.rejects(one.done, collided);
    }
    const [first, second] = [begin(atOnce), begin(atOnce)];
    assert.deepEqual([first.isRunning(), second.isRunning()], [true, false]);
    first.succeed();
    await first.done;
    second.succeed();
    await second.done;
    assert.ok(second.isRunning());
  });

  test('are as many as before after a failure that no other caused', async () => {
    const atOnce = new AtOnce(2);
    const one = begin(atOnce);
    one.fail(new Error('of its own'));
    await settled(one.done);
    const [first, second] = [begin(atOnce), begin(atOnce)];
    assert.ok(first.isRunning() && second.isRunning());
    for (const each of [first, second]) each.succeed();
    await Promise.all([first.done, second.done]);
  });

  test('become more again while they succeed', async () => {
    const atOnce = new AtOnce(2);
    const one = begin(atOnce);
    one.fail(collision);
    await settled(one.done);
    for (let successes = 0; successes < 100; successes += 1)
      await atOnce.run(async () => undefined, collided);
    const [first, second] = [begin(atOnce), begin(atOnce)];
    assert.ok(first.isRunning() && second.isRunning());
    for (const each of [first, second]) each.succeed();
    await Promise.all([first.done, second.done]);
  });
});
