import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TestClock } from '../../test/support/clock.ts';
import { testDatabase } from '../../test/support/database.ts';
import { testFollower } from '../../test/support/feed.ts';
import { testSealer, testTenant } from '../../test/support/sealer.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';
import { DomainError } from '../foundation/domain-error.ts';
import type { TenantId } from '../foundation/ids.ts';
import { silentLog } from '../foundation/log.ts';
import { systemRandomness } from '../foundation/randomness.ts';
import { type SignerProcess, SignerStartError, startSigner } from './signer-process.ts';
import type { Database } from './storage/database.ts';
import { KeyEncryptionKeyError } from './storage/key-encryption-key.ts';
import { KeyKeeper } from './tokens/key-keeper.ts';
import { connectSigner, type RemoteSigner } from './tokens/remote-signer.ts';
import { signatureHolds } from './tokens/signature.ts';
import { createSigner } from './tokens/signer.ts';
import {
  FrameReader,
  frameOf,
  maxFrame,
  type SignerAnswer,
  type SignerQuestion,
  type SignerRequest,
  signerAnswer,
  signerRequest,
} from './tokens/signer-protocol.ts';
import { SignerUnreachable } from './tokens/signer-socket.ts';
import { activeKey, keyPlace, type SigningKey, SigningKeys } from './tokens/signing-keys.ts';

const clock = new TestClock();
const sources = { clock, randomness: systemRandomness, log: silentLog };

/** The text of a JWS under a key: what a signer signs. */
function textOf(key: Pick<SigningKey, 'kid' | 'alg'>, payload: unknown): string {
  return [{ typ: 'JWT', alg: key.alg, kid: key.kid }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
}

const isAway = (error: unknown) => error instanceof DomainError && error.kind === 'unavailable';

describe('a signer in a process of its own', () => {
  let folder: TemporaryFolder;
  let database: Database;
  let socket: string;
  let process: SignerProcess;
  let signer: RemoteSigner;
  let keys: SigningKeys;
  let tenantId: TenantId;
  let stack: AsyncDisposableStack;

  const start = () => startSigner({ ...sources, socket, keyFile: folder.file('signer-key') });
  const keyOf = async (alg: SigningKey['alg']): Promise<SigningKey> => {
    const key = activeKey(await keys.of(tenantId), alg);
    assert.ok(key);
    return key;
  };

  before(async () => {
    stack = new AsyncDisposableStack();
    folder = stack.use(await temporaryFolder());
    database = stack.use(await testDatabase());
    socket = path.join(folder.path, 'run', 'signer.sock');
    process = await start();
    signer = stack.use(connectSigner(socket, { database, log: silentLog }));
    keys = new SigningKeys(database, stack.use(await testFollower(database)));
    tenantId = await testTenant(database);
    const keeper = new KeyKeeper({ ...sources, database, signer });
    for (const alg of ['RS256', 'ES256'] as const) await keeper.begin({ tenantId, alg });
  });
  after(async () => {
    await process[Symbol.asyncDispose]();
    await stack.disposeAsync();
  });

  /** Asks by hand, on a connection of its own. */
  async function askRaw(question: SignerQuestion): Promise<SignerAnswer> {
    const connection = connect(socket);
    try {
      connection.write(frameOf({ ...question, id: 1 } as SignerRequest));
      const reader = new FrameReader(signerAnswer);
      for await (const chunk of connection) {
        const [answer] = reader.read(chunk as Buffer);
        if (answer !== undefined) return answer;
      }
      throw new Error('the connection ended without an answer');
    } finally {
      connection.destroy();
    }
  }

  test('signs for many who ask at once, each their own text, with either algorithm', async () => {
    const [rsa, ec] = [await keyOf('RS256'), await keyOf('ES256')];
    await Promise.all(
      Array.from({ length: 400 }, async (_, number) => {
        const key = number % 2 === 0 ? rsa : ec;
        const text = textOf(key, { number });
        const signature = Buffer.from(await signer.sign(key, text), 'base64url');
        assert.ok(signatureHolds(key.alg, key.publicKey, text, signature), `${number}`);
      }),
    );
  });

  test('leaves nothing to the server that it could open: neither as its row says, nor under its own key', async () => {
    const rows = await database.read.selectFrom('signing_keys').selectAll().execute();
    assert.equal(rows.length, 4);
    const sealer = testSealer(database, clock);
    const own = createSigner({ ...sources, database, sealer }, 1);
    for (const row of rows) {
      assert.equal(row.holder, 'signer');
      await assert.rejects(sealer.open(keyPlace(tenantId, row.kid), row.private_key_sealed));
      assert.equal(Buffer.from(row.private_key_sealed).indexOf(Buffer.from('2a8648', 'hex')), -1);
    }
    const key = await keyOf('RS256');
    await assert.rejects(own.sign(key, textOf(key, {})), /held by a signer of its own/);
  });

  test('signs nothing but a JWS that names the key', async () => {
    const [rsa, ec] = [await keyOf('RS256'), await keyOf('ES256')];
    await signer.sign(rsa, textOf(rsa, {}));
    const encode = (text: string) => Buffer.from(text).toString('base64url');
    const headers = [
      textOf(ec, {}).split('.')[0] ?? '',
      encode(JSON.stringify({ alg: 'none', kid: rsa.kid })),
      encode(JSON.stringify({ alg: 'RS256' })),
      encode('null'),
      encode('not JSON'),
      Buffer.from([0x30, 0x82, 0x01, 0x00]).toString('base64url'),
    ];
    for (const header of headers) {
      const question = { op: 'sign', tenantId, kid: rsa.kid, text: `${header}.e30` } as const;
      const answer = await askRaw(question);
      assert.deepEqual(answer, { id: 1, error: 'refused' }, header);
    }
  });

  test('holds no key under another tenant’s, kid’s or algorithm’s name', async () => {
    const key = await keyOf('RS256');
    const other = await keyOf('ES256');
    const row = await database.read
      .selectFrom('signing_keys')
      .selectAll()
      .where('kid', '=', key.kid)
      .executeTakeFirstOrThrow();
    const { certificate: foreign } = await database.read
      .selectFrom('signing_keys')
      .selectAll()
      .where('kid', '=', other.kid)
      .executeTakeFirstOrThrow();
    const sealed = Buffer.from(row.private_key_sealed).toString('base64url');
    const question = { op: 'load', tenantId, kid: key.kid, alg: 'RS256', sealed } as const;
    const { certificate } = row;
    assert.deepEqual(await askRaw({ ...question, certificate }), { id: 1, done: true });
    const elsewhere = systemRandomness.uuid();
    const altered = `${sealed.slice(0, -4)}${sealed.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    const cases: readonly (readonly [SignerQuestion, string])[] = [
      [{ ...question, certificate, tenantId: elsewhere }, 'not-held'],
      [{ ...question, certificate, sealed: altered }, 'not-held'],
      [{ ...question, certificate, sealed: 'AA' }, 'not-held'],
      [{ ...question, certificate: foreign }, 'refused'],
      [{ ...question, certificate: foreign, kid: other.kid, alg: 'ES256' }, 'not-held'],
      [{ ...question, certificate: 'no certificate' }, 'refused'],
    ];
    for (const [asked, error] of cases) assert.deepEqual(await askRaw(asked), { id: 1, error });
    assert.deepEqual(await askRaw({ op: 'sign', tenantId: elsewhere, kid: key.kid, text: textOf(key, {}) }), {
      id: 1,
      error: 'unknown-key',
    });
  });

  test('ends a connection that does not speak as a server does, and serves the others on', async () => {
    const key = await keyOf('RS256');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(maxFrame + 1);
    const odd: readonly Buffer[] = [
      length,
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.concat([Buffer.of(0, 0, 0, 2), Buffer.from('{}')]),
      Buffer.of(0, 0, 0, 0),
    ];
    for (const octets of odd) {
      const connection = connect(socket);
      connection.on('error', () => undefined);
      connection.resume();
      connection.write(octets);
      await once(connection, 'close');
      await signer.sign(key, textOf(key, {}));
    }
  });

  test('that ends loses nobody: who asks is told to try again, and served once it is back', async () => {
    const key = await keyOf('RS256');
    const asked = Array.from({ length: 50 }, (_, number) =>
      signer.sign(key, textOf(key, { number })).catch((error: unknown) => {
        if (isAway(error)) return 'away';
        throw error;
      }),
    );
    await process[Symbol.asyncDispose]();
    await assert.rejects(lstat(socket), /ENOENT/);
    const outcomes = await Promise.all(asked);
    for (const [number, outcome] of outcomes.entries()) {
      if (outcome === 'away') continue;
      const signature = Buffer.from(outcome, 'base64url');
      assert.ok(signatureHolds('RS256', key.publicKey, textOf(key, { number }), signature));
    }
    await assert.rejects(signer.sign(key, textOf(key, {})), isAway);
    await assert.rejects(signer.generate(tenantId, 'ES256'), isAway);
    await assert.rejects(signer.greet(), SignerUnreachable);
    process = await start();
    await signer.greet();
    await signer.sign(key, textOf(key, {}));
  });

  test('with another key of its own cannot use what was made before', async () => {
    await process[Symbol.asyncDispose]();
    const key = await keyOf('RS256');
    const keyFile = folder.file('another-key');
    const other = await startSigner({ ...sources, socket, keyFile });
    await assert.rejects(signer.sign(key, textOf(key, {})), /cannot open the key .*: not-held/);
    await other[Symbol.asyncDispose]();
    process = await start();
    await signer.sign(key, textOf(key, {}));
  });

  test('tells in its log how much it has signed, with which key', async () => {
    await using other = await temporaryFolder();
    const place = path.join(other.path, 'run', 'signer.sock');
    const tallies: unknown[] = [];
    const log = {
      ...silentLog,
      info: (fields: object) => {
        if ('signatures' in fields) tallies.push(fields.signatures);
      },
    };
    const keyFile = folder.file('signer-key');
    const key = await keyOf('ES256');
    {
      await using _running = await startSigner({ ...sources, log, socket: place, keyFile });
      await using asking = connectSigner(place, { database, log: silentLog });
      for (let number = 0; number < 5; number += 1) await asking.sign(key, textOf(key, { number }));
    }
    assert.deepEqual(tallies, [{ [key.kid]: 5 }]);
  });

  test('starts once, for its user alone', async () => {
    assert.equal((await lstat(socket)).mode & 0o777, 0o600);
    assert.equal((await lstat(path.dirname(socket))).mode & 0o777, 0o700);
    assert.equal((await lstat(folder.file('signer-key'))).mode & 0o777, 0o600);
    await assert.rejects(start(), /another signer is listening/);

    const file = path.join(folder.path, 'run', 'file');
    await writeFile(file, 'mine');
    const keyFile = folder.file('signer-key');
    await assert.rejects(startSigner({ ...sources, socket: file, keyFile }), /is no socket/);
    assert.equal(await readFile(file, 'utf8'), 'mine');

    const open = path.join(folder.path, 'open');
    await mkdir(open);
    await chmod(open, 0o755);
    const exposed = { ...sources, socket: path.join(open, 's'), keyFile };
    await assert.rejects(startSigner(exposed), SignerStartError);
    await chmod(open, 0o700);
    const shownKey = folder.file('shown-key');
    await writeFile(shownKey, await readFile(keyFile), { mode: 0o644 });
    await assert.rejects(startSigner({ ...exposed, keyFile: shownKey }), KeyEncryptionKeyError);
    await writeFile(folder.file('odd-key'), 'not a key', { mode: 0o600 });
    await assert.rejects(startSigner({ ...exposed, keyFile: folder.file('odd-key') }), KeyEncryptionKeyError);
  });
});

describe('a server that asks', () => {
  let folder: TemporaryFolder;
  let database: Database;
  before(async () => {
    folder = await temporaryFolder();
    await chmod(folder.path, 0o700);
    database = await testDatabase();
  });
  after(async () => {
    await database[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  /** Something that answers every question as it likes. */
  async function impostor(
    name: string,
    answer: (request: SignerRequest, connection: Socket) => void,
  ): Promise<AsyncDisposable & { readonly socket: string }> {
    const socket = folder.file(name);
    const connections = new Set<Socket>();
    const server = createServer((connection) => {
      connections.add(connection);
      connection.on('error', () => undefined);
      const reader = new FrameReader<SignerRequest>(signerRequest);
      connection.on('data', (chunk: Buffer) => {
        for (const request of reader.read(chunk)) answer(request, connection);
      });
    });
    server.listen(socket);
    await once(server, 'listening');
    await chmod(socket, 0o600);
    return {
      socket,
      async [Symbol.asyncDispose]() {
        for (const connection of connections) connection.destroy();
        server.close();
        await once(server, 'close');
      },
    };
  }

  test('gives out no signature that is not of the text, whoever answers', async () => {
    const tenantId = await testTenant(database);
    const own = createSigner({ ...sources, database, sealer: testSealer(database, clock) }, 1);
    await new KeyKeeper({ ...sources, database, signer: own }).begin({ tenantId, alg: 'RS256' });
    await using follower = await testFollower(database);
    const key = activeKey(await new SigningKeys(database, follower).of(tenantId), 'RS256');
    assert.ok(key);
    const ofAnother = await own.sign(key, textOf(key, { another: true }));
    await using wrong = await impostor('wrong', ({ id }, connection) =>
      connection.write(frameOf({ id, signature: ofAnother })),
    );
    await using signer = connectSigner(wrong.socket, { database, log: silentLog });
    await assert.rejects(signer.sign(key, textOf(key, {})), /signature that does not hold/);

    await using otherKind = await impostor('other-kind', ({ id }, connection) =>
      connection.write(frameOf({ id, done: true })),
    );
    await using confused = connectSigner(otherKind.socket, { database, log: silentLog });
    await assert.rejects(confused.sign(key, textOf(key, {})), /an answer to something else/);
    await assert.rejects(confused.generate(tenantId, 'RS256'), /makes no key/);
  });

  test('drops a peer that answers with anything else, or with too much', async () => {
    const odd: readonly (readonly [string, Buffer])[] = [
      ['too-long', Buffer.of(0x7f, 0xff, 0xff, 0xff)],
      ['no-json', Buffer.concat([Buffer.of(0, 0, 0, 1), Buffer.from('x')])],
      ['nobody-asked', frameOf({ id: 999, done: true })],
    ];
    for (const [name, octets] of odd) {
      await using peer = await impostor(name, (_request, connection) => connection.end(octets));
      await using signer = connectSigner(peer.socket, { database, log: silentLog });
      await assert.rejects(signer.generate(await testTenant(database), 'ES256'), isAway, name);
    }
  });

  test('trusts no socket that others could have put there', async () => {
    const file = folder.file('file');
    await writeFile(file, '');
    await using peer = await impostor('peer', ({ id }, connection) =>
      connection.write(frameOf({ id, done: true })),
    );
    const greet = async (socket: string) => {
      await using signer = connectSigner(socket, { database, log: silentLog });
      await signer.greet();
    };
    await greet(peer.socket);
    await assert.rejects(greet(file), /is no socket of a signer/);
    await assert.rejects(greet(folder.file('nothing')), /`innate signer` starts one/);
    await chmod(peer.socket, 0o666);
    await assert.rejects(greet(peer.socket), /others may write/);
    await chmod(peer.socket, 0o600);
    await chmod(folder.path, 0o777);
    await assert.rejects(greet(peer.socket), /others may write/);
    await chmod(folder.path, 0o700);
  });
});
