import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, serverConfig } from './config.ts';

describe('the options of innate up', () => {
  test('have defaults that serve a laptop', () => {
    const config = serverConfig({ data: '.innate' });
    assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8443, orAnyFree: true });
    assert.equal(config.profile.kind, 'azure');
    assert.equal(config.databaseUrl, undefined);
    assert.deepEqual(config.assertionRules, { once: false });
    assert.deepEqual(config.allowedHosts, []);
    const { allowedHosts } = serverConfig({ data: 'd', allowIssuer: 'k8s.example.com:6443, 10.0.0.5' });
    assert.deepEqual(allowedHosts, ['k8s.example.com:6443', '10.0.0.5']);
    const strict = serverConfig({ data: 'd', assertionLifetime: '3600', assertionsOnce: true });
    assert.deepEqual(strict.assertionRules, { once: true, longestLife: 3600 });
  });

  test('take an IPv6 address to listen on', () => {
    assert.deepEqual(serverConfig({ data: 'd', listen: '[::1]:0' }).listen, {
      host: '::1',
      port: 0,
      orAnyFree: false,
    });
  });

  for (const [options, sentence] of [
    [{ data: '' }, /--data takes the path/],
    [{ listen: '8443' }, /--listen takes HOST:PORT/],
    [{ listen: '127.0.0.1:70000' }, /--listen takes HOST:PORT/],
    [{ profile: 'gcp' }, /--profile takes/],
    [{ profile: 'own' }, /needs --domain/],
    [{ profile: 'azure', domain: 'x.example' }, /goes with --profile own/],
    [{ profile: 'own', domain: 'a b' }, /takes a domain name/],
    [{ profile: 'own', domain: 'tokens.example' }, /'token'/],
    [{ database: 'mysql://x' }, /postgres:\/\//],
    [{ keyFile: 'f', keyText: 't' }, /not by both/],
    [{ assertionLifetime: '59' }, /seconds from 60 to 86400/],
    [{ assertionLifetime: '1h' }, /seconds from 60 to 86400/],
    [{ allowIssuer: 'https://k8s.example.com' }, /--allow-issuer: 'https:\/\/k8s.example.com' is no host/],
    [{ allowIssuer: 'a.example,' }, /--allow-issuer: '' is no host/],
    [{ keepSignIns: '30' }, /--keep-sign-ins takes a duration/],
  ] as const) {
    test(`are refused in one sentence: ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => serverConfig({ data: 'd', ...options }),
        (error) =>
          error instanceof ConfigError && sentence.test(error.message) && !error.message.includes('\n'),
      );
    });
  }
});
