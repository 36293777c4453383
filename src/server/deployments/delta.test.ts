import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { delta, predicted, settable } from './delta.ts';

const known = () => false;

describe('a prediction', () => {
  test('keeps what the template does not name, and replaces lists, tags and identities', () => {
    const before = {
      tags: { a: '1', b: '2' },
      identity: { type: 'SystemAssigned' },
      sku: { name: 'S', tier: 'Standard' },
      properties: { kept: true, list: [{ a: 1, b: 2 }, { a: 3 }] },
    };
    const body = {
      tags: { a: '1' },
      sku: { name: 'M' },
      properties: { list: [{ a: 5 }] },
    };
    const after = predicted(before, body, known);
    assert.deepEqual(after, {
      tags: { a: '1' },
      identity: { type: 'SystemAssigned' },
      sku: { name: 'M', tier: 'Standard' },
      properties: { kept: true, list: [{ a: 5, b: 2 }] },
    });
    assert.deepEqual(delta(before, after), [
      {
        path: 'properties.list',
        propertyChangeType: 'Array',
        children: [
          {
            path: '0',
            propertyChangeType: 'Modify',
            children: [{ path: 'a', propertyChangeType: 'Modify', before: 1, after: 5 }],
          },
          { path: '1', propertyChangeType: 'Delete', before: { a: 3 } },
        ],
      },
      { path: 'sku.name', propertyChangeType: 'Modify', before: 'S', after: 'M' },
      { path: 'tags.b', propertyChangeType: 'Delete', before: '2' },
    ]);
  });

  test('finds members in any case, ids and locations in any spelling', () => {
    const before = { location: 'westeurope', properties: { SubnetId: '/subscriptions/a/resourceGroups/B' } };
    const body = { location: 'West Europe', properties: { subnetId: '/subscriptions/a/resourcegroups/b' } };
    assert.deepEqual(delta(before, predicted(before, body, known)), []);
  });

  test('counts what is known only later as no change', () => {
    const before = { properties: { of: 'something' } };
    const body = { properties: { of: "[reference('x').y]" } };
    assert.deepEqual(
      predicted(before, body, (value) => value === "[reference('x').y]"),
      before,
    );
  });

  test('leaves out what no request sets', () => {
    const resource = {
      etag: '"1"',
      systemData: {},
      identity: {
        type: 'SystemAssigned',
        principalId: 'p',
        tenantId: 't',
        userAssignedIdentities: { '/a': { clientId: 'c' } },
      },
      properties: { provisioningState: 'Succeeded', size: 1, nothing: null },
    };
    assert.deepEqual(settable(resource), {
      identity: { type: 'SystemAssigned', userAssignedIdentities: { '/a': {} } },
      properties: { size: 1, nothing: null },
    });
  });
});
