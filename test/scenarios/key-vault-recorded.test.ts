import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sharedFile } from '../support/shared.ts';
import { type VaultRequest, vaultWorld } from '../support/vault-world.ts';

interface Exchange {
  readonly request: { readonly method: string; readonly uri: string; readonly body: unknown };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

const recording = sharedFile('data/observed/exchanges/test_keyvault_secret.json');
const recordedVault = 'cli-test-kv-se-000002';
/** Headers that tell of the machine that answered rather than of the protocol. */
const incidental = new Set([
  'date',
  'content-length',
  'x-ms-keyvault-service-version',
  'x-ms-keyvault-network-info',
]);

/** Azure CLI's session against the real service, but for what it does by backup and restore, which is not served. */
function exchanges(): Exchange[] {
  const all = JSON.parse(readFileSync(recording ?? '', 'utf8')) as Exchange[];
  const asked = all.filter(({ request }) => new URL(request.uri).host.startsWith(recordedVault));
  const restored = asked.findIndex(({ request }) => new URL(request.uri).pathname.endsWith('/restore'));
  return asked.filter(({ request }, at) => {
    const { pathname } = new URL(request.uri);
    return (
      !/\/(backup|restore)$/.test(pathname) && (at < restored || !pathname.startsWith('/secrets/secret1'))
    );
  });
}

/** What differs from run to run, put aside: times, versions, opaque tokens. */
function essence(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => essence(item)).sort(byText);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, member]) => [name, essence(member, name)]),
    );
  }
  if (typeof value === 'number' && /^(created|updated|deletedDate|scheduledPurgeDate|nbf|exp)$/.test(key))
    return 'time';
  if (typeof value === 'string' && key === 'id') return value.replace(/[0-9a-f]{32}$/, 'version');
  if (typeof value === 'string' && key === 'nextLink') {
    const { hostname, pathname, searchParams } = new URL(value);
    return [hostname, pathname, [...searchParams.keys()].sort(), searchParams.get('maxresults')];
  }
  return value;
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

test('a recorded session of the Azure CLI gets the answers that the real service gave', {
  skip: recording === undefined ? 'the recordings are not on this machine' : false,
}, async () => {
  await using world = await vaultWorld();
  const scope = await world.vault(recordedVault, {
    properties: { softDeleteRetentionInDays: 7 },
  });
  const as = await world.identity();
  await world.grant(as, 'Key Vault Secrets Officer', scope);
  const versions = new Map<string, string>();
  const links = new Map<string, string>();
  let compared = 0;

  for (const { request, response } of exchanges()) {
    // A secret that was restored from a backup of the real service is not there to be asked for.
    const link = links.get(new URL(request.uri).href) ?? request.uri;
    const { host, pathname, search } = new URL(link);
    const path = `${pathname.replace(/[0-9a-f]{32}/, (version) => versions.get(version) ?? version)}${search}`;
    const asked: VaultRequest = {
      method: request.method as VaultRequest['method'],
      path,
      host: host.replace(/:443$/, ''),
      ...(response.status === 401 ? {} : { as }),
      ...(request.body === null ? {} : { body: request.body }),
    };
    const answer = await world.ask(asked);
    const name = `${request.method} ${request.uri}`;
    assert.equal(answer.statusCode, response.status, name);
    const body: unknown = answer.body === '' ? null : answer.json();
    assert.deepEqual(essence(body), essence(response.body), name);
    for (const header of Object.keys(response.headers)) {
      if (!incidental.has(header))
        assert.ok(header in answer.headers, `${name}: header ${header} is missing`);
    }
    remember(response.body, body);
    compared += 1;
  }
  assert.ok(compared > 20);

  function remember(theirs: unknown, ours: unknown): void {
    const [id, own] = [theirs, ours].map((body) => (body as { id?: string } | null)?.id?.split('/').at(-1));
    if (id !== undefined && own !== undefined) versions.set(id, own);
    const [next, ownNext] = [theirs, ours].map((body) => (body as { nextLink?: string } | null)?.nextLink);
    if (next && ownNext) links.set(new URL(next).href, ownNext);
  }
});
