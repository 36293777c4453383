import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { imds } from './host-protocols/imds/imds.ts';
import { parseTarget } from './raw-target.ts';

const tokenPath = '/metadata/identity/oauth2/token';
const query = '?api-version=2018-02-01&resource=https://vault.azure.net';

/** What stands between or inside segments in attacks on path filters. */
const tricks = [
  '\\',
  '%5c',
  '%5C',
  '%2f',
  '%2F',
  '%252f',
  '%2e',
  '%2E',
  '%00',
  '%20',
  ' ',
  ';',
  ';a=b',
  '..',
  '.',
  '/..',
  '/.',
  '/../',
  '/./',
  '..;/',
  '..%2f',
  '%2e%2e/',
  '%c0%af',
  '%u002f',
  '\u2215',
  '\uff0f',
  '\u00e9',
  '\t',
  '\r',
  '\n',
  '\u0000',
  '#',
  '#/',
  '@',
  ':',
  '*',
  '|',
  '<',
  '>',
  '"',
  "'",
  '`',
  '{',
  '}',
  '^',
  '~',
  '!',
  '$',
  '&',
  '=',
  '+',
  ',',
  '(',
  ')',
  '[',
  ']',
  '%',
  '%zz',
];

const spellings = new Set<string>();
for (const trick of tricks) {
  for (const form of [
    `/metadata${trick}identity/oauth2/token`,
    `/metadata/identity${trick}oauth2${trick}token`,
    `/metadata/identity/oauth2${trick}token`,
    `/metadata/identity/oauth2/token${trick}`,
    `${trick}${tokenPath}`,
    `/metadata/${trick}/identity/oauth2/token`,
    `/x${trick}/metadata/identity/oauth2/token`,
  ]) {
    spellings.add(form);
  }
}
for (const absolute of [
  `http://169.254.169.254${tokenPath}`,
  `HTTP://169.254.169.254${tokenPath}`,
  `https://evil.example${tokenPath}`,
  `//169.254.169.254${tokenPath}`,
  '169.254.169.254:80',
  '*',
  '',
  tokenPath.slice(1),
  `?${tokenPath}`,
]) {
  spellings.add(absolute);
}

/** The only spelling differences that official clients have: slashes doubled or trailing, and letter case. */
const isTolerated = (raw: string) =>
  /^\/+metadata\/+identity\/+oauth2\/+token\/*(\?|$)/i.test(raw) && !raw.includes('#');

describe('the raw request target', () => {
  test('reaches the token under its own name only, in three hundred other spellings not', () => {
    assert.ok(spellings.size >= 300, String(spellings.size));
    for (const path of spellings) {
      if (isTolerated(path)) continue;
      const target = parseTarget(path + query);
      const reading = 'kind' in target ? undefined : imds.read(target);
      assert.notEqual(reading?.kind, 'token', JSON.stringify(path));
      if (reading?.kind === 'answer') assert.ok([400, 404].includes(reading.answer.status), path);
    }
  });

  test('reaches it whatever the case and the number of slashes', () => {
    for (const path of [
      tokenPath,
      `${tokenPath}/`,
      `/${tokenPath}`,
      `${tokenPath}//`,
      tokenPath.toUpperCase(),
    ]) {
      const target = parseTarget(path + query);
      assert.ok('path' in target);
      assert.equal(target.path, tokenPath);
      assert.equal(imds.read(target).kind, 'token');
    }
  });

  test('reads as nothing but a known path or a refusal, whatever the octets', () => {
    const alphabet = fc.constantFrom(
      ...tricks,
      '/',
      'metadata',
      'identity',
      'oauth2',
      'token',
      'Token',
      '?',
      'resource=a',
    );
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 14 }), (parts) => {
        const raw = `/${parts.join('')}`;
        const target = parseTarget(raw);
        if ('kind' in target) return;
        const [path = ''] = raw.split('?');
        if (target.path === tokenPath) assert.ok(isTolerated(path), raw);
      }),
      { numRuns: 3000 },
    );
  });

  test('is read in no time, however adversarial', () => {
    for (const raw of [
      `/${'a/'.repeat(4000)}`,
      `/${'.'.repeat(8000)}`,
      `/?${'a=b&'.repeat(2000)}`,
      `/?a=${'%'.repeat(8000)}`,
      `/?${'%61'.repeat(2600)}`,
      '/'.repeat(100_000),
    ]) {
      const began = performance.now();
      parseTarget(raw);
      assert.ok(performance.now() - began < 50, raw.slice(0, 10));
    }
  });

  test('keeps names that objects have of their own apart', () => {
    const target = parseTarget('/x?__proto__=a&constructor=b&toString=c');
    assert.ok('parameters' in target);
    assert.deepEqual([...target.parameters.keys()], ['__proto__', 'constructor', 'tostring']);
  });
});
