import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readFacts } from './facts.ts';
import { recordedTypes } from './further-types.ts';
import { isRecordable } from './recordable.ts';
import { allVersions, type SourceTypes, writeFacts } from './write-facts.ts';

const source = new URL('../../../../../shared/data/resource-types.json', import.meta.url);
const skip = existsSync(source) ? false : 'the data that the facts are made from is not on this machine';
const kept = readFileSync(new URL('./facts.json', import.meta.url), 'utf8');

describe('the facts of resource types', () => {
  test('are what their source says', { skip }, () => {
    const data = JSON.parse(readFileSync(source, 'utf8')) as SourceTypes;
    assert.ok(writeFacts(data) === kept, 'run write-facts.ts: the source has changed');
    const facts = new Map(readFacts().map((each) => [`${each.namespace}/${each.type}`.toLowerCase(), each]));
    let compared = 0;
    for (const [namespace, types] of Object.entries(data.providers)) {
      for (const [type, { apiVersions, location, locationRequired }] of Object.entries(types)) {
        const found = facts.get(`${namespace}/${type}`.toLowerCase());
        // one type of the source names another provider in its middle
        if (type.includes('.')) continue;
        assert.deepEqual(found?.apiVersions, allVersions(namespace, apiVersions), type);
        assert.equal(found?.location, locationRequired ? 'required' : location ? 'optional' : 'none');
        compared += 1;
      }
    }
    assert.ok(compared > 3400);
  });

  test('are small, and name each type once in one spelling of its namespace', () => {
    assert.ok(kept.length < 300_000);
    const facts = readFacts();
    const names = facts.map(({ namespace, type }) => `${namespace}/${type}`.toLowerCase());
    assert.equal(new Set(names).size, names.length);
    const namespaces = new Set(facts.map(({ namespace }) => namespace));
    assert.equal(new Set([...namespaces].map((name) => name.toLowerCase())).size, namespaces.size);
    for (const { type, apiVersions } of facts) {
      assert.match(type, /^[A-Za-z0-9-]+(\/[A-Za-z0-9-]+)*$/);
      assert.ok(apiVersions.length > 0, type);
      for (const version of apiVersions) assert.match(version, /^\d{4}-\d{2}-\d{2}(-[a-z]+)?$/);
    }
  });

  test('of what Innate decides are not kept as records, in any spelling', () => {
    for (const namespace of [
      'Microsoft.Authorization',
      'MICROSOFT.RESOURCES',
      'innate.tokens',
      'Innate.New',
    ]) {
      assert.equal(isRecordable({ namespace, type: 'things' }), false);
    }
    assert.equal(isRecordable({ namespace: 'Microsoft.Compute', type: 'Locations/x' }), false);
    assert.equal(isRecordable({ namespace: 'Microsoft.Compute', type: 'disks' }), true);
  });

  test('give way to a provider of the type’s own', () => {
    const [type] = recordedTypes([]);
    assert.ok(type);
    const own = { namespace: type.namespace.toUpperCase(), type: type.type.toUpperCase() };
    assert.equal(recordedTypes([own]).includes(type), false);
    assert.equal(recordedTypes([own]).length, recordedTypes([]).length - 1);
  });
});
