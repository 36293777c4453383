import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BatchedRequest } from '../../contract/graph-batch.ts';
import { answerBatch } from './batch.ts';

const request = (id: string, dependsOn: readonly string[] = []): BatchedRequest => ({
  id,
  method: 'GET',
  url: '/users',
  body: undefined,
  dependsOn: [...dependsOn],
});
const ok = { status: 200, headers: {}, body: {} };

describe('a batch', () => {
  test('is answered in an order that its dependencies allow', async () => {
    const asked: string[] = [];
    const requests = [request('a', ['c']), request('b'), request('c', ['b'])];
    const responses = await answerBatch(requests, async ({ id }) => {
      asked.push(id);
      return ok;
    });
    assert.deepEqual(asked, ['b', 'c', 'a']);
    assert.deepEqual(
      responses.map(({ id, status }) => `${id} ${status}`),
      ['b 200', 'c 200', 'a 200'],
    );
  });

  test('begins nothing more once its answers are too large together', async () => {
    const large = { ...ok, body: { text: 'x'.repeat(5 * 1024 * 1024) } };
    const asked: string[] = [];
    const responses = await answerBatch(
      ['a', 'b', 'c', 'd'].map((id) => request(id)),
      async ({ id }) => {
        asked.push(id);
        return large;
      },
    );
    assert.deepEqual(asked, ['a', 'b']);
    assert.deepEqual(
      responses.map(({ status }) => status),
      [200, 200, 413, 413],
    );
  });

  test('does not go on behind what failed, and everything else of it does', async () => {
    const requests = [request('a'), request('b', ['a']), request('c', ['b']), request('d')];
    const asked: string[] = [];
    const responses = await answerBatch(requests, async ({ id }) => {
      asked.push(id);
      return id === 'a' ? { ...ok, status: 404 } : ok;
    });
    assert.deepEqual(asked, ['a', 'd']);
    assert.deepEqual(
      responses.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ status }) => status),
      [404, 424, 424, 200],
    );
  });

  test('with ids that are given twice, or dependencies that lead nowhere or round, is refused whole', async () => {
    const never = () => Promise.reject(new Error('nothing is asked'));
    for (const requests of [
      [request('a'), request('a')],
      [request('a', ['b'])],
      [request('a', ['a'])],
      [request('a', ['b']), request('b', ['a'])],
    ]) {
      await assert.rejects(answerBatch(requests, never), { kind: 'malformed' });
    }
  });

  test('answers text in base64, and nothing with nothing', async () => {
    const responses = await answerBatch([request('a'), request('b')], async ({ id }) =>
      id === 'a' ? { ...ok, body: '7' } : { status: 204, headers: {}, body: undefined },
    );
    assert.deepEqual(responses, [
      { id: 'a', status: 200, headers: {}, body: 'Nw==' },
      { id: 'b', status: 204, headers: {} },
    ]);
  });
});
