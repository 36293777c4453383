import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestClock } from '../../../../test/support/clock.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import { silentLog } from '../../../foundation/log.ts';
import { systemRandomness } from '../../../foundation/randomness.ts';
import { createSurface } from '../surface.ts';
import { ArmError, createArmDialect } from './arm.ts';

function surface(failure: Error) {
  const dialect = createArmDialect({ clock: new TestClock(), randomness: systemRandomness });
  const app = createSurface({ dialect, log: silentLog, randomness: systemRandomness });
  app.get('/', () => {
    throw failure;
  });
  return app;
}

describe("the resource manager's words", () => {
  test('a failure is an envelope with code and message, and says who refused', async () => {
    const failure = new ArmError(
      'not-found',
      'ResourceGroupNotFound',
      "Resource group 'x' could not be found.",
    );
    const reply = await surface(failure).inject('/');
    assert.equal(reply.statusCode, 404);
    assert.equal(reply.headers['x-ms-failure-cause'], 'gateway');
    assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
    assert.deepEqual(reply.json(), {
      error: { code: 'ResourceGroupNotFound', message: "Resource group 'x' could not be found." },
    });
  });

  test('a failure of a provider has the code it was given, or the one of its kind', async () => {
    const coded = await surface(
      new DomainError('already-exists', 'there', { code: 'RoleAssignmentExists' }),
    ).inject('/');
    assert.equal(coded.statusCode, 409);
    assert.equal(coded.headers['x-ms-failure-cause'], 'service');
    assert.equal(coded.json().error.code, 'RoleAssignmentExists');
    const plain = await surface(new DomainError('throttled', 'slowly', { retryAfter: 7 })).inject('/');
    assert.equal(plain.statusCode, 429);
    assert.equal(plain.headers['retry-after'], '7');
    assert.equal(plain.json().error.code, 'TooManyRequests');
  });

  test('a bug says nothing of its reason', async () => {
    const reply = await surface(new TypeError('secret detail')).inject('/');
    assert.equal(reply.statusCode, 500);
    assert.ok(!reply.body.includes('secret detail'));
    assert.equal(reply.json().error.code, 'InternalServerError');
  });

  test('every answer carries the request ids and forbids caching', async () => {
    const reply = await surface(new DomainError('conflict', 'no')).inject({
      url: '/',
      headers: {
        'x-ms-correlation-request-id': '11111111-2222-3333-4444-555555555555',
        'x-ms-client-request-id': 'mine-1',
        'x-ms-return-client-request-id': 'true',
      },
    });
    assert.equal(reply.headers['x-ms-correlation-request-id'], '11111111-2222-3333-4444-555555555555');
    assert.equal(reply.headers['x-ms-client-request-id'], 'mine-1');
    assert.match(String(reply.headers['x-ms-routing-request-id']), /^INNATE:20261101T120000Z:[0-9a-f-]{36}$/);
    assert.equal(reply.headers['cache-control'], 'no-cache');
    assert.equal(reply.headers['x-content-type-options'], 'nosniff');
  });

  test('an id that could be more than an id is not echoed', async () => {
    const reply = await surface(new DomainError('conflict', 'no')).inject({
      url: '/',
      headers: { 'x-ms-client-request-id': 'a b<script>', 'x-ms-return-client-request-id': 'true' },
    });
    assert.equal(reply.headers['x-ms-client-request-id'], undefined);
  });
});
