import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatScope, parseScope } from '../../contract/resource-id.ts';
import { guid, type SubscriptionId, type TenantId } from '../../foundation/ids.ts';
import { Hierarchy } from './hierarchy.ts';
import type { ManagementGroup } from './management-group-store.ts';

const tenantId = guid<TenantId>('11111111-1111-4111-8111-111111111111');
const placed = guid<SubscriptionId>('22222222-2222-4222-8222-222222222222');
const unplaced = guid<SubscriptionId>('33333333-3333-4333-8333-333333333333');

function group(name: string, parent: string | undefined): ManagementGroup {
  const at = { createdAt: 0, changedAt: 0, changedBy: 'somebody' };
  return { tenantId, name, displayName: name, parent: parent?.toLowerCase(), version: 1, ...at };
}

const hierarchy = new Hierarchy(
  tenantId,
  [group('Corp', tenantId), group('Sales', 'Corp'), group('Labs', tenantId)],
  new Map([[placed, 'sales']]),
);

const id = (name: string) => `/providers/Microsoft.Management/managementGroups/${name}`;
const chain = (scope: string) => hierarchy.chain(parseScope(scope)).map(formatScope);

describe('a hierarchy of management groups', () => {
  test('is inherited along: resource, group, subscription, its management groups, the root group, the tenant', () => {
    const rg = `/subscriptions/${placed}/resourceGroups/rg1`;
    assert.deepEqual(chain(`${rg}/providers/Microsoft.Compute/virtualMachines/vm1`), [
      `${rg}/providers/Microsoft.Compute/virtualMachines/vm1`,
      rg,
      `/subscriptions/${placed}`,
      id('Sales'),
      id('Corp'),
      id(tenantId),
      '/',
    ]);
  });

  test('has every subscription that was put nowhere in the root group', () => {
    assert.deepEqual(chain(`/subscriptions/${unplaced}`), [`/subscriptions/${unplaced}`, id(tenantId), '/']);
  });

  test('is inherited along by groups, and by what hangs from them', () => {
    assert.deepEqual(chain(id('sales')), [id('sales'), id('Corp'), id(tenantId), '/']);
    assert.deepEqual(chain(id(tenantId)), [id(tenantId), '/']);
    const assignment = `${id('Labs')}/providers/Microsoft.Authorization/roleAssignments/${placed}`;
    assert.deepEqual(chain(assignment), [assignment, id('Labs'), id(tenantId), '/']);
    const subscription = `${id('Sales')}/subscriptions/${placed}`;
    assert.deepEqual(chain(subscription), [subscription, id('Sales'), id('Corp'), id(tenantId), '/']);
  });

  test('gives a group that is not there what the root group has, and the tenant what it has itself', () => {
    assert.deepEqual(chain(id('nothing')), [id('nothing'), id(tenantId), '/']);
    assert.deepEqual(chain('/'), ['/']);
    assert.deepEqual(chain('/providers/Innate.Tokens/signingKeys/one'), [
      '/providers/Innate.Tokens/signingKeys/one',
      '/',
    ]);
  });

  test('ends, also where rows would lead in a circle', () => {
    const circle = new Hierarchy(tenantId, [group('a', 'b'), group('b', 'a')], new Map());
    const [a] = circle.groups.filter(({ name }) => name === 'a');
    assert.ok(a);
    assert.deepEqual(
      circle.pathFrom(a).map(({ name }) => name),
      ['a', 'b', tenantId],
    );
  });
});
