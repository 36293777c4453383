import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';

let m: TestManagement;
let accounts: string;

before(async () => {
  m = await testManagement();
  const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1`;
  accounts = `${group}/providers/Microsoft.Storage/storageAccounts`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: m.home.owner, body: { location: 'westus' } });
});
after(() => m[Symbol.asyncDispose]());

const ask = (method: string, name: string, body?: Body) =>
  m.ask(method, `${accounts}/${name}?api-version=2023-01-01`, {
    as: m.home.owner,
    ...(body === undefined ? {} : { body }),
  });

/** Names that no rule of secrets touches, and such as JavaScript has for its own workings. */
const plainName = fc.oneof(
  fc.stringMatching(/^[b-d]{1,5}$/),
  fc.constantFrom('toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', '', 'ä', 'a.b', '$ref'),
);
const leaf = fc.oneof(fc.stringMatching(/^[a-z ]{0,12}$/), fc.integer(), fc.boolean());
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('list'), tie('object')),
  list: fc.array(tie('tree'), { maxLength: 4 }),
  object: fc.dictionary(plainName, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
}));
const object = fc.dictionary(plainName, tree, { maxKeys: 6, noNullPrototype: true });

describe('the body of a record', () => {
  test('comes back as it was sent, whatever its members are called', async () => {
    await fc.assert(
      fc.asyncProperty(object, async (properties) => {
        const made = await ask('PUT', 'any', { location: 'westus', properties });
        assert.equal(made.status, 200, made.text);
        const read = await ask('GET', 'any');
        const { provisioningState, ...kept } = read.body.properties;
        assert.equal(provisioningState, 'Succeeded');
        assert.deepEqual(kept, JSON.parse(JSON.stringify(properties)));
      }),
      { numRuns: 60 },
    );
  });

  test('merges as RFC 7396 says, whatever its members are called', async () => {
    await fc.assert(
      fc.asyncProperty(object, object, async (before, change) => {
        await ask('PUT', 'merged', { location: 'westus', properties: before });
        const { status, body } = await ask('PATCH', 'merged', { properties: change });
        assert.equal(status, 200);
        for (const [name, value] of Object.entries(before)) {
          if (!Object.hasOwn(change, name)) assert.deepEqual(body.properties[name], value);
        }
        for (const [name, value] of Object.entries(change)) {
          if (typeof value !== 'object') assert.deepEqual(body.properties[name], value);
        }
        const removal = Object.fromEntries(Object.keys(change).map((name) => [name, null]));
        const removed = await ask('PATCH', 'merged', { properties: removal });
        for (const name of Object.keys(change))
          assert.equal(Object.hasOwn(removed.body.properties, name), false);
      }),
      { numRuns: 40 },
    );
  });

  test('of any JSON at all is taken or refused in ARM’s words, and nothing is half done', async () => {
    const member = fc.constantFrom(
      ...['location', 'tags', 'identity', 'properties', 'sku', 'kind', 'zones', 'plan', 'managedBy', 'id'],
      ...['extendedLocation', 'Location', 'TAGS', 'etag', 'systemData', 'other'],
    );
    let taken = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.jsonValue({ maxDepth: 4 }),
          fc.dictionary(member, fc.oneof(tree, fc.constant({ length: { toString: 0 } })), {
            noNullPrototype: true,
          }),
        ),
        fc.constantFrom('PUT', 'PATCH'),
        async (value, method) => {
          await ask('PUT', 'odd', { location: 'westus', properties: { steady: 1 } });
          const before = (await ask('GET', 'odd')).body;
          const reply = await ask(method, 'odd', JSON.stringify(value));
          assert.ok(reply.status < 500, reply.text);
          const after = (await ask('GET', 'odd')).body;
          for (const name of ['id', 'name', 'type', 'location']) assert.equal(after[name], before[name]);
          if (reply.status < 300) {
            taken += 1;
            return;
          }
          refused += 1;
          assert.match(reply.body.error.code, /^[A-Z][A-Za-z]+$/);
          assert.deepEqual(after, before);
        },
      ),
      { numRuns: 150 },
    );
    assert.ok(taken > 5 && refused > 5, `${taken} ${refused}`);
  });

  const wrong: readonly (readonly [string, Body])[] = [
    ['a location that is no text', { location: 7 }],
    ['tags that are a list', { location: 'westus', tags: [] }],
    ['a tag that is no text', { location: 'westus', tags: { a: 1 } }],
    ['an identity that is a text', { location: 'westus', identity: 'SystemAssigned' }],
    ['properties that are a list', { location: 'westus', properties: [] }],
    ['properties that are a text', { location: 'westus', properties: 'x' }],
    ['zones that are a text', { location: 'westus', zones: '1' }],
    ['a plan that is a number', { location: 'westus', plan: 1 }],
    ['a list', []],
    ['a text', '"x"'],
    ['nothing', undefined],
    ['null', 'null'],
    ['no JSON', '{'],
    ['a member that is named twice', '{"location":"westus","location":"eastus"}'],
    ['a member that is there in two spellings', { location: 'westus', LOCATION: 'westus' }],
    ['a length that is none', { location: { length: { toString: 0 } } }],
    ['a member named __proto__', '{"location":"westus","properties":{"__proto__":{"polluted":true}}}'],
    ['a member named constructor', '{"location":"westus","constructor":{"prototype":{"polluted":true}}}'],
  ];
  for (const [what, body] of wrong) {
    test(`is refused where it has ${what}`, async () => {
      const reply = await ask('PUT', 'wrong', body);
      assert.equal(reply.status, 400, reply.text);
      assert.equal(reply.body.error.code, 'InvalidRequestContent');
      assert.equal((await ask('GET', 'wrong')).status, 404);
      assert.equal(({} as Body).polluted, undefined);
    });
  }

  test('has bounds of depth, of members, of the length of texts and of all', async () => {
    const nested = (depth: number) => `${'{"b":'.repeat(depth)}1${'}'.repeat(depth)}`;
    const bodies: readonly (readonly [string, number])[] = [
      [`{"location":"westus","properties":${nested(20)}}`, 200],
      [`{"location":"westus","properties":${nested(40)}}`, 400],
      [JSON.stringify({ location: 'westus', properties: { b: Array(9_000).fill(1) } }), 200],
      [JSON.stringify({ location: 'westus', properties: { b: Array(11_000).fill(1) } }), 400],
      [JSON.stringify({ location: 'westus', properties: { b: 'c'.repeat(60_000) } }), 200],
      [JSON.stringify({ location: 'westus', properties: { b: 'c'.repeat(70_000) } }), 400],
      [JSON.stringify({ location: 'westus', properties: { b: Array(20).fill('c'.repeat(60_000)) } }), 413],
    ];
    for (const [body, status] of bodies) {
      const reply = await ask('PUT', 'bounded', body);
      assert.equal(reply.status, status, reply.text.slice(0, 200));
    }
  });

  test('has a name of 260 characters at most', async () => {
    const body = { location: 'westus' };
    assert.equal((await ask('PUT', 'n'.repeat(260), body)).status, 200);
    const { status, body: answer } = await ask('PUT', 'n'.repeat(261), body);
    assert.deepEqual([status, answer.error.code], [400, 'InvalidResourceName']);
  });
});
