import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AadstsEntry, aadsts, aadstsCatalogue, aadstsEntry } from './aadsts.ts';

/** Those that do wish to see the user. */
const meant = new Set(['16000', '50058', '50173', '65001']);

test('no refusal holds a word by which clients take it for a wish to see the user, but those that wish it', () => {
  const words = [
    'interaction_required',
    'consent_required',
    'login_required',
    'bad_token',
    'ui_not_allowed',
    'interrupted_user',
  ];
  for (const [code, entry] of Object.entries(aadstsCatalogue)) {
    const { text, error, suberror }: AadstsEntry = entry;
    for (const word of words) {
      assert.ok(!text.includes(word), `${code} says ${word}`);
      if (!meant.has(code)) assert.ok(![error, suberror].includes(word), `${code} means ${word}`);
    }
  }
});

test('a wrong client credential is a 401, what the server could not do is a 5xx, all else the caller’s 4xx', () => {
  for (const [code, { error, status }] of Object.entries(aadstsCatalogue)) {
    if (error === 'invalid_client') assert.equal(status, 401, code);
    else if (error === 'server_error') assert.equal(status, 500, code);
    else if (error === 'temporarily_unavailable') assert.ok(status === 429 || status === 503, code);
    else assert.ok(status === 400 || status === 405, code);
  }
});

test('a refusal shows the caller’s text bounded and printable', () => {
  const { message, code } = aadsts(90002, { tenant: `a\r\n${'x'.repeat(1000)}` });
  assert.equal(code, '90002');
  assert.ok(message.startsWith("AADSTS90002: Tenant 'a??xxx"));
  assert.ok(message.length < 700);
});

test('a code that is none has no entry', () => {
  for (const code of ['', '1', 'constructor', '7000215 ', '__proto__']) {
    assert.equal(aadstsEntry(code), undefined);
  }
  assert.equal(aadstsEntry('7000215')?.status, 401);
});
