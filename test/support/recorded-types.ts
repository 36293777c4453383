import assert from 'node:assert/strict';
import { furtherTypes } from '../../src/server/providers/registry.ts';
import type { ResourceType } from '../../src/server/resource-manager/provider.ts';

// what operations are depends on no part; what they do, the server under test has its own for
const parts: unknown = new Proxy(() => parts, { get: () => parts });
const dependencies = new Proxy({}, { get: () => parts }) as never;

/** Of the types that are kept as records, one with a place, one that lies in it, and one that extends others. */
export function recordedSamples(own: readonly ResourceType[]): readonly ResourceType[] {
  const further = furtherTypes(dependencies, own);
  const subscription = 'subscriptions/11111111-1111-4111-8111-111111111111';
  return [
    'Microsoft.Storage/storageAccounts',
    'Microsoft.Storage/storageAccounts/x/blobServices',
    'Microsoft.Insights/diagnosticSettings',
  ].map((collection) => {
    const type = further.at(`${subscription}/providers/${collection}`.split('/'));
    assert.ok(type, collection);
    return type;
  });
}
