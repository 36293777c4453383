import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { competingVariables, programEnvironment } from './program-environment.ts';
import { trustBundles } from './trust-bundle.ts';

const options = {
  base: {},
  host: { AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:5' },
  proxy: 'http://127.0.0.1:6',
  wholeBundle: '/whole.pem',
  extraBundle: '/extra.pem',
  javaTrustStore: '/whole.p12',
  directNames: [],
  proxyOnly: false,
};

describe("a program's environment", () => {
  test("names the host's endpoint, the proxy and the authority in each language's words", () => {
    assert.deepEqual(programEnvironment(options), {
      AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:5',
      HTTPS_PROXY: 'http://127.0.0.1:6',
      https_proxy: 'http://127.0.0.1:6',
      NO_PROXY: '169.254.169.254,127.0.0.1,localhost,::1',
      no_proxy: '169.254.169.254,127.0.0.1,localhost,::1',
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: '/extra.pem',
      SSL_CERT_FILE: '/whole.pem',
      REQUESTS_CA_BUNDLE: '/whole.pem',
      CURL_CA_BUNDLE: '/whole.pem',
      JAVA_TOOL_OPTIONS:
        '-Djavax.net.ssl.trustStore=/whole.p12 -Djavax.net.ssl.trustStoreType=PKCS12 -Dhttps.proxyHost=127.0.0.1 ' +
        '-Dhttps.proxyPort=6 -Dhttp.nonProxyHosts=169.254.169.254|127.0.0.1|localhost|[::1]',
    });
  });

  test("keeps what the user reaches without a proxy, and takes away another host's endpoint", () => {
    const changes = programEnvironment({
      ...options,
      base: { NO_PROXY: 'db.test, .inner.test', MSI_ENDPOINT: 'http://x', IDENTITY_ENDPOINT: 'http://y' },
    });
    assert.equal(changes['NO_PROXY'], 'db.test,.inner.test,169.254.169.254,127.0.0.1,localhost,::1');
    assert.ok('MSI_ENDPOINT' in changes && changes['MSI_ENDPOINT'] === undefined);
    assert.ok('IDENTITY_ENDPOINT' in changes && changes['IDENTITY_ENDPOINT'] === undefined);
    assert.equal(changes['AZURE_POD_IDENTITY_AUTHORITY_HOST'], 'http://127.0.0.1:5');
  });

  test("does not hold the server's key-encryption key", () => {
    const changes = programEnvironment({ ...options, base: { INNATE_KEY_ENCRYPTION_KEY: 'k' } });
    assert.ok('INNATE_KEY_ENCRYPTION_KEY' in changes);
    assert.equal(changes['INNATE_KEY_ENCRYPTION_KEY'], undefined);
  });

  test('sends everything through the proxy where that is the only way out', () => {
    const changes = programEnvironment({
      ...options,
      base: { NO_PROXY: 'db.test' },
      directNames: ['.vault.azure.net'],
      proxyOnly: true,
    });
    assert.equal(changes['HTTP_PROXY'], 'http://127.0.0.1:6');
    assert.equal(changes['NO_PROXY'], '169.254.169.254,127.0.0.1,localhost,::1,.vault.azure.net');
  });

  test('tells which variables may win over the identity', () => {
    assert.deepEqual(competingVariables({ AZURE_CLIENT_SECRET: 's', AZURE_TENANT_ID: '', PATH: 'p' }), [
      'AZURE_CLIENT_SECRET',
    ]);
  });
});

describe('the bundles of trusted authorities', () => {
  const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
  const files: Record<string, string> = {
    '/etc/ssl/certs/ca-certificates.crt': `# system\n${pem('c3lz')}\n`,
    '/home/me/corporate.pem': `${pem('Y29ycA==')}\n-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n`,
  };
  const read = (file: string) => files[file];

  test("hold the machine's authorities, the user's and ours, each once, and no key", () => {
    const environment = {
      REQUESTS_CA_BUNDLE: '/home/me/corporate.pem',
      SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt',
    };
    const { whole, extra } = trustBundles(pem('b3Vycw=='), environment, read);
    assert.equal(whole, `${[pem('c3lz'), pem('Y29ycA=='), pem('b3Vycw==')].join('\n')}\n`);
    assert.equal(extra, `${pem('b3Vycw==')}\n`);
  });

  test("add to Node's own what the user adds already", () => {
    const { extra } = trustBundles(pem('b3Vycw=='), { NODE_EXTRA_CA_CERTS: '/home/me/corporate.pem' }, read);
    assert.equal(extra, `${pem('Y29ycA==')}\n${pem('b3Vycw==')}\n`);
  });

  test('still trust the world where the machine has no bundle of its own', () => {
    assert.ok(trustBundles(pem('b3Vycw=='), {}, () => undefined).whole.length > 100_000);
  });
});
