import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Named } from '../command.ts';
import { commands } from '../commands/registry.ts';
import { candidates } from './candidates.ts';

const there = async (named: Named): Promise<readonly string[]> => {
  if (named === 'groups') return ['demo', 'other'];
  return named === 'resources' ? ['kv', 'vm1'] : [named.type.split('/').at(-1) ?? ''];
};
const becomes = (line: string) => candidates(line.split(' '), commands, there);

describe('a word that is being typed', () => {
  test('becomes a command, a noun and its verbs', async () => {
    assert.deepEqual(await becomes('ide'), ['identity']);
    assert.ok((await becomes('')).includes('up'));
    assert.ok(!(await becomes('')).includes('complete'));
    assert.deepEqual(await becomes('role '), ['assignment', 'definition']);
    assert.deepEqual(await becomes('role assignment c'), ['create']);
    assert.deepEqual(await becomes('vm identity '), ['assign', 'remove', 'show']);
    assert.deepEqual(await becomes('keys r'), ['revoke', 'rotate']);
    assert.deepEqual(await becomes('completion z'), ['zsh']);
  });

  test('becomes an option that is not there yet, or a value of one', async () => {
    assert.deepEqual(await becomes('vm list --resource-group demo --'), [
      '--data',
      '--output',
      '--query',
      '--subscription',
    ]);
    assert.deepEqual(await becomes('vm list --o'), ['--output']);
    assert.deepEqual(await becomes('vm list -o y'), ['yaml']);
    assert.deepEqual(await becomes('lock create -t '), ['CanNotDelete', 'ReadOnly']);
  });

  test('becomes the name of something that is there', async () => {
    assert.deepEqual(await becomes('vm show -g '), ['demo', 'other']);
    assert.deepEqual(await becomes('vm delete '), ['virtualMachines']);
    assert.deepEqual(await becomes('vm delete -n '), ['virtualMachines']);
    assert.deepEqual(await becomes('vm identity assign vm1 --identities a '), ['userAssignedIdentities']);
    assert.deepEqual(await becomes('group delete o'), ['other']);
    assert.deepEqual(await becomes('run v'), ['vm1']);
    assert.deepEqual(await becomes('role assignment create --scope k'), ['kv']);
  });

  test('becomes nothing where nothing is known, or another program is meant', async () => {
    for (const line of [
      'nonsense ',
      'vm nonsense ',
      'run vm1 -- ',
      'run vm1 -- node --',
      'up --data ',
      'vm list --query ',
    ]) {
      assert.deepEqual(await becomes(line), [], line);
    }
  });
});
