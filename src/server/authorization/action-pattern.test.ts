import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../foundation/clock.ts';
import { canonicalAction, compilePattern, maxActionLength } from './action-pattern.ts';

function matches(pattern: string, action: string): boolean {
  const canonical = canonicalAction(action);
  return canonical !== undefined && compilePattern(pattern)(canonical);
}

/** The rule as the specification states it, by a regular expression: slow and exponential, good enough for an oracle. */
function matchesByRule(pattern: string, action: string): boolean {
  const parts: string[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern[at] !== '*') parts.push((pattern[at] as string).replace(/[^a-z]/gi, '\\$&'));
    else if (pattern[at - 1] === '/' && pattern[at + 1] === '/') {
      parts.push('(?:.*/)?');
      at += 1;
    } else parts.push('.*');
  }
  return new RegExp(`^${parts.join('')}$`, 'i').test(action);
}

describe('patterns of actions', () => {
  const cases: readonly [string, string, boolean][] = [
    ['*', 'Microsoft.Compute/virtualMachines/write', true],
    ['*/read', 'Microsoft.Compute/virtualMachines/read', true],
    ['*/read', 'Microsoft.Compute/virtualMachines/write', false],
    ['*/read', 'Microsoft.Compute/virtualMachines/read/action', false],
    ['Microsoft.Authorization/*/Write', 'Microsoft.Authorization/roleAssignments/write', true],
    ['Microsoft.Authorization/*/Write', 'microsoft.authorization/write', true],
    ['Microsoft.Authorization/*', 'Microsoft.Authorization/', true],
    ['Microsoft.Authorization/*', 'Microsoft.Authorization', false],
    ['Microsoft.KeyVault/vaults/secrets/*', 'Microsoft.KeyVault/vaults/secrets/getSecret/action', true],
    ['Microsoft.KeyVault/vaults/secrets/*', 'Microsoft.KeyVault/vaults/secretsX/getSecret/action', false],
    ['Microsoft.KeyVault/vaults/*/read', 'Microsoft.KeyVault/vaults/read', true],
    ['Microsoft.KeyVault/vaults/*/read', 'Microsoft.KeyVault/vaultsread', false],
    ['a/*/b', 'a/b', true],
    ['a/*/b', 'a/x/b', true],
    ['a/*/b', 'a/x/y/b', true],
    ['a/*/b', 'a/xb', false],
    ['a/*/b', 'a//b', true],
    ['a/*/', 'a/', true],
    ['a/*/', 'a/b', false],
    ['a/*/*/b', 'a/b', true],
    ['a/*b*c', 'a/bbc', true],
    ['a', 'A', true],
    ['a', 'ab', false],
    ['ab*ba', 'aba', false],
  ];
  for (const [pattern, action, expected] of cases) {
    test(`${pattern} ${expected ? 'matches' : 'does not match'} ${action}`, () => {
      assert.equal(matches(pattern, action), expected);
    });
  }

  test('Managed Identity Operator may assign an identity, as its pattern has it', () => {
    const pattern = 'Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action';
    assert.ok(matches(pattern, 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'));
  });

  test('agree with the rule as it is written, whatever the pattern', () => {
    const letters = fc.constantFrom('a', 'B', '/', '.');
    const pattern = fc.string({
      unit: fc.constantFrom('a', 'b', '/', '*', '.'),
      minLength: 1,
      maxLength: 10,
    });
    const action = fc.string({ unit: letters, minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(pattern, action, (p, a) => matches(p, a) === matchesByRule(p, a)),
      { numRuns: 20_000, interruptAfterTimeLimit: 3000 },
    );
  });

  test('cost no more than their length, however many stars', () => {
    const pattern = compilePattern(`${'*a'.repeat(200)}*b`);
    const action = canonicalAction('a'.repeat(maxActionLength));
    assert.ok(action);
    const started = systemClock.monotonic();
    assert.equal(pattern(action), false);
    assert.ok(systemClock.monotonic() - started < 250);
  });

  test('are refused where they are empty, too long or not printable ASCII', () => {
    for (const pattern of ['', 'x'.repeat(513), 'a b', 'ä', 'a\n'])
      assert.throws(() => compilePattern(pattern));
  });
});

describe('action names', () => {
  test('that look like others through case folding of other alphabets are none', () => {
    // The Kelvin sign folds to k, the dotted capital I to i and a combining dot.
    for (const action of [
      'Microsoft.\u212Aeyvault/read',
      'M\u0130crosoft/read',
      'a\u200b/read',
      'a/read ',
      '',
    ]) {
      assert.equal(canonicalAction(action), undefined);
    }
  });

  test('with a star are none: a question is about one operation', () => {
    assert.equal(canonicalAction('*'), undefined);
    assert.equal(canonicalAction('Microsoft.KeyVault/vaults/*'), undefined);
  });
});
