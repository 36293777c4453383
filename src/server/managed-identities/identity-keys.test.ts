import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '../../foundation/domain-error.ts';
import { IdentityKeys, makeIdentityKey } from './identity-keys.ts';

const key = await makeIdentityKey();

test('keys are made two at a time, and more than can wait are refused', async () => {
  let running = 0;
  let most = 0;
  const gates: (() => void)[] = [];
  const keys = new IdentityKeys(async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => gates.push(resolve));
    running -= 1;
    return key;
  });
  const names = Array.from({ length: 200 }, (_, index) => index);
  const made = keys.forEach(names);
  await assert.rejects(
    keys.forEach(names),
    (error) => error instanceof DomainError && error.kind === 'throttled' && error.retryAfter === 5,
  );
  let ended = false;
  const all = made.finally(() => {
    ended = true;
  });
  while (!ended) {
    gates.shift()?.();
    await new Promise(setImmediate);
  }
  assert.deepEqual([...(await all).keys()], names);
  assert.equal(most, 2);
});

test('a key that cannot be made holds nobody back', async () => {
  let tries = 0;
  const keys = new IdentityKeys(async () => {
    tries += 1;
    if (tries <= 3) throw new Error('no entropy');
    return key;
  });
  await assert.rejects(keys.forEach([1, 2, 3]), /no entropy/);
  assert.equal((await keys.forEach([1, 2, 3])).size, 3);
});
