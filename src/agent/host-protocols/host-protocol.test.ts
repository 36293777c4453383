import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readRevocation } from './host-protocol.ts';

const read = (parameters: Record<string, string>) => readRevocation(new Map(Object.entries(parameters)));

describe('what every host protocol takes beside its own parameters', () => {
  test('is the digest of a refused token, in either case of letters', () => {
    const digest = 'cc0af97287543b65da2c7e1476426021826cab166f1e063ed012b855ff819656';
    assert.equal(read({ token_sha256_to_refresh: digest }).refusedToken, digest);
    assert.equal(read({ token_sha256_to_refresh: digest.toUpperCase() }).refusedToken, digest);
  });

  test('is no digest where the text is none, and the question is answered as any other', () => {
    for (const text of ['', 'f', 'g'.repeat(64), 'f'.repeat(65), '../'.repeat(64)]) {
      assert.equal(read({ token_sha256_to_refresh: text }).refusedToken, undefined);
    }
    assert.equal(read({}).refusedToken, undefined);
  });

  test('is a list of capabilities, of which one counts', () => {
    for (const text of ['cp1', 'CP1', 'cp0,cp1', 'cp0, CP1']) {
      assert.equal(read({ xms_cc: text }).understandsChallenges, true, text);
    }
    for (const text of ['', 'cp', 'cp10', 'cp0;cp1']) {
      assert.equal(read({ xms_cc: text }).understandsChallenges, false, text);
    }
  });
});
