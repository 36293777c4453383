import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AllowedHosts, readDestination, requireReachable } from './destination.ts';
import { OutboundError } from './outbound-error.ts';
import { reachOf } from './public-address.ts';

const nobody = new AllowedHosts([]);

function refusal(url: string, allowed = nobody): string | undefined {
  try {
    readDestination(url, allowed);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof OutboundError);
    return error.failure;
  }
}

describe('where requests may go (C8)', () => {
  test('every spelling of an address inside is seen for what it is', () => {
    const inside = [
      '127.0.0.1',
      '127.1',
      '0x7f.1',
      '0x7f000001',
      '0177.0.0.1',
      '017700000001',
      '2130706433',
      '127.0.0.1.',
      '2130706433.',
      '%31%32%37.0.0.1',
      '１２７.0.0.1',
      '127。0。0。1',
      '0.0.0.0',
      '0',
      '10.1.2.3',
      '172.31.255.255',
      '192.168.1.1',
      '100.64.0.1',
      '169.254.169.254',
      '2852039166',
      '0xa9fea9fe',
      '0251.0376.0251.0376',
      '224.0.0.1',
      '255.255.255.255',
      '198.18.0.1',
      '203.0.113.9',
      '[::]',
      '[::1]',
      '[0:0:0:0:0:0:0:1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::ffff:a9fe:a9fe]',
      '[::ffff:8.8.8.8]',
      '[::127.0.0.1]',
      '[64:ff9b::7f00:1]',
      '[64:ff9b:1::7f00:1]',
      '[2002:7f00:1::]',
      '[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
      '[fc00::1]',
      '[fd12:3456::1]',
      '[fe80::1]',
      '[fec0::1]',
      '[ff02::1]',
      '[2001:db8::1]',
      '[3fff::1]',
      '[100::1]',
    ];
    for (const host of inside) assert.equal(refusal(`https://${host}/jwks`), 'address', host);
  });

  test('public addresses and names are let through', () => {
    for (const host of ['8.8.8.8', '0x08.8.8.8', '[2606:4700::1111]', 'login.example.com', 'example.com.']) {
      assert.equal(refusal(`https://${host}/jwks`), undefined, host);
    }
  });

  test('only plain https addresses are', () => {
    const odd = [
      'http://example.com/',
      'ftp://example.com/',
      'file:///etc/passwd',
      'gopher://example.com/',
      'https://user@example.com/',
      'https://user:word@example.com/',
      'https://example.com/#part',
      'https://exa mple.com/',
      'https://example.com\\@10.0.0.1/',
      'https:\t//example.com/',
      'https://example.com/\r\nHost: inside',
      'https:///',
      'example.com',
      '',
      `https://example.com/${'x'.repeat(2048)}`,
    ];
    for (const url of odd) assert.equal(refusal(url), 'address', url);
  });

  test('an allowed host may be in a private network, in whatever spelling, and nowhere else', () => {
    const allowed = new AllowedHosts(['0x7f.1', 'K8S.Example.com:6443', '[FD00::1]', '169.254.169.254']);
    assert.equal(refusal('https://127.0.0.1:9443/', allowed), undefined);
    assert.equal(refusal('https://[fd00:0::1]/', allowed), undefined);
    assert.equal(refusal('https://127.0.0.2/', allowed), 'address');
    assert.equal(refusal('https://169.254.169.254/', allowed), 'address');
    const cluster = readDestination('https://k8s.example.com.:6443/', allowed);
    requireReachable(cluster, ['10.0.0.1']);
    assert.throws(() => requireReachable(cluster, ['10.0.0.1', '169.254.169.254']), OutboundError);
    const other = readDestination('https://k8s.example.com/', allowed);
    assert.throws(() => requireReachable(other, ['10.0.0.1']), OutboundError);
  });

  test('a name of which one address is inside is refused whole', () => {
    const destination = readDestination('https://example.com/', nobody);
    requireReachable(destination, ['93.184.215.14', '2606:4700::1111']);
    assert.throws(() => requireReachable(destination, ['93.184.215.14', '::ffff:10.0.0.1']), OutboundError);
  });

  test('an entry of the list that is no host is told', () => {
    for (const entry of ['', 'https://a', 'a:0', 'a:99999', 'a/b', '*.example.com', 'a b', '[::1']) {
      assert.throws(() => new AllowedHosts([entry]), RangeError, entry);
    }
  });

  test('what is no address leads nowhere', () => {
    for (const text of ['', 'example.com', '1.2.3', '1.2.3.4.5', 'fe80::1%eth0', '2606:4700::1%lo']) {
      assert.equal(reachOf(text), 'never', text);
    }
  });
});
