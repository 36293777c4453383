import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type TestManagement, testManagement } from '../support/management.ts';

/** Sends a request target as it is: no client library tidies it first. */
async function raw(port: number, method: string, target: string, token: string, body = ''): Promise<number> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    Buffer.from(
      `${method} ${target} HTTP/1.1\r\nhost: management.azure.com\r\nauthorization: Bearer ${token}\r\n` +
        `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      'latin1',
    ),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const status = /^HTTP\/1\.1 (\d{3})/.exec(Buffer.concat(chunks).toString('latin1'))?.[1];
  assert.ok(status, `no answer for ${method} ${target}`);
  return Number(status);
}

/** Spellings of a path: some name the same thing, none may name another. */
function spellings(path: string): readonly string[] {
  const all = new Set<string>();
  const segments = path.split('/').slice(1);
  const insertions = [
    '/',
    '//',
    '/./',
    '/../',
    '/%2e/',
    '/%2e%2e/',
    '\\',
    '%5c',
    '%2f',
    '%2F',
    ';/',
    ';a=b/',
    '..;/',
    '%00/',
    '%20/',
    '%09/',
    '#/',
    '%23/',
    '%25/',
    '.%2f/',
    '%c0%ae/',
    '%ef%bc%8f',
  ];
  for (const [index] of segments.entries()) {
    for (const inserted of insertions) {
      all.add(
        `/${segments.slice(0, index).join('/')}${index === 0 ? '' : inserted}${segments.slice(index).join('/')}`,
      );
    }
  }
  const last = segments.at(-1) ?? '';
  const stem = path.slice(0, -last.length);
  const endings = [
    '/',
    '//',
    '.',
    '%2e',
    '%20',
    '%00',
    ';',
    ';x',
    '%3b',
    '\\',
    '%5C',
    '%2F',
    '%0a',
    '%0d%0a',
    '/.',
    '/..',
    '%E2%80%8B',
    '%C2%A0',
    '\u00e9',
    '%c3%a9',
    '+',
    '%2B',
    '%',
    '%4',
    '%zz',
    '%25',
    '?',
    ':',
    '%3A',
    '*',
    '"',
    '<',
    '|',
    '^',
    '`',
    '{',
    '}',
    '[',
    ']',
  ];
  for (const ending of endings) all.add(`${path}${ending}`);
  const letters = [
    last.toUpperCase(),
    [...last].map((c) => `%${c.charCodeAt(0).toString(16)}`).join(''),
    [...last].map((c) => `%25${c.charCodeAt(0).toString(16)}`).join(''),
    '%EF%BD%96m1',
    'v%C4%B1m',
    `${last}\u0000`,
  ];
  for (const spelling of letters) all.add(`${stem}${spelling}`);
  all.add(path.toUpperCase());
  all.add(path.toLowerCase());
  all.add(path.replaceAll('/', '//'));
  all.add(`/${path}`);
  all.add(`http://management.azure.com${path}`);
  all.add(`https://evil.example${path}`);
  all.add(path.slice(1));
  all.add('*');
  return [...all].filter((target) => !/[\r\n\0 ]/.test(target) && target !== '');
}

/** One way to spell a path differently, at a place that is chosen as a number. */
type Respelling = (path: string, at: number) => string;

const between = (path: string, at: number, inserted: string): string => {
  const slashes = [...path.matchAll(/\//g)].map(({ index }) => index);
  const place = slashes[at % slashes.length] ?? 0;
  return path.slice(0, place) + inserted + path.slice(place + 1);
};
const instead = (path: string, at: number, spelled: (letter: string) => string): string => {
  const letters = [...path.matchAll(/(?<!%[0-9a-f]?)[a-z0-9]/gi)].map(({ index }) => index);
  const place = letters[at % letters.length] ?? 0;
  return path.slice(0, place) + spelled(path[place] as string) + path.slice(place + 1);
};
const hex = (letter: string) => (letter.codePointAt(0) ?? 0).toString(16);
const swapped = (letter: string) =>
  letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase();
/** Letters that some reader folds to those of ASCII: fullwidth forms, the Kelvin sign, a long s, a dotless i. */
const alike = (letter: string) =>
  ({ k: '\u212a', s: '\u017f', i: '\u0131' })[letter.toLowerCase()] ??
  String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0);

const harmless: readonly Respelling[] = [
  (path, at) => instead(path, at, swapped),
  (path, at) => instead(path, at, (letter) => `%${hex(letter)}`),
  (path, at) => instead(path, at, (letter) => `%${hex(letter).toUpperCase()}`),
  (path, at) => between(path, at, '//'),
  (path, at) => between(path, at, '///'),
  (path) => `${path}/`,
  (path) => path.toUpperCase(),
];
const harmful: readonly Respelling[] = [
  ...[
    '/./',
    '/../',
    '/%2e/',
    '/%2E%2e/',
    '%2f',
    '%2F',
    '%5c',
    '\\',
    '/%2e%2e%2f',
    ';/',
    '%3b/',
    '/%20/',
    '%00/',
  ].map(
    (inserted): Respelling =>
      (path, at) =>
        between(path, at, inserted),
  ),
  ...['%c0%af', '%c0%ae/', '%e0%80%af', '%ef%bc%8f', '%e2%88%95', '%EF%BB%BF/'].map(
    (inserted): Respelling =>
      (path, at) =>
        between(path, at, inserted),
  ),
  (path, at) => instead(path, at, alike),
  (path, at) => instead(path, at, (letter) => encodeURIComponent(alike(letter))),
  (path, at) => instead(path, at, (letter) => `%25${hex(letter)}`),
  (path, at) => instead(path, at, (letter) => `%u00${hex(letter)}`),
  (path, at) => instead(path, at, (letter) => `${letter}%cc%81`),
  ...['%e2%80%8b', '%c2%ad', '%c2%a0', '%00', '%09', '%0d%0a', '%e2%80%ae'].map(
    (added): Respelling =>
      (path, at) =>
        instead(path, at, (letter) => letter + added),
  ),
  ...['.', '%2e', '%20', '%2e%20', '/.', '/..', '%', '#', '%23'].map(
    (ending): Respelling =>
      (path) =>
        path + ending,
  ),
];

/** Things of every kind: in a group, in another, kept as a record, and beside a resource. */
async function thingsOfEveryKind(m: TestManagement) {
  const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1`;
  const inGroup = (rest: string) => `${group}/providers/${rest}`;
  const account = inGroup('Microsoft.Storage/storageAccounts/kissing1');
  const network = inGroup('Microsoft.Network/virtualNetworks/vnet1');
  const placed = { location: 'westus' };
  const things = [
    { path: group, version: '2022-09-01', body: placed },
    { path: inGroup('Microsoft.Compute/virtualMachines/vm1'), version: '2024-07-01', body: placed },
    {
      path: inGroup('Microsoft.ManagedIdentity/userAssignedIdentities/kiosk'),
      version: '2024-11-30',
      body: placed,
    },
    {
      path: account,
      version: '2023-01-01',
      body: { ...placed, sku: { name: 'Standard_LRS' }, kind: 'StorageV2' },
    },
    { path: `${account}/blobServices/default`, version: '2023-01-01', body: { properties: {} } },
    {
      path: `${account}/blobServices/default/containers/disks`,
      version: '2023-01-01',
      body: { properties: {} },
    },
    {
      path: network,
      version: '2024-05-01',
      body: { ...placed, properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } } },
    },
    {
      path: `${network}/subnets/inside`,
      version: '2024-05-01',
      body: { properties: { addressPrefix: '10.0.0.0/24' } },
    },
    {
      path: `${account}/providers/Microsoft.Resources/tags/default`,
      version: '2021-04-01',
      body: { properties: { tags: { a: 'b' } } },
    },
  ];
  for (const { path, version, body } of things) {
    const reply = await m.ask('PUT', `${path}?api-version=${version}`, { as: m.home.owner, body });
    assert.ok(reply.status < 300, `${path}: ${reply.text}`);
  }
  return things;
}

describe('one resource', () => {
  test('has one name: any spelling of it is that resource, or refused (C4)', async () => {
    await using m = await testManagement();
    const { owner } = m.home;
    const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1`;
    const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
    const [version, groups] = ['api-version=2024-07-01', 'api-version=2022-09-01'];
    await m.ask('PUT', `${group}?${groups}`, { as: owner, body: { location: 'westus' } });
    await m.ask('PUT', `${vm}?${version}`, { as: owner, body: { location: 'westus' } });
    const names = async () => ({
      resources: (await m.database.read.selectFrom('resources').select('canonical').execute()).map(
        (row) => row.canonical,
      ),
      groups: (await m.database.read.selectFrom('resource_groups').select('canonical').execute()).map(
        (row) => row.canonical,
      ),
    });
    const before = await names();
    const body = JSON.stringify({ location: 'westus' });
    let tried = 0;
    let same = 0;
    for (const [path, query] of [
      [vm, version],
      [group, groups],
    ] as const) {
      for (const spelling of spellings(path)) {
        const status = await raw(
          m.port,
          'PUT',
          `${spelling}${spelling.includes('?') ? '' : '?'}${query}`,
          owner.token,
          body,
        );
        tried += 1;
        if (status === 200) same += 1;
        else assert.ok(status >= 400 && status < 500, `${spelling}: ${status}`);
        assert.deepEqual(await names(), before, `${spelling} made a second object`);
      }
    }
    assert.ok(tried >= 300, `only ${tried} spellings were tried`);
    assert.ok(same >= 10, `only ${same} spellings were understood`);
  });

  test('is found by every honest spelling', async () => {
    await using m = await testManagement();
    const { owner } = m.home;
    const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1`;
    const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
    await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: owner, body: { location: 'westus' } });
    const made = await m.ask('PUT', `${vm}?api-version=2024-07-01`, {
      as: owner,
      body: { location: 'westus' },
    });
    for (const spelling of [
      vm.toUpperCase(),
      vm.toLowerCase(),
      `/${vm}`,
      vm.replaceAll('/', '//'),
      `${vm}/`,
      vm.replace('resourceGroups', 'resourcegroups'),
      vm.replace('vm1', '%76%4D1'),
    ]) {
      const reply = await m.ask('GET', `${spelling}?api-version=2024-07-01`, { as: owner });
      assert.deepEqual(reply.body, made.body, spelling);
    }
  });

  test('of every kind, in 300 generated spellings, is itself or refused, and never a second one (C4)', async () => {
    await using m = await testManagement();
    const things = await thingsOfEveryKind(m);
    const names = async () => {
      const [resources, groups, principals] = await Promise.all([
        m.database.read.selectFrom('resources').select('canonical').orderBy('canonical').execute(),
        m.database.read.selectFrom('resource_groups').select('canonical').execute(),
        m.database.read.selectFrom('principals').select('principal_id').orderBy('principal_id').execute(),
      ]);
      return { resources, groups, principals };
    };
    const before = await names();
    const tried = { same: 0, refused: 0 };
    const pick = (list: readonly Respelling[]) => fc.tuple(fc.constantFrom(...list), fc.nat({ max: 400 }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...things),
        fc.array(pick(harmless), { maxLength: 4 }),
        fc.option(pick(harmful), { freq: 2 }),
        async ({ path, version, body }, ways, last) => {
          const all = last === null ? ways : [...ways, last];
          const spelled = all.reduce((text, [respell, at]) => respell(text, at), path);
          const target = `${Buffer.from(spelled, 'utf8').toString('latin1')}?api-version=${version}`;
          const status = await raw(m.port, 'PUT', target, m.home.owner.token, JSON.stringify(body));
          if (last === null) assert.ok([200, 201].includes(status), `${spelled}: ${status}`);
          else assert.ok(status === 200 || (status >= 400 && status < 500), `${spelled}: ${status}`);
          tried[status < 300 ? 'same' : 'refused'] += 1;
          assert.deepEqual(await names(), before, `${spelled} made a second object`);
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(tried.same > 50 && tried.refused > 50, JSON.stringify(tried));
  });
});
