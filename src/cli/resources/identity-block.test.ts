import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { JsonReader } from '../../client/json-reader.ts';
import { CommandError } from '../command.ts';
import { identitiesAdded, identitiesRemoved, identityBlock, readIdentities } from './identity-block.ts';

const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/demo';
const idOf = (name: string, place = group) =>
  `${place}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const standing = (type: string, ...names: readonly string[]) =>
  new JsonReader(
    { type, userAssignedIdentities: Object.fromEntries(names.map((name) => [idOf(name), {}])) },
    'identity',
  );

describe('identities of a command line', () => {
  test('are [system], names in the group of the resource, GROUP/NAME and ids', () => {
    assert.deepEqual(readIdentities(['[system]', 'a', 'other/b', idOf('c')], group), {
      system: true,
      attached: [idOf('a'), idOf('b', group.replace('demo', 'other')), idOf('c')],
    });
    assert.deepEqual(readIdentities(['system'], group), { system: true, attached: [] });
    assert.throws(() => readIdentities(['a/b/c'], group), CommandError);
    assert.throws(() => readIdentities([''], group), CommandError);
  });

  test('become a block with the type that fits', () => {
    assert.deepEqual(identityBlock({ system: false, attached: [] }), { type: 'None' });
    assert.deepEqual(identityBlock({ system: true, attached: [] }), { type: 'SystemAssigned' });
    assert.deepEqual(identityBlock({ system: true, attached: [idOf('a')] }), {
      type: 'SystemAssigned, UserAssigned',
      userAssignedIdentities: { [idOf('a')]: {} },
    });
  });

  test('are added to those there are, once, whatever their case', () => {
    const added = { system: true, attached: [idOf('A'), idOf('b')] };
    assert.deepEqual(identitiesAdded(standing('UserAssigned', 'a'), added), {
      type: 'SystemAssigned, UserAssigned',
      userAssignedIdentities: { [idOf('a')]: {}, [idOf('b')]: {} },
    });
  });

  test('are taken away by null, or by the type where none is left', () => {
    const both = standing('SystemAssigned, UserAssigned', 'a', 'b');
    assert.deepEqual(identitiesRemoved(both, { system: true, attached: [idOf('A')] }), {
      type: 'UserAssigned',
      userAssignedIdentities: { [idOf('a')]: null },
    });
    assert.deepEqual(
      identitiesRemoved(standing('UserAssigned', 'a'), { system: false, attached: [idOf('a')] }),
      {
        type: 'None',
      },
    );
    assert.throws(() => identitiesRemoved(both, { system: false, attached: [idOf('c')] }), /is not attached/);
    assert.throws(
      () => identitiesRemoved(undefined, { system: true, attached: [] }),
      /no identity of its own/,
    );
  });
});
