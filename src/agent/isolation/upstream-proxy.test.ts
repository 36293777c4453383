import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { upstreamFor } from './upstream-proxy.ts';

describe("the user's own proxy", () => {
  test('is named for https and http each, or for all', () => {
    const environment = {
      HTTPS_PROXY: 'http://one:3128',
      http_proxy: 'two:8080',
      ALL_PROXY: 'https://three',
    };
    assert.deepEqual(upstreamFor(environment, 'https', 'example.org', 443), {
      secure: false,
      host: 'one',
      port: 3128,
      authorization: undefined,
    });
    assert.equal(upstreamFor(environment, 'http', 'example.org', 80)?.host, 'two');
    const all = upstreamFor({ ALL_PROXY: 'https://three' }, 'https', 'example.org', 443);
    assert.deepEqual([all?.secure, all?.host, all?.port], [true, 'three', 443]);
    assert.equal(upstreamFor({ HTTPS_PROXY: '' }, 'https', 'example.org', 443), undefined);
    assert.equal(upstreamFor({ HTTPS_PROXY: 'socks5://x:1' }, 'https', 'example.org', 443), undefined);
  });

  test('is given its user and password', () => {
    const found = upstreamFor({ https_proxy: 'http://me:a%3Ab@proxy:1' }, 'https', 'example.org', 443);
    assert.equal(found?.authorization, `Basic ${Buffer.from('me:a:b').toString('base64')}`);
  });

  test('is passed by where NO_PROXY says so', () => {
    const direct = (list: string, host: string, port = 443) =>
      upstreamFor({ HTTPS_PROXY: 'http://proxy:1', NO_PROXY: list }, 'https', host, port) === undefined;
    assert.ok(direct('*', 'example.org'));
    assert.ok(direct('a.test, example.org', 'example.org'));
    assert.ok(direct('example.org', 'www.example.org'));
    assert.ok(direct('.example.org', 'www.example.org'));
    assert.ok(direct('*.example.org', 'www.example.org'));
    assert.ok(direct('example.org:8443', 'example.org', 8443));
    assert.ok(!direct('example.org:8443', 'example.org'));
    assert.ok(!direct('example.org', 'notexample.org'));
    assert.ok(direct('10.0.0.0/8', '10.20.30.40'));
    assert.ok(!direct('10.0.0.0/8', '11.0.0.1'));
    assert.ok(!direct('10.0.0.0/99', '10.0.0.1'));
    assert.ok(!direct(' , ', 'example.org'));
  });
});
