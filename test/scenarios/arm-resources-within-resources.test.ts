import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { jsonObjectSchema, trackedEnvelope } from '../../src/contract/arm.ts';
import { trackedResource } from '../../src/server/resource-manager/tracked-resource.ts';
import type { TrackedDeclaration } from '../../src/server/resource-manager/tracked-type.ts';
import { testManagement } from '../support/management.ts';

const version = 'api-version=2020-01-01';

function declared(type: string, location: TrackedDeclaration['location'] = 'required'): TrackedDeclaration {
  const schema = z.object({ ...trackedEnvelope, properties: jsonObjectSchema.nullish() });
  return {
    namespace: 'Test.Nested',
    type,
    location,
    apiVersions: ['2020-01-01'],
    identity: { systemAssigned: true, userAssigned: false },
    put: schema,
    patch: schema,
    extraMembers: [],
    statusOfNew: 201,
    deletion: 'at-once',
    entityTags: false,
    systemData: false,
    requireName() {},
    replace: (properties, { parent }) => ({
      ...(properties as object),
      ...(parent === undefined ? {} : { inside: parent.name }),
    }),
    present: ({ properties }) => properties,
  };
}

async function place() {
  const m = await testManagement({
    types: (dependencies) =>
      [declared('houses'), declared('houses/rooms'), declared('houses/rooms/notes', 'none')].map((each) =>
        trackedResource(each, dependencies),
      ),
  });
  const as = m.home.owner;
  const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
  const houses = `${group}/providers/Test.Nested/houses`;
  const ask = (method: string, path: string, body?: object) =>
    m.ask(method, `${path}?${version}`, { as, ...(body === undefined ? {} : { body }) });
  return { m, group, houses, ask, [Symbol.asyncDispose]: () => m[Symbol.asyncDispose]() };
}

const here = { location: 'westus', properties: { a: 1 } };

describe('a resource within a resource', () => {
  test('lies under its parent by name, and the parent tells its spelling', async () => {
    await using at = await place();
    await at.ask('PUT', `${at.houses}/Big`, here);
    const { status, body } = await at.ask('PUT', `${at.houses}/bIG/rooms/Red`, here);
    assert.equal(status, 201);
    assert.equal(body.id, `${at.houses}/Big/rooms/Red`);
    assert.equal(body.name, 'Red');
    assert.equal(body.type, 'Test.Nested/houses/rooms');
    assert.deepEqual(body.properties, { a: 1, inside: 'Big' });
    assert.equal((await at.ask('HEAD', `${at.houses}/big/ROOMS/red`)).status, 204);
  });

  test('cannot be without its parent: every verb says which one is missing', async () => {
    await using at = await place();
    for (const [method, verb] of [
      ['PUT', 'write'],
      ['PATCH', 'write'],
      ['GET', 'read'],
      ['DELETE', 'delete'],
    ] as const) {
      const { status, body } = await at.ask(
        method,
        `${at.houses}/none/rooms/red`,
        method.startsWith('P') ? here : undefined,
      );
      assert.equal(status, 404, method);
      assert.equal(body.error.code, 'ParentResourceNotFound');
      assert.equal(
        body.error.message,
        `Failed to perform '${verb}' on resource(s) of type 'houses/rooms', because the parent resource '${at.houses}/none' could not be found.`,
      );
    }
    const list = await at.ask('GET', `${at.houses}/none/rooms`);
    assert.equal(list.body.error.code, 'ParentResourceNotFound');
    await at.ask('PUT', `${at.houses}/big`, here);
    assert.equal((await at.ask('DELETE', `${at.houses}/big/rooms/red`)).status, 204);
    assert.equal((await at.ask('GET', `${at.houses}/big/rooms/red`)).body.error.code, 'ResourceNotFound');
    assert.deepEqual((await at.ask('GET', `${at.houses}/big/rooms`)).body, { value: [] });
  });

  test('is listed with its siblings alone, and goes with its parent', async () => {
    await using at = await place();
    for (const house of ['big', 'big2']) {
      await at.ask('PUT', `${at.houses}/${house}`, here);
      await at.ask('PUT', `${at.houses}/${house}/rooms/red`, {
        ...here,
        identity: { type: 'SystemAssigned' },
      });
      await at.ask('PUT', `${at.houses}/${house}/rooms/red/notes/one`, { properties: {} });
    }
    const names = (reply: { body: { value: { id: string }[] } }) => reply.body.value.map(({ id }) => id);
    assert.deepEqual(names(await at.ask('GET', `${at.houses}/BIG/rooms`)), [`${at.houses}/big/rooms/red`]);
    assert.deepEqual(names(await at.ask('GET', at.houses)), [`${at.houses}/big`, `${at.houses}/big2`]);
    const { principalId } = (await at.ask('GET', `${at.houses}/big/rooms/red`)).body.identity;
    assert.equal((await at.ask('DELETE', `${at.houses}/big`)).status, 200);
    assert.equal((await at.ask('GET', `${at.houses}/big/rooms/red/notes/one`)).status, 404);
    await at.ask('PUT', `${at.houses}/big`, here);
    assert.deepEqual(names(await at.ask('GET', `${at.houses}/big/rooms`)), []);
    const again = await at.ask('PUT', `${at.houses}/big/rooms/red`, {
      ...here,
      identity: { type: 'SystemAssigned' },
    });
    assert.notEqual(again.body.identity.principalId, principalId);
    assert.equal((await at.ask('GET', `${at.houses}/big2/rooms/red/notes/one`)).status, 200);
  });

  test('of a type without a place has properties only, and lists over all types leave it out', async () => {
    await using at = await place();
    await at.ask('PUT', `${at.houses}/big`, here);
    await at.ask('PUT', `${at.houses}/big/rooms/red`, here);
    const { body } = await at.ask('PUT', `${at.houses}/big/rooms/red/notes/one`, {
      location: 'westus',
      properties: { text: 'x' },
    });
    assert.deepEqual(body, {
      id: `${at.houses}/big/rooms/red/notes/one`,
      name: 'one',
      type: 'Test.Nested/houses/rooms/notes',
      properties: { text: 'x', inside: 'red' },
    });
    const all = await at.m.ask('GET', `${at.group}/resources?api-version=2022-09-01`, {
      as: at.m.home.owner,
    });
    assert.deepEqual(
      all.body.value.map(({ type }: { type: string }) => type),
      ['Test.Nested/houses', 'Test.Nested/houses/rooms'],
    );
  });

  test('takes its right at itself', async () => {
    await using at = await place();
    const nobody = await at.m.application(at.m.home, 'nobody');
    const reply = await at.m.ask('PUT', `${at.houses}/big/rooms/red?${version}`, { as: nobody, body: here });
    assert.equal(reply.status, 403);
    assert.match(reply.body.error.message, /'Test\.Nested\/houses\/rooms\/write'/);
  });
});
