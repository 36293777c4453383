import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimsChallenge } from './claims-challenge.ts';

test('a challenge has each value quoted and free of spaces, and claims in standard base64 of whole groups', () => {
  for (const renewFrom of [1, 12, 1_702_682_181, 999_999_999_999]) {
    const header = claimsChallenge({ renewFrom }, 'https://login.example/t/oauth2/authorize') ?? '';
    const values = [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
    assert.deepEqual(
      values.map(([name]) => name),
      ['realm', 'authorization_uri', 'error', 'claims'],
    );
    assert.ok(values.every(([, value]) => !/\s/.test(value ?? '')));
    const claims = values.at(-1)?.[1] ?? '';
    assert.equal(claims.length % 4, 0);
    assert.deepEqual(JSON.parse(atob(claims)), {
      access_token: { nbf: { essential: true, value: String(renewFrom) } },
    });
  }
});

test('there is none where no new token would help', () => {
  assert.equal(claimsChallenge({ renewFrom: undefined }, 'https://login.example'), undefined);
});
