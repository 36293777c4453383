import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.resolve(import.meta.dirname, '..');

/** The lines of the threat list that the token service and the directory answer for, by what goes wrong there. */
const lines: Readonly<Record<string, string>> = {
  T1: 'a key of one scope counts in another',
  T2: 'one old interface forgets the tenant',
  T3: 'leaving the header out lets in',
  T4: 'a token chooses how it is verified',
  T5: 'a token names or brings its own key',
  T6: 'one text has two meanings, or one meaning two texts',
  T7: 'a missing claim counts as fulfilled',
  T8: 'an issuer is almost the same',
  T9: 'a signed text of one kind counts as another',
  T10: 'an assertion for another server counts here',
  T11: 'an assertion counts again',
  T12: 'a one-time thing is redeemed twice',
  T13: 'fetched keys are stale, poisoned, or too expensive',
  T14: 'what was verified is not what is used',
  T15: 'a federated credential lets in a neighbour',
  T16: 'a name that is used again inherits',
  T17: 'a public key proves possession',
  T18: 'a weak key is taken',
  C3: 'rights are matched as text',
  C4: 'two spellings are two objects',
  C5: 'handles of another tenant work',
  C8: 'the server is sent to where its caller may not go',
  C9: 'a small body costs much',
  C10: 'a name reaches the workings of an object',
  C13: 'time tells who exists',
  C14: 'another site acts in a browser',
  C15: 'who is nobody changes or learns something',
  C16: 'a certificate says what its holder asked for',
  C20: 'something happens without a record',
  C25: 'an answer tells what is there',
  H8: 'a secret is written down',
};

test('each line of the threat list is named by a test that proves it', () => {
  const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root });
  const named = new Set<string>();
  for (const file of files) {
    const text = readFileSync(path.join(root, file), 'utf8');
    for (const [, title = ''] of text.matchAll(/\b(?:test|describe)\(\s*(['"`].*?['"`]),\s/gs)) {
      for (const [line] of title.matchAll(/\b[TCH]\d{1,2}\b/g)) named.add(line);
    }
  }
  assert.ok(files.length > 100);
  const unproven = Object.entries(lines).filter(([line]) => !named.has(line));
  assert.deepEqual(unproven, []);
});
