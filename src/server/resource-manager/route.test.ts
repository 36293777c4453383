import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatScope } from '../../contract/resource-id.ts';
import { compileRoute, targetOf } from './route.ts';

const s = '11111111-2222-3333-4444-555555555555';
const segmentsOf = (path: string) => path.split('/').slice(1);

describe('a route', () => {
  const group = compileRoute('/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}');
  const assignment = compileRoute('/{scope}/providers/Microsoft.Authorization/roleAssignments/{name}');

  test('compares its words without case and keeps the spelling of names', () => {
    assert.deepEqual(group.match(segmentsOf(`/SUBSCRIPTIONS/${s}/resourcegroups/Rg1`)), {
      subscriptionId: s,
      resourceGroupName: 'Rg1',
    });
    assert.equal(group.match(segmentsOf(`/subscriptions/${s}/locations/x`)), undefined);
  });

  test('of an extension takes every scope, the tenant included', () => {
    const tail = 'providers/Microsoft.Authorization/roleAssignments/one';
    assert.equal(assignment.match(segmentsOf(`/${tail}`))?.['scope'], '/');
    for (const scope of [
      `/subscriptions/${s}`,
      `/subscriptions/${s}/resourceGroups/rg`,
      `/subscriptions/${s}/resourceGroups/rg/providers/A.B/cs/d/es/f`,
      `/subscriptions/${s}/resourceGroups/rg/providers/A.B/cs/d/providers/E.F/gs/h`,
    ]) {
      assert.equal(assignment.match(segmentsOf(`${scope}/${tail}`))?.['scope'], scope);
    }
  });

  test('of an extension is not taken in by resources with confusing names', () => {
    // `roleAssignments` is a resource of the type `cs/Microsoft.Authorization` here
    const confusing = `/subscriptions/${s}/resourceGroups/rg/providers/A.B/cs/providers/Microsoft.Authorization/roleAssignments/one`;
    assert.equal(assignment.match(segmentsOf(confusing)), undefined);
    const named = `/subscriptions/${s}/resourceGroups/providers/providers/A.B/cs/providers`;
    const tail = '/providers/Microsoft.Authorization/roleAssignments/one';
    assert.equal(assignment.match(segmentsOf(`${named}${tail}`))?.['scope'], named);
  });
});

describe('the target of a request', () => {
  const targets: readonly [string, Record<string, string> | undefined, string][] = [
    ['/subscriptions', {}, '/'],
    ['/tenants', {}, '/'],
    [`/subscriptions/${s}`, undefined, `/subscriptions/${s}`],
    [`/subscriptions/${s}/resourceGroups`, undefined, `/subscriptions/${s}`],
    [`/subscriptions/${s}/locations`, { subscriptionId: s }, `/subscriptions/${s}`],
    [
      `/subscriptions/${s}/resourceGroups/rg/resources`,
      { subscriptionId: s, resourceGroupName: 'rg' },
      `/subscriptions/${s}/resourceGroups/rg`,
    ],
    [`/subscriptions/${s}/providers/A.B/cs`, undefined, `/subscriptions/${s}`],
    [
      `/subscriptions/${s}/resourceGroups/rg/providers/A.B/cs`,
      undefined,
      `/subscriptions/${s}/resourceGroups/rg`,
    ],
    [
      `/subscriptions/${s}/resourceGroups/rg/providers/A.B/cs/d/start`,
      undefined,
      `/subscriptions/${s}/resourceGroups/rg/providers/A.B/cs/d`,
    ],
    [
      `/subscriptions/${s}/resourceGroups/rg/providers/A.B/cs/d/providers/Innate.Machines/issueJoinToken`,
      undefined,
      `/subscriptions/${s}/resourceGroups/rg/providers/A.B/cs/d`,
    ],
  ];
  for (const [path, parameters, target] of targets) {
    test(`${path.replace(s, 'S')} is ${target.replace(s, 'S')}`, () => {
      assert.equal(formatScope(targetOf(path, segmentsOf(path), parameters)), target);
    });
  }

  test('of a subscription that is no GUID is an error of its own', () => {
    assert.throws(() => targetOf('/subscriptions/abc', ['subscriptions', 'abc'], {}), {
      code: 'InvalidSubscriptionId',
    });
    assert.throws(() => targetOf('/subscriptions/abc/x', ['subscriptions', 'abc', 'x'], undefined), {
      code: 'InvalidSubscriptionId',
    });
  });

  test('of a path that names nothing is an error', () => {
    assert.throws(() => targetOf(`/nonsense`, ['nonsense'], undefined), { code: 'InvalidResourceId' });
  });
});
