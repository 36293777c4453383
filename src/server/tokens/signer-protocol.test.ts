import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  FrameReader,
  frameOf,
  maxFrame,
  ProtocolError,
  type SignerRequest,
  signerRequest,
} from './signer-protocol.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const kid = 'a-key-id-of-some-length';

function raw(text: string, length = Buffer.byteLength(text)): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe('frames', () => {
  test('come out whole and in order, however the octets are cut', () => {
    const requests: SignerRequest[] = [
      { id: 1, op: 'hello' },
      { id: 2, op: 'generate', tenantId, alg: 'ES256' },
      { id: 3, op: 'sign', tenantId, kid, text: `${'a'.repeat(5000)}.b` },
      { id: 4, op: 'sign', tenantId, kid, text: 'a.b' },
    ];
    const octets = Buffer.concat(requests.map(frameOf));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: octets.length }), { maxLength: 40 }), (cuts) => {
        const reader = new FrameReader(signerRequest);
        const edges = [0, ...cuts.toSorted((a, b) => a - b), octets.length];
        const read = edges
          .slice(1)
          .flatMap((end, index) => reader.read(Buffer.from(octets.subarray(edges[index], end))));
        assert.deepEqual(read, requests);
      }),
    );
  });

  test('that are too long are refused by their length, before anything of them is kept', () => {
    for (const length of [maxFrame + 1, 0x7fff_ffff, 0xffff_ffff]) {
      assert.throws(() => new FrameReader(signerRequest).read(raw('{', length)), ProtocolError);
    }
    const text = `a.${'b'.repeat(maxFrame)}`;
    assert.throws(() => frameOf({ id: 1, op: 'sign', tenantId, kid, text }), ProtocolError);
  });

  test('of anything else than was agreed on are refused', () => {
    const wrong: readonly unknown[] = [
      'x',
      null,
      [],
      {},
      { id: 1 },
      { id: 0, op: 'hello' },
      { id: 1.5, op: 'hello' },
      { id: 1, op: 'hello', more: 1 },
      { id: 1, op: 'export', tenantId, kid },
      { id: 1, op: 'generate', tenantId, alg: 'HS256' },
      { id: 1, op: 'generate', tenantId: '../..', alg: 'RS256' },
      { id: 1, op: 'sign', tenantId, kid, text: 'one segment' },
      { id: 1, op: 'sign', tenantId, kid, text: 'a.b.c' },
      { id: 1, op: 'sign', tenantId, kid: '', text: 'a.b' },
      { id: 1, op: 'sign', tenantId, kid, text: 'a'.repeat(200_001) },
    ];
    for (const content of wrong) {
      assert.throws(
        () => new FrameReader(signerRequest).read(raw(JSON.stringify(content))),
        ProtocolError,
        JSON.stringify(content).slice(0, 80),
      );
    }
    for (const text of ['', '{', '{"id":1,"op":"hello"}}']) {
      assert.throws(() => new FrameReader(signerRequest).read(raw(text)), ProtocolError);
    }
  });
});
