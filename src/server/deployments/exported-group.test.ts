import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../contract/arm.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { exportResources } from './exported-group.ts';
import type { KnownType } from './facts.ts';
import type { Ask } from './resource-write.ts';

const group = '/subscriptions/0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0/resourceGroups/rg1';
const thing = (name: string) => `${group}/providers/Test.Provider/things/${name}`;
const types = [
  {
    namespace: 'Test.Provider',
    type: 'things',
    apiVersions: ['2020-01-01', '2024-01-01', '2025-01-01-preview'],
  },
  { namespace: 'Test.Provider', type: 'things/parts', apiVersions: ['2024-01-01'] },
] as unknown as readonly KnownType[];

function reading(states: Readonly<Record<string, JsonObject>>): Ask & { readonly asked: string[] } {
  const asked: string[] = [];
  const ask: Ask = async ({ url }) => {
    asked.push(url);
    const state = states[url.split('?')[0] as string];
    if (state === undefined) throw new ArmError('forbidden', 'AuthorizationFailed', 'No.');
    return { status: 200, body: state };
  };
  return Object.assign(ask, { asked });
}

const options = { parameterizesNames: true, hasDefaults: true, hasComments: false };

describe('an exported template', () => {
  test('has what its reader may read, and says what it has not (T3)', async () => {
    const ask = reading({ [thing('a')]: { id: thing('a'), name: 'a', type: 'Test.Provider/things' } });
    const { template, errors } = await exportResources(ask, types, [thing('a'), thing('b')], options);
    assert.deepEqual(
      (template['resources'] as JsonObject[]).map((each) => each['name']),
      ["[parameters('things_a_name')]"],
    );
    assert.deepEqual(
      errors.map(({ code, target }) => [code, target]),
      [['AuthorizationFailed', thing('b')]],
    );
    assert.ok(ask.asked.every((url) => url.endsWith('api-version=2024-01-01')));
  });

  test('names what lies in another after it, and depends on it', async () => {
    const part = `${thing('a')}/parts/p'1`;
    const ask = reading({
      [thing('a')]: { id: thing('a'), name: 'a', type: 'Test.Provider/things', properties: { part } },
      [encodeURI(part)]: {
        id: part,
        name: "p'1",
        type: 'Test.Provider/things/parts',
        properties: { of: thing('A') },
      },
    });
    const { template, errors } = await exportResources(ask, types, [thing('a'), part], options);
    assert.deepEqual(errors, []);
    const [, nested] = template['resources'] as [JsonObject, JsonObject];
    assert.equal(nested['name'], "[concat(parameters('things_a_name'), '/', 'p''1')]");
    assert.deepEqual(nested['dependsOn'], [
      "[resourceId('Test.Provider/things', parameters('things_a_name'))]",
    ]);
  });

  test('keeps two names apart that a parameter cannot tell apart, and texts that look like expressions', async () => {
    const state = (name: string) => ({
      ...{ id: thing(name), name, type: 'Test.Provider/things' },
      properties: { text: "[concat('a')]", provisioningState: 'Succeeded' },
    });
    const ask = reading({ [thing('a-b')]: state('a-b'), [thing('a.b')]: state('a.b') });
    const { template } = await exportResources(ask, types, [thing('a-b'), thing('a.b')], options);
    assert.deepEqual(template['parameters'], {
      things_a_b_name: { type: 'String', defaultValue: 'a-b' },
      things_a_b_name_1: { type: 'String', defaultValue: 'a.b' },
    });
    const [first] = template['resources'] as [JsonObject];
    assert.deepEqual(first['properties'], { text: "[[concat('a')]" });
  });
});
