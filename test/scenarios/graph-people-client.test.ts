import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startInnate } from '../support/innate.ts';
import { nodeProxy, runAsOperator } from '../support/operator-program.ts';

test("an administrator's program with the Microsoft Graph client makes people and groups, told only of a proxy and an authority", async () => {
  await using innate = await startInnate();
  const { seen, refusals, restored } = await runAsOperator(innate, 'manage-people.ts', nodeProxy);
  assert.deepEqual(seen, {
    names: ['ada', 'ben', 'cleo'],
    transitive: ['ada', 'ben', 'cleo'],
    memberOf: ['everybody', 'team'],
    checked: 1,
    found: 1,
    members: '2',
    batch: { patch: 204, read: 'Analyst', none: 404 },
  });
  assert.deepEqual(refusals, {
    taken: '400 Request_BadRequest',
    gone: '404 Request_ResourceNotFound',
    twice: '400 Request_BadRequest',
    me: '400 BadRequest',
  });
  assert.equal(restored, 'cleo');
});
