import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test } from 'node:test';
import { testManagement } from '../support/management.ts';

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
});
