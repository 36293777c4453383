import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { answerQuery, type NameAnswer, startNameServer } from './name-server.ts';

const names = (name: string): NameAnswer => {
  if (name === 'kv1.vault.azure.net') return { kind: 'address', address: '127.0.0.1' };
  if (name.endsWith('.azure.net')) return { kind: 'none', reason: `${name} is not served` };
  return { kind: 'refused' };
};

function query(name: string, options: { type?: number; extended?: boolean } = {}): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([
    Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, options.extended ? 1 : 0]),
    ...labels,
    Buffer.from([0, 0, options.type ?? 1, 0, 1]),
    ...(options.extended ? [Buffer.from([0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0])] : []),
  ]);
}

async function serverFor(t: TestContext) {
  const server = await startNameServer({ host: '127.0.0.1', port: 0 }, names);
  t.after(() => server[Symbol.asyncDispose]());
  return server;
}

describe('the name server of a namespace', () => {
  test("answers the deployment's names, says that others do not exist, refuses the rest", async (t) => {
    const server = await serverFor(t);
    const resolver = new Resolver({ timeout: 2000, tries: 1 });
    resolver.setServers([`127.0.0.1:${server.port}`]);
    assert.deepEqual(await resolver.resolve4('kv1.vault.azure.net'), ['127.0.0.1']);
    assert.deepEqual(await resolver.resolve4('KV1.Vault.Azure.NET'), ['127.0.0.1']);
    await assert.rejects(resolver.resolve6('kv1.vault.azure.net'), { code: 'ENODATA' });
    await assert.rejects(resolver.resolve4('x.blob.azure.net'), { code: 'ENOTFOUND' });
    await assert.rejects(resolver.resolve4('example.com'), { code: 'EREFUSED' });
  });

  test('gives the reason to clients that understand it', () => {
    const answer = answerQuery(query('x.azure.net', { extended: true }), names);
    assert.ok(answer?.toString('latin1').endsWith('x.azure.net is not served'));
    assert.ok(!answerQuery(query('x.azure.net'), names)?.toString('latin1').includes('not served'));
  });

  test('answers over TCP as well', async (t) => {
    const server = await serverFor(t);
    const socket = connect(server.port, '127.0.0.1');
    const message = query('kv1.vault.azure.net');
    socket.write(Buffer.concat([Buffer.from([0, message.length]), message]));
    const [data] = (await once(socket, 'data')) as [Buffer];
    assert.deepEqual([...data.subarray(-4)], [127, 0, 0, 1]);
    socket.destroy();
  });

  test('outlives every truncation and every changed octet of a query', () => {
    const whole = query('kv1.vault.azure.net', { extended: true });
    for (let length = 0; length < whole.length; length += 1) answerQuery(whole.subarray(0, length), names);
    for (let at = 0; at < whole.length; at += 1) {
      for (const value of [0, 1, 63, 64, 0xc0, 0xff]) {
        const altered = Buffer.from(whole);
        altered[at] = value;
        answerQuery(altered, names);
      }
    }
    assert.equal(answerQuery(Buffer.alloc(5000), names), undefined);
  });

  test('does not answer answers', () => {
    const answer = answerQuery(query('kv1.vault.azure.net'), names);
    assert.ok(answer !== undefined);
    assert.equal(answerQuery(answer, names), undefined);
  });
});
