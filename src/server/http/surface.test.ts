import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { DomainError } from '../../foundation/domain-error.ts';
import { silentLog } from '../../foundation/log.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { keyVaultDialect } from './dialects/key-vault.ts';
import { createSurface, parseJson } from './surface.ts';

function refuses(text: string, reason: RegExp): void {
  assert.throws(
    () => parseJson(text),
    (error) => error instanceof DomainError && error.kind === 'malformed' && reason.test(error.message),
  );
}

describe('JSON of a request', () => {
  test('is read as it stands', () => {
    assert.deepEqual(parseJson('{"a":[1,"b,[{",null]}'), { a: [1, 'b,[{', null] });
    assert.equal(parseJson(' \n'), undefined);
  });

  test('is refused where it is nested deeper than 32 levels', () => {
    assert.doesNotThrow(() => parseJson('['.repeat(32) + ']'.repeat(32)));
    refuses('['.repeat(33) + ']'.repeat(33), /deeper/);
  });

  test('is refused where it has more than 10,000 values, however they are arranged', () => {
    const list = (count: number, value: string) => `[${Array(count).fill(value).join(',')}]`;
    assert.doesNotThrow(() => parseJson(list(9_998, '1')));
    refuses(list(10_001, '1'), /more than/);
    refuses(list(5_001, '[]'), /more than/);
    refuses(`{${Array.from({ length: 10_001 }, (_, at) => `"k${at}":1`).join(',')}}`, /more than/);
  });

  test('is refused where an object names a member twice, in whatever spelling (T6)', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"\\u0061":2}',
      '[{"b":{"":1,"":2}}]',
      '{"a":{},"b":1,"a":{}}',
    ]) {
      refuses(text, /twice/);
    }
    assert.deepEqual(parseJson('{"a":":","b":[{"a":1},{"a":2}],"":{"a":3}}'), {
      a: ':',
      b: [{ a: 1 }, { a: 2 }],
      '': { a: 3 },
    });
  });

  test('means what was written, whatever it was', () => {
    const small = fc.json({ maxDepth: 5 }).filter((text) => !/__proto__|constructor|prototype/.test(text));
    fc.assert(fc.property(small, (text) => assert.deepEqual(parseJson(text), JSON.parse(text))));
  });

  test('is refused where a member has the name of an object’s own workings', () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      refuses(`{"a":{"${name}":{"polluted":1}}}`, new RegExp(`'${name}'`));
      assert.deepEqual(parseJson(`{"a":"${name}"}`), { a: name });
    }
  });
});

describe('a length that is none', () => {
  test('is refused before anything compares it', () => {
    for (const length of ['{"toString":0}', '{"valueOf":1,"toString":1}', '[{"toString":null}]']) {
      refuses(`{"a":[{"length":${length}}]}`, /is no length/);
    }
    for (const length of ['{"value":1}', '[1,2]', '"x"', '{}', '1']) {
      assert.doesNotThrow(() => parseJson(`{"length":${length}}`));
    }
  });
});

describe('a surface', () => {
  function echo() {
    const app = createSurface({ dialect: keyVaultDialect, log: silentLog, randomness: systemRandomness });
    app.put('/', async (request) => request.body);
    return app;
  }

  test('takes no body that has to be unpacked first', async () => {
    const app = echo();
    const headers = { 'content-type': 'application/json' };
    const packed = await app.inject({
      method: 'PUT',
      url: '/',
      headers: { ...headers, 'content-encoding': 'gzip' },
      payload: gzipSync('{"a":1}'),
    });
    assert.equal(packed.statusCode, 415);
    const recoded = await app.inject({
      method: 'PUT',
      url: '/',
      headers: { ...headers, 'transfer-encoding': 'gzip, chunked' },
      payload: '{"a":1}',
    });
    assert.equal(recoded.statusCode, 415);
    const plain = await app.inject({
      method: 'PUT',
      url: '/',
      headers: { ...headers, 'content-encoding': 'identity' },
      payload: '{"a":1}',
    });
    assert.deepEqual(plain.json(), { a: 1 });
  });
});
