import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer } from '../resource-manager/provider.ts';
import { type Ask, settled, urlOf } from './resource-write.ts';

/** Answers one after the other, and notes what was asked and how long was waited. */
function answering(...answers: readonly Answer[]) {
  const asked: string[] = [];
  const waited: number[] = [];
  const rest = [...answers];
  const ask: Ask = async ({ method, url }) => {
    asked.push(`${method} ${url}`);
    const answer = rest.shift();
    if (answer === undefined) throw new TypeError('nobody expected this');
    return answer;
  };
  return { asked, waited, ask, pause: async (milliseconds: number) => void waited.push(milliseconds) };
}

const put = { method: 'PUT', url: '/a?api-version=1', body: {} } as const;

describe('a resource that is written', () => {
  test('is there at once, or when its own state says so', async () => {
    const once = answering({ status: 201, body: { properties: {} } });
    await settled(once.ask, once.pause, put);
    assert.deepEqual(once.asked, ['PUT /a?api-version=1']);

    const state = (provisioningState: string): Answer => ({
      status: 200,
      body: { properties: { provisioningState } },
    });
    const later = answering(state('Creating'), state('Updating'), state('Succeeded'));
    await settled(later.ask, later.pause, put);
    assert.equal(later.asked.length, 3);
    assert.deepEqual(later.waited, [1000, 1000]);
    const never = answering(state('Creating'), state('Failed'));
    await assert.rejects(settled(never.ask, never.pause, put), { code: 'ResourceDeploymentFailure' });
  });

  test('is followed at the address of its operation, with the waits that are asked for', async () => {
    const headers = { 'Azure-AsyncOperation': 'https://management.azure.com/op?api-version=1' };
    const running: Answer = { status: 200, body: { status: 'InProgress' }, headers: { 'Retry-After': '3' } };
    const done = answering({ status: 201, headers }, running, { status: 200, body: { status: 'Succeeded' } });
    await settled(done.ask, done.pause, put);
    assert.deepEqual(done.asked.slice(1), ['GET /op?api-version=1', 'GET /op?api-version=1']);
    assert.deepEqual(done.waited, [3000]);
    const error = { code: 'Why', message: 'because', details: [{ code: 'Inner', message: 'm' }] };
    const failed = answering({ status: 201, headers }, { status: 200, body: { status: 'Failed', error } });
    await assert.rejects(settled(failed.ask, failed.pause, put), { code: 'Why', details: error.details });
  });

  test('and one that is deleted, at its location', async () => {
    const headers = { Location: 'https://management.azure.com/result?api-version=1' };
    const gone = answering({ status: 202, headers }, { status: 202, headers }, { status: 204 });
    await settled(gone.ask, gone.pause, { method: 'DELETE', url: '/a?api-version=1' });
    assert.equal(gone.asked.length, 3);
  });
});

test('an id is one path, whatever stands in its names', () => {
  assert.equal(urlOf('/a/b?c=d/e#f', '2020-01-01&x=y'), '/a/b%3Fc%3Dd/e%23f?api-version=2020-01-01%26x%3Dy');
  assert.equal(
    urlOf('/subscriptions/s/providers/Microsoft.Resources/resourceGroups/g', '1'),
    '/subscriptions/s/resourceGroups/g?api-version=1',
  );
});
