import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type TestManagement, testManagement } from '../support/management.ts';
import { sharedFile } from '../support/shared.ts';

interface Exchange {
  readonly request: { readonly method: string; readonly uri: string; readonly body: unknown };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

const recordings = ['test_identity_management', 'test_federated_identity_credential'].map((name) =>
  sharedFile(`data/observed/exchanges/${name}.json`),
);
/** Headers that tell of the machine that answered rather than of the protocol. */
const incidental = /^(date|content-length|transfer-encoding|vary|x-ms-ratelimit-.*)$/;
const guid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** What differs from one tenant to another, put aside; rights are told by their names, descriptions are ours. */
function essence(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => essence(item));
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([name]) => name !== 'display');
    return Object.fromEntries(members.map(([name, member]) => [name, essence(member, name)]));
  }
  return typeof value === 'string' && key !== 'name' ? value.replace(guid, 'guid') : value;
}

/** Rights beside the recorded ones are no difference: a later version added them. */
function onlyRecorded(theirs: unknown, ours: unknown): unknown {
  const [recorded, own] = [theirs, ours].map((body) => (body as { value?: { name?: string }[] }).value ?? []);
  const names = new Set(recorded?.map(({ name }) => name));
  return { value: own?.filter(({ name }) => names.has(name)) };
}

async function replay(m: TestManagement, file: string): Promise<number> {
  const exchanges = JSON.parse(readFileSync(file, 'utf8')) as Exchange[];
  const as = m.home.owner;
  let compared = 0;
  for (const { request, response } of exchanges) {
    const { pathname, search } = new URL(request.uri);
    const path = `${pathname.replace(guid, m.home.subscriptionId)}${search}`;
    const isGroup = /\/resourcegroups\/[^/]+$/i.test(pathname);
    if (isGroup) {
      const { location, tags } = response.body as { location: string; tags: object };
      await m.ask('PUT', path, { as, body: { location, tags } });
    }
    const answer = await m.ask(request.method, path, {
      as,
      ...(request.body === null ? {} : { body: request.body }),
    });
    const name = `${request.method} ${request.uri}`;
    assert.equal(answer.status, response.status, name);
    const body = answer.text === '' ? null : answer.body;
    const own = pathname.endsWith('/operations') ? onlyRecorded(response.body, body) : body;
    assert.deepEqual(sorted(essence(own)), sorted(essence(response.body)), name);
    for (const header of Object.keys(response.headers)) {
      if (!incidental.test(header))
        assert.ok(header in answer.headers, `${name}: header ${header} is missing`);
    }
    const { location } = response.headers;
    if (location !== undefined) {
      assert.equal(answer.headers.location?.replace(guid, 'guid'), location.replace(guid, 'guid'), name);
    }
    compared += 1;
  }
  return compared;
}

function sorted(body: unknown): unknown {
  const { value } = (body ?? {}) as { value?: { name?: string }[] };
  if (!Array.isArray(value)) return body;
  return { ...(body as object), value: value.toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)) };
}

test('recorded sessions of the Azure CLI about identities and their credentials get the answers that Azure gave', {
  skip: recordings.includes(undefined) ? 'the recordings are not on this machine' : false,
}, async () => {
  await using m = await testManagement();
  let compared = 0;
  for (const file of recordings) compared += await replay(m, file ?? '');
  assert.ok(compared > 15, String(compared));
});
