import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { javaToolOptions } from './java-options.ts';

const options = {
  proxy: 'http://127.0.0.1:6',
  direct: ['127.0.0.1', '.vault.azure.net', '::1'],
  plainHttp: false,
  trustStore: '/store.p12',
};

describe("Java's options", () => {
  test('name the store, the proxy, and in its own patterns what is reached without one', () => {
    assert.equal(
      javaToolOptions('', options),
      '-Djavax.net.ssl.trustStore=/store.p12 -Djavax.net.ssl.trustStoreType=PKCS12 ' +
        '-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=6 -Dhttp.nonProxyHosts=127.0.0.1|*.vault.azure.net|[::1]',
    );
  });

  test('send plain http through the proxy where that is the only way out', () => {
    assert.match(
      javaToolOptions('', { ...options, plainHttp: true }),
      / -Dhttp\.proxyHost=127\.0\.0\.1 -Dhttp\.proxyPort=6 /,
    );
  });

  test('leave what the user has there, but for the same properties', () => {
    const inherited = `-Xmx1g "-Dname=two words" -Dhttps.proxyPort=9 '-Djavax.net.ssl.trustStore=/a b'`;
    const changed = javaToolOptions(inherited, options);
    assert.equal(changed, `-Xmx1g "-Dname=two words" ${javaToolOptions('', options)}`);
    assert.equal(javaToolOptions(changed, options), changed);
  });

  test('keep a path with a blank in one word', () => {
    const changed = javaToolOptions('', { ...options, trustStore: '/my data/store.p12' });
    assert.match(changed, /^"-Djavax\.net\.ssl\.trustStore=\/my data\/store\.p12" /);
    assert.equal(javaToolOptions(changed, options), javaToolOptions('', options));
  });
});
