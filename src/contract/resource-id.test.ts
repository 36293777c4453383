import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  ancestors,
  canonicalId,
  formatScope,
  parsePath,
  parseScope,
  pathSegments,
  ResourceIdError,
  resourceGroupOf,
  resourceType,
  subscriptionOf,
  typedName,
} from './resource-id.ts';

const s = '11111111-2222-3333-4444-555555555555';
const vm = `/subscriptions/${s}/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/vm1`;

describe('a resource id', () => {
  test('names a resource, its group and its subscription', () => {
    const scope = parseScope(vm);
    assert.equal(scope.kind, 'resource');
    assert.equal(resourceGroupOf(scope), 'rg1');
    assert.equal(subscriptionOf(scope), s);
    assert.equal(scope.kind === 'resource' && resourceType(scope), 'Microsoft.Compute/virtualMachines');
    assert.equal(scope.kind === 'resource' && typedName(scope), 'Microsoft.Compute/virtualMachines/vm1');
  });

  test('is the same in any case, with doubled and trailing slashes, and percent-encoded', () => {
    const spellings = [
      vm.toUpperCase().replace('/SUBSCRIPTIONS', '/subscriptions'),
      vm.replaceAll('/', '//'),
      `${vm}/`,
      vm.replace('vm1', '%76m1'),
      vm.replace('resourceGroups', 'resourcegroups'),
    ];
    for (const spelling of spellings)
      assert.equal(canonicalId(parseScope(spelling)), canonicalId(parseScope(vm)));
  });

  test('is read from the left: a resource may be called providers', () => {
    const odd = `/subscriptions/${s}/resourceGroups/providers/providers/Microsoft.Compute/virtualMachines/providers`;
    const scope = parseScope(odd);
    assert.equal(formatScope(scope), odd);
    assert.deepEqual(scope.kind === 'resource' && scope.names, ['providers']);
  });

  test('inherits from its parents, its group, its subscription and the tenant', () => {
    const secret = `/subscriptions/${s}/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/kv/secrets/one`;
    assert.deepEqual(ancestors(parseScope(secret)).map(formatScope), [
      secret,
      `/subscriptions/${s}/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/kv`,
      `/subscriptions/${s}/resourceGroups/rg1`,
      `/subscriptions/${s}`,
      '/',
    ]);
  });

  test('of an extension hangs from the resource it extends', () => {
    const assignment = parseScope(`${vm}/providers/Microsoft.Authorization/roleAssignments/${s}`);
    assert.equal(assignment.kind === 'resource' && formatScope(assignment.parent), vm);
    assert.ok(ancestors(assignment).map(formatScope).includes(vm));
  });

  test('is told from a collection', () => {
    const path = parsePath(vm.replace(/\/vm1$/, ''));
    assert.equal(path.kind, 'collection');
    assert.throws(() => parseScope(vm.replace(/\/vm1$/, '')), ResourceIdError);
  });

  const broken: readonly [string, string][] = [
    ['no slash at the start', vm.slice(1)],
    ['a subscription that is no GUID', vm.replace(s, 'abc')],
    ['a dot segment', vm.replace('rg1', '..')],
    ['an encoded dot segment', vm.replace('rg1', '%2e%2E')],
    ['an encoded slash', vm.replace('vm1', 'vm%2f1')],
    ['an encoded backslash', vm.replace('vm1', 'vm%5c1')],
    ['a backslash', vm.replace('vm1', 'vm\\1')],
    ['a matrix parameter', vm.replace('vm1', 'vm1;a=b')],
    ['a twice encoded name', vm.replace('vm1', '%2576m1')],
    ['half an escape', vm.replace('vm1', 'vm%4')],
    ['a null character', vm.replace('vm1', 'vm%00')],
    ['a name that ends in a dot', vm.replace('vm1', 'vm1.')],
    ['a name that ends in a space', vm.replace('vm1', 'vm1%20')],
    ['a name that starts with a space', vm.replace('vm1', '%20vm1')],
    ['full-width letters', vm.replace('vm1', 'ｖｍ１')],
    ['an encoded Turkish i', vm.replace('vm1', 'v%C4%B1')],
    ['a zero-width space', vm.replace('vm1', 'vm%E2%80%8B1')],
    ['a colon', vm.replace('vm1', 'vm:1')],
    ['more than 2048 characters', `${vm}${'a'.repeat(2048)}`],
  ];
  for (const [name, text] of broken) {
    test(`with ${name} is refused`, () => assert.throws(() => parseScope(text), ResourceIdError));
  }

  test('survives being written and read', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_(][A-Za-z0-9_.()-]{0,20}[A-Za-z0-9_)]$/);
    fc.assert(
      fc.property(
        name,
        name,
        fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 4 }),
        (group, namespace, pairs) => {
          const below = pairs.map(([type, leaf]) => `/${type}/${leaf}`).join('');
          fc.pre(!pairs.slice(1).some(([type]) => type.toLowerCase() === 'providers'));
          const id = `/subscriptions/${s}/resourceGroups/${group}/providers/${namespace}${below}`;
          assert.equal(formatScope(parseScope(id)), id);
          assert.equal(canonicalId(parseScope(id.toUpperCase())), canonicalId(parseScope(id)));
        },
      ),
    );
  });

  test('is read or refused, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          const segments = pathSegments(`/${text}`);
          assert.ok(segments.every((segment) => /^[\x20-\x7e]+$/.test(segment) && segment !== '..'));
        } catch (error) {
          assert.ok(error instanceof ResourceIdError);
        }
      }),
    );
  });
});
