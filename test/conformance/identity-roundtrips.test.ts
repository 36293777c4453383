import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { identityKinds, identityTypeOf } from '../../src/server/resource-manager/identity-support.ts';
import { identitySupportOf } from '../../src/server/resource-manager/identity-support-table.ts';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';
import { sharedFile } from '../support/shared.ts';

interface RecordedIdentity {
  readonly type?: string | null;
  readonly principalId?: string | null;
  readonly userAssignedIdentities?: Readonly<Record<string, object | null>> | null;
}

/** What a client of Azure sent as `identity`, and what it got. */
interface RoundTrip {
  readonly recording: string;
  readonly type: string;
  readonly method: 'PUT' | 'PATCH';
  readonly apiVersion: string;
  readonly requestIdentity: RecordedIdentity | null;
  readonly status: number;
  readonly responseIdentity: RecordedIdentity | null;
  readonly error: { readonly code: string } | null;
}

/** What a resource carries, comparable between deployments. */
interface Carried {
  readonly own: boolean;
  readonly assigning: boolean;
  /** Canonical ids, sorted. */
  readonly assigned: readonly string[];
}

/** Types of which a PUT says more than identity, location and properties without content. */
const bodies: Readonly<Record<string, Body>> = {
  'Microsoft.ContainerInstance/containerGroups': {
    properties: {
      osType: 'Linux',
      containers: [
        { name: 'one', properties: { image: 'nginx', resources: { requests: { cpu: 1, memoryInGB: 1 } } } },
      ],
    },
  },
  'Microsoft.Compute/virtualMachineScaleSets': { sku: { name: 'Standard_B1s', capacity: 1 } },
};

/** Their answers to PUT show maps of before, of after and of both; Innate replaces the map for every type. */
const unsettled = /^Microsoft\.(ServiceBus|EventHub)\//;

/** Codes of refusals that are about the identity. */
const aboutIdentity = new Set(['FailedIdentityOperation', 'InvalidRequestContent']);

const file = sharedFile('data/observed/identity-roundtrips.json');
const recorded =
  file === undefined
    ? []
    : (JSON.parse(readFileSync(file, 'utf8')) as { readonly exchanges: readonly RoundTrip[] }).exchanges;

/** An answer of 202 shows what was, not what will be. */
const settled = recorded.filter(
  ({ status, error }) =>
    status === 200 || status === 201 || (error !== null && aboutIdentity.has(error.code)),
);

const m = file === undefined ? undefined : await testManagement();
after(() => m?.[Symbol.asyncDispose]());
const group = `/subscriptions/${m?.home.subscriptionId}/resourceGroups/roundtrips`;
if (m !== undefined) await putGroup(m, group);
const types = [...new Set(settled.map(({ type }) => type))].sort();
const served = new Set<string>();
for (const type of types) {
  // what Azure ended since, its schemas do not have
  const known = identitySupportOf(type) !== undefined;
  if (m !== undefined && known && (await isServed(m, type))) served.add(type);
}

describe('an identity that Azure accepted is accepted, with the same outcome, on', () => {
  if (file === undefined) test('no type: the recordings are not on this machine', { skip: true }, () => {});
  for (const type of types) {
    test(type, { skip: served.has(type) ? false : 'the type is not served' }, async () => {
      assert.ok(m);
      for (const [index, trip] of settled.entries()) {
        if (trip.type === type) await replay(m, trip, `trip${index}`);
      }
    });
  }
});

test('kinds of identity are written as Azure writes them, type by type', {
  skip: file === undefined ? 'the recordings are not on this machine' : false,
}, () => {
  let compared = 0;
  for (const { type, responseIdentity } of settled) {
    const support = identitySupportOf(type);
    const written = responseIdentity?.type ?? 'None';
    const kinds = identityKinds(written);
    if (support === undefined || kinds === undefined || written === 'None') continue;
    // this one answers now with a capital, now without
    const varies = type === 'Microsoft.ContainerRegistry/registries';
    const expected = varies ? written.replace(/\b[su]/g, (letter) => letter.toUpperCase()) : written;
    assert.equal(identityTypeOf(kinds, support), expected, type);
    compared += 1;
  }
  assert.ok(compared > 80, String(compared));
});

async function replay(world: TestManagement, trip: RoundTrip, name: string): Promise<void> {
  const { type, method, recording } = trip;
  const what = `${recording} ${method} ${JSON.stringify(trip.requestIdentity)}`;
  const request = await here(world, trip.requestIdentity);
  const expected = carried(await here(world, trip.responseIdentity));
  const path = `${group}/providers/${type}/${name}?api-version=${await versionOf(world, trip)}`;
  const as = world.home.owner;
  const whole = { location: 'westus', properties: {}, ...bodies[type] };

  // what was there before is what the answer has and the request does not explain
  const taken = Object.entries(request?.userAssignedIdentities ?? {}).flatMap(([id, value]) =>
    value === null ? [id] : [],
  );
  if (method === 'PATCH' || trip.requestIdentity === null) {
    const asked = new Set(carried(request).assigned);
    const kept = expected.assigned.filter((id) => !asked.has(id));
    const before = { own: expected.own, assigned: [...kept, ...taken] };
    const made = await world.ask('PUT', path, { as, body: { ...whole, ...blockOf(before) } });
    assert.ok([200, 201, 202].includes(made.status), `${what}: ${made.text}`);
  }
  const sent = request === null ? {} : { identity: request };
  const answer = await world.ask(method, path, { as, body: method === 'PUT' ? { ...whole, ...sent } : sent });
  if (trip.error !== null) {
    assert.deepEqual([answer.status, answer.body.error.code], [trip.status, trip.error.code], what);
    return;
  }
  assert.ok([200, 201, 202].includes(answer.status), `${what}: ${answer.text}`);
  const { body } = await world.ask('GET', path, { as });
  const got = carried(body.identity ?? null);
  // an answer of one kind without its map is not yet of the outcome
  const isWhole = !expected.assigning || expected.assigned.length > 0;
  if (isWhole && !unsettled.test(type)) assert.deepEqual(got, expected, what);
  else assert.deepEqual([got.own, got.assigning], [expected.own, expected.assigning], what);
  for (const [id, ids] of Object.entries<Body>(body.identity?.userAssignedIdentities ?? {})) {
    assert.match(ids.principalId, /^[0-9a-f-]{36}$/, id);
    assert.match(ids.clientId, /^[0-9a-f-]{36}$/, id);
  }
}

function carried(identity: RecordedIdentity | null): Carried {
  const kinds = identityKinds(identity?.type ?? 'None');
  assert.ok(kinds, identity?.type ?? '');
  const ids = kinds.userAssigned ? Object.keys(identity?.userAssignedIdentities ?? {}) : [];
  return {
    own: kinds.systemAssigned,
    assigning: kinds.userAssigned,
    assigned: ids.map((id) => id.toLowerCase()).sort(),
  };
}

function blockOf({ own, assigned }: Pick<Carried, 'own' | 'assigned'>): Body {
  const kinds = [...(own ? ['SystemAssigned'] : []), ...(assigned.length > 0 ? ['UserAssigned'] : [])];
  if (kinds.length === 0) return {};
  const map = Object.fromEntries(assigned.map((id) => [id, {}]));
  return {
    identity: { type: kinds.join(), ...(assigned.length > 0 ? { userAssignedIdentities: map } : {}) },
  };
}

/** A recorded identity in this deployment: its user-assigned identities are made where Azure had them. */
async function here(
  world: TestManagement,
  identity: RecordedIdentity | null,
): Promise<RecordedIdentity | null> {
  const map = identity?.userAssignedIdentities;
  if (identity === null || map === null || map === undefined) return identity;
  const entries: [string, object | null][] = [];
  for (const [id, value] of Object.entries(map)) {
    const own = id.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, world.home.subscriptionId);
    // the one that a recording was refused is not there
    if (!/\/myIdentity$/.test(own)) await putIdentity(world, own);
    // what Azure answered before is another tenant's; what Innate answered is in its place
    entries.push([own, value === null ? null : {}]);
  }
  return { ...identity, userAssignedIdentities: Object.fromEntries(entries) };
}

async function putIdentity(world: TestManagement, id: string): Promise<void> {
  await putGroup(world, id.replace(/\/providers\/.*/i, ''));
  const as = world.home.owner;
  const made = await world.ask('PUT', `${id}?api-version=2024-11-30`, { as, body: { location: 'westus' } });
  assert.ok([200, 201].includes(made.status), made.text);
}

async function putGroup(world: TestManagement, id: string): Promise<void> {
  const as = world.home.owner;
  const made = await world.ask('PUT', `${id}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
  assert.ok([200, 201].includes(made.status), made.text);
}

async function isServed(world: TestManagement, type: string): Promise<boolean> {
  const trip = settled.find((each) => each.type === type) ?? assert.fail();
  const path = `${group}/providers/${type}/absent?api-version=${await versionOf(world, trip)}`;
  const { body } = await world.ask('GET', path, { as: world.home.owner });
  return body?.error?.code === 'ResourceNotFound';
}

/** The recorded version, or where Azure has retired it since, the newest that the refusal names. */
async function versionOf(world: TestManagement, { type, apiVersion }: RoundTrip): Promise<string> {
  const path = `${group}/providers/${type}/absent?api-version=${apiVersion}`;
  const { body } = await world.ask('GET', path, { as: world.home.owner });
  const [, versions = apiVersion] = /The supported api-versions are '([^']+)'/.exec(body.error.message) ?? [];
  return versions.split(', ').sort().at(-1) ?? apiVersion;
}
