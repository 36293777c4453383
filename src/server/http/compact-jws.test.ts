import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64url, parseCompactJws, parseUniqueJson } from './compact-jws.ts';

const encode = (text: string) => Buffer.from(text).toString('base64url');

describe('JSON without duplicate members', () => {
  test('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseUniqueJson(text), JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  for (const text of [
    '{"iss":"a","iss":"b"}',
    '{"iss":"a","\\u0069ss":"a"}',
    '{"a":{"b":1,"b":1}}',
    '{"a":[{"b":1,"b":1}]}',
    '{"__proto__":1,"__proto__":2}',
    '{"a\\\\":1,"a\\\\":2}',
    '[1]',
    '"text"',
    'null',
    '',
    '{"a":1',
    '{"a":"',
    `${'{"a":'.repeat(20)}1${'}'.repeat(20)}`,
  ]) {
    test(`refuses ${text.slice(0, 40)}`, () => assert.equal(parseUniqueJson(text), undefined));
  }
});

test('base64url has one spelling: QR is not another QQ', () => {
  assert.deepEqual([...(decodeBase64url('QQ') ?? [])], [0x41]);
  for (const other of ['QR', 'QQ==', 'QQ\n', ' QQ', 'Q', 'QQ=', '+/', '__$']) {
    assert.equal(decodeBase64url(other), undefined, JSON.stringify(other));
  }
});

test('a compact JWS has three segments, each in its one form', () => {
  const good = `${encode('{"alg":"RS256"}')}.${encode('{"a":1}')}.AA`;
  assert.deepEqual(parseCompactJws(good, 1000)?.header, { alg: 'RS256' });
  assert.equal(parseCompactJws(good, good.length - 1), undefined);
  for (const bad of [
    '',
    '..',
    'a.b',
    `${good}.AA`,
    `.${good}`,
    good.replace('AA', 'AB'),
    ` ${good}`,
    `${encode('{"alg":"RS256"}')}.${encode('[1]')}.AA`,
    `${encode('{"alg":"RS256"}')}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.AA`,
    `${encode('\uFEFF{"alg":"RS256"}')}.${encode('{}')}.AA`,
  ]) {
    assert.equal(parseCompactJws(bad, 1000), undefined, bad);
  }
});
