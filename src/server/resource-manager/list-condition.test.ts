import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type TestManagement, testManagement } from '../../../test/support/management.ts';
import { canonicalLocation } from '../../contract/arm.ts';
import { type FilterExpression, type FilterTerm, readFilterExpression } from './filter-expression.ts';
import { resourceCondition } from './list-condition.ts';
import { listResources, type Resource } from './resource-store.ts';

/** What the database is compared with: the same filter over rows in memory. */
function holds(expression: FilterExpression, resource: Resource): boolean {
  if (expression.kind === 'or') return expression.parts.some((part) => holds(part, resource));
  const parts = expression.kind === 'and' ? expression.parts : [expression];
  const terms = parts.flatMap((part) => (part.kind === 'term' ? [part.term] : []));
  const ofTags = terms.filter(({ field }) => field.startsWith('tag'));
  return (
    terms.filter((term) => !ofTags.includes(term)).every((term) => termHolds(term, resource)) &&
    parts.filter(({ kind }) => kind !== 'term').every((part) => holds(part, resource)) &&
    (ofTags.length === 0 ||
      Object.entries(resource.tags).some(([name, value]) =>
        ofTags.every((term) =>
          term.field === 'tagname' ? compares(term, name) : value === String(term.value),
        ),
      ))
  );
}

function termHolds(term: FilterTerm, resource: Resource): boolean {
  switch (term.field) {
    case 'name':
      return compares(term, resource.name);
    case 'resourcetype':
      return compares(term, resource.type);
    case 'location':
      return compares({ ...term, value: canonicalLocation(String(term.value)) }, resource.location);
    case 'resourcegroup':
      return compares(term, String(resource.groupCanonical).split('/').at(-1) ?? '');
    case 'identity':
      return (resource.identityType === undefined) === (term.kind === 'equals');
    default:
      throw new TypeError(`no such field: ${term.field}`);
  }
}

function compares({ kind, value }: FilterTerm, text: string): boolean {
  const [wanted, found] = [String(value).toLowerCase(), text.toLowerCase()];
  switch (kind) {
    case 'equals':
      return found === wanted;
    case 'differs':
      return found !== wanted;
    case 'contains':
      return found.includes(wanted);
    case 'starts-with':
      return found.startsWith(wanted);
  }
}

const words = [
  'a',
  'A_b',
  'a_',
  '_',
  "it's",
  '$',
  'web',
  'WEB1',
  'westus',
  'West US',
  '',
  'prod',
  '(x)',
  '*',
];
const text = fc.constantFrom(...words).map((word) => `'${word.replaceAll("'", "''")}'`);
const field = fc.constantFrom('name', 'location', 'resourceGroup', 'resourceType');
const term = fc.oneof(
  fc.tuple(field, fc.constantFrom('eq', 'ne', 'EQ'), text).map((parts) => parts.join(' ')),
  fc.tuple(text, field).map(([value, name]) => `substringof(${value}, ${name})`),
  fc.tuple(field, text).map(([name, value]) => `startswith(${name}, ${value})`),
  text.map((value) => `tagName eq ${value}`),
  text.map((value) => `startswith(tagName, ${value})`),
  fc.tuple(text, text).map(([name, value]) => `tagName eq ${name} and tagValue eq ${value}`),
  fc.constantFrom('identity eq null', 'identity ne null'),
);
const filter = fc.letrec<{ all: string; joined: string }>((tie) => ({
  all: fc.oneof({ maxDepth: 3 }, term, tie('joined')),
  joined: fc
    .tuple(tie('all'), fc.constantFrom('and', 'or'), tie('all'), fc.boolean())
    .map(([one, word, other, parenthesised]) =>
      parenthesised ? `(${one}) ${word} (${other})` : `${one} ${word} ${other}`,
    ),
})).all;

describe('a filter of a list', () => {
  let m: TestManagement;
  let all: readonly Resource[];

  before(async () => {
    m = await testManagement();
    const { subscriptionId, tenantId, owner: as } = m.home;
    const group = (name: string) => `/subscriptions/${subscriptionId}/resourceGroups/${name}`;
    for (const name of ['web', 'a_']) {
      await m.ask('PUT', `${group(name)}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
    }
    for (const [name, place, body] of [
      ['a', 'web', { location: 'westus', tags: { a: 'a', prod: 'web' } }],
      ['A_b', 'web', { location: 'eastus', tags: { A_b: '' }, identity: { type: 'SystemAssigned' } }],
      ['web', 'a_', { location: 'westus', tags: { "it's": 'prod' } }],
      ['web1', 'a_', { location: 'West US', tags: { web: 'WEB1', a: 'prod' } }],
      ['ab', 'web', { location: 'northeurope' }],
    ] as const) {
      const path = `${group(place)}/providers/Microsoft.Compute/virtualMachines/${name}`;
      const reply = await m.ask('PUT', `${path}?api-version=2024-07-01`, { as, body });
      assert.ok(reply.status < 300, reply.text);
    }
    const page = await listResources(
      m.database.read,
      { tenantId, subscriptionId },
      { size: 100, after: undefined },
    );
    all = page.items;
    assert.equal(all.length, 5);
  });
  after(() => m[Symbol.asyncDispose]());

  test('finds in the database what it says, however it is put together', async () => {
    const { tenantId, subscriptionId } = m.home;
    const place = { tenantId, subscriptionId };
    let found = 0;
    await fc.assert(
      fc.asyncProperty(filter, async (written) => {
        const expression = readFilterExpression(written);
        assert.ok(expression);
        const condition = resourceCondition(expression, place);
        const page = await listResources(
          m.database.read,
          { ...place, condition },
          { size: 100, after: undefined },
        );
        found += page.items.length;
        assert.deepEqual(
          page.items.map(({ resourceId }) => resourceId),
          all.filter((resource) => holds(expression, resource)).map(({ resourceId }) => resourceId),
          written,
        );
      }),
      { numRuns: 400 },
    );
    assert.ok(found > 0);
  });
});
