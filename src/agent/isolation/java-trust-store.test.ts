import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { javaTrustStore } from './java-trust-store.ts';

/** Elements of DER, each as its tag and content. */
function elements(der: Buffer): { tag: number; content: Buffer }[] {
  const found = [];
  for (let at = 0; at < der.length; ) {
    const tag = der.readUInt8(at);
    const first = der.readUInt8(at + 1);
    const more = first < 0x80 ? 0 : first & 0x7f;
    const length = more === 0 ? first : der.readUIntBE(at + 2, more);
    const start = at + 2 + more;
    assert.ok(start + length <= der.length);
    found.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

/** Follows elements by position. */
function inside(der: Buffer, ...path: readonly number[]): Buffer {
  return path.reduce((content, index) => elements(content)[index]?.content ?? assert.fail(), der);
}

/** The bags of a store whose one content is plain: PFX → authSafe → data → AuthenticatedSafe → data → SafeContents. */
function bagsOf(store: Buffer): Buffer[] {
  const [version, authSafe, ...rest] = elements(inside(store, 0));
  assert.deepEqual(version, { tag: 0x02, content: Buffer.of(3) });
  assert.deepEqual(rest, []); // no MAC
  const authenticatedSafe = inside(authSafe?.content ?? assert.fail(), 1, 0);
  return elements(inside(authenticatedSafe, 0, 0, 1, 0, 0)).map(({ content }) => content);
}

describe('the trust store for Java', () => {
  const bundle = rootCertificates.join('\n');

  test('holds each certificate of a bundle, as an authority for every purpose', () => {
    const bags = bagsOf(javaTrustStore(bundle));
    const expected = rootCertificates.map((pem) => new X509Certificate(pem).raw);
    assert.deepEqual(
      bags.map((bag) => inside(bag, 1, 0, 1, 0)),
      expected,
    );
    for (const bag of bags) {
      assert.equal(inside(bag, 2, 1, 0).toString('hex'), '6086480186f966adca7b0101');
      assert.equal(inside(bag, 2, 1, 1, 0).toString('hex'), '551d2500');
    }
    const names = bags.map((bag) => inside(bag, 2, 0, 1, 0).toString('hex'));
    assert.equal(new Set(names).size, names.length);
  });

  test('leaves out what is no certificate, since Java would reject the whole store', () => {
    const odd = `-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n${rootCertificates[0]}`;
    assert.equal(bagsOf(javaTrustStore(odd)).length, 1);
  });
});
