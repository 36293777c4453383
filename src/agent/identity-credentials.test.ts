import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { TestClock } from '../../test/support/clock.ts';
import { ownIdentity, resourceId, sharedIdentity } from '../../test/support/endpoint.ts';
import { eventually } from '../../test/support/eventually.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type AgentsClient, ApiError } from '../client/agents-client.ts';
import { Unreachable } from '../client/https.ts';
import type {
  CarriedIdentity,
  CredentialsRequest,
  IdentitiesAnswer,
  IssuedCredential,
} from '../contract/agent.ts';
import { silentLog } from '../foundation/log.ts';
import { systemRandomness } from '../foundation/randomness.ts';
import { loadX509 } from '../foundation/x509.ts';
import { IdentityCredentials } from './identity-credentials.ts';
import { KeyFiles } from './key-files.ts';
import type { MachineRecord } from './machine-record.ts';

const day = 86_400_000;
const machine: MachineRecord = {
  machineId: '0b0e2c6e-4b9d-4f0c-8a53-1d3d2a6f0001',
  tenantId: '55555555-5555-4555-8555-555555555555',
  resourceId,
  loginOrigin: 'https://login.example.org',
  key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
};
const authority = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
  'sign',
  'verify',
]);

/** The agents surface as far as a machine sees it: says what it is set to, and certifies any key. */
class Surface implements AgentsClient {
  readonly clock: TestClock;
  readonly certified: KeyObject[] = [];
  /** How many credentials each request was for. */
  readonly asked: number[] = [];
  polls = 0;
  failure: Error | undefined;
  refusal: Error | undefined;
  #identities: readonly CarriedIdentity[];
  #version = 0;
  #changed = Promise.withResolvers<void>();

  constructor(clock: TestClock, identities: readonly CarriedIdentity[]) {
    this.clock = clock;
    this.#identities = identities;
  }

  say(identities: readonly CarriedIdentity[]): void {
    this.#identities = identities;
    this.#version += 1;
    this.wake();
  }

  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async enrol(): Promise<never> {
    throw new Error('nobody enrols here');
  }

  async identities(
    _id: string,
    _prove: unknown,
    options: { after?: string; signal?: AbortSignal } = {},
  ): Promise<IdentitiesAnswer> {
    this.polls += 1;
    if (options.after === `state-${this.#version}` && this.failure === undefined) {
      const aborted = new Promise<void>((resolve) =>
        options.signal?.addEventListener('abort', () => resolve()),
      );
      await Promise.race([this.#changed.promise, aborted]);
    }
    if (options.signal?.aborted) throw new Unreachable('aborted');
    if (this.failure !== undefined) throw this.failure;
    return {
      state: `state-${this.#version}`,
      identities: this.#identities,
      resource: {
        resourceId,
        type: '',
        name: '',
        location: '',
        tags: {},
        vmId: null,
        vmSize: null,
        osType: null,
      },
    };
  }

  async credentials(_id: string, { credentials }: CredentialsRequest): Promise<readonly IssuedCredential[]> {
    this.asked.push(credentials.length);
    if (this.refusal !== undefined) throw this.refusal;
    const x509 = await loadX509();
    return await Promise.all(
      credentials.map(async ({ clientId, publicKey }) => {
        const spki = Buffer.from(publicKey, 'base64');
        this.certified.push(createPublicKey({ key: spki, format: 'der', type: 'spki' }));
        const certificate = await x509.X509CertificateGenerator.create({
          subject: `CN=${clientId}`,
          issuer: 'CN=test',
          notBefore: new Date(this.clock.now()),
          notAfter: new Date(this.clock.now() + 90 * day),
          publicKey: await webcrypto.subtle.importKey(
            'spki',
            spki,
            { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
            true,
            ['verify'],
          ),
          signingKey: authority.privateKey,
          signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
        });
        const { principalId = '' } =
          this.#identities.find((identity) => identity.clientId === clientId) ?? {};
        return {
          clientId,
          principalId,
          certificate: certificate.toString('pem'),
          notBefore: this.clock.now(),
          notAfter: this.clock.now() + 90 * day,
        };
      }),
    );
  }
}

function following(surface: Surface, folder: TemporaryFolder) {
  const revoked: string[] = [];
  const { clock } = surface;
  const credentials = new IdentityCredentials(machine, {
    client: surface,
    files: new KeyFiles(folder.path, systemRandomness),
    proofs: { audience: 'https://agents.example.org', serverClock: clock, randomness: systemRandomness },
    clock,
    randomness: systemRandomness,
    log: silentLog,
    changed: (principals) => revoked.push(...principals),
  });
  return { credentials, revoked };
}

const credentialFiles = async (folder: TemporaryFolder) =>
  (await readdir(folder.file(machine.machineId)).catch(() => [])).filter((name) =>
    name.includes('credential'),
  );

describe('the credentials of a machine', () => {
  test('are fetched when an identity is first seen, and given to who waits', async () => {
    await using folder = await temporaryFolder();
    const surface = new Surface(new TestClock(), [ownIdentity, sharedIdentity]);
    const { credentials } = following(surface, folder);
    await using _following = credentials;
    credentials.start();
    await credentials.learnt;
    const [own, shared] = await Promise.all([
      credentials.credential(ownIdentity),
      credentials.credential(sharedIdentity),
    ]);
    assert.equal(own?.clientId, ownIdentity.clientId);
    assert.equal(shared?.clientId, sharedIdentity.clientId);
    assert.equal(surface.certified.length, 2);
  });

  test('are asked for in as many requests as the server takes', async () => {
    await using folder = await temporaryFolder();
    const many = Array.from({ length: 65 }, (_, index): CarriedIdentity => {
      const end = String(index).padStart(12, '0');
      return {
        ...sharedIdentity,
        clientId: `44444444-4444-4444-8444-${end}`,
        principalId: `33333333-3333-4333-8333-${end}`,
      };
    });
    const surface = new Surface(new TestClock(), many);
    const { credentials } = following(surface, folder);
    await using _following = credentials;
    credentials.start();
    await credentials.learnt;
    const last = many.at(-1) as CarriedIdentity;
    const credential = await eventually(() => credentials.credential(last));
    assert.equal(credential.clientId, last.clientId);
    assert.deepEqual(surface.asked, [64, 1]);
  });

  test('go with their identity, from memory at once and from the disk', async () => {
    await using folder = await temporaryFolder();
    const surface = new Surface(new TestClock(), [ownIdentity, sharedIdentity]);
    const { credentials, revoked } = following(surface, folder);
    await using _following = credentials;
    credentials.start();
    await credentials.learnt;
    await credentials.credential(ownIdentity);
    await eventually(async () => ((await credentialFiles(folder)).length === 2 ? true : undefined));
    surface.say([sharedIdentity]);
    await eventually(() => (credentials.identities.length === 1 ? true : undefined));
    assert.deepEqual(revoked, [ownIdentity.principalId]);
    await eventually(async () => ((await credentialFiles(folder)).length === 1 ? true : undefined));
    assert.deepEqual(await credentialFiles(folder), [`${sharedIdentity.clientId}.credential.json`]);
  });

  test('stay where only the tokens of an identity are revoked', async () => {
    await using folder = await temporaryFolder();
    const surface = new Surface(new TestClock(), [ownIdentity]);
    const { credentials, revoked } = following(surface, folder);
    await using _following = credentials;
    credentials.start();
    await credentials.learnt;
    const before = await credentials.credential(ownIdentity);
    surface.say([{ ...ownIdentity, tokensValidFrom: 5 }]);
    await eventually(() => (revoked.length > 0 ? true : undefined));
    assert.deepEqual(revoked, [ownIdentity.principalId]);
    assert.equal(await credentials.credential(ownIdentity), before);
  });

  test('are renewed at half their life, give or take a tenth, with a fresh key', async () => {
    await using folder = await temporaryFolder();
    const clock = new TestClock();
    const surface = new Surface(clock, [ownIdentity]);
    const { credentials } = following(surface, folder);
    await using _following = credentials;
    credentials.start();
    await credentials.learnt;
    const first = await credentials.credential(ownIdentity);
    assert.ok(first !== undefined);
    const turn = (first.renewAt - first.notBefore) / (first.notAfter - first.notBefore);
    assert.ok(turn >= 0.4 && turn <= 0.6, String(turn));
    clock.advance(90 * day * 0.39);
    surface.say([ownIdentity]);
    await eventually(() => (surface.polls >= 3 ? true : undefined));
    assert.equal(surface.certified.length, 1);
    clock.advance(90 * day * 0.22);
    surface.say([ownIdentity]);
    await eventually(() => (surface.certified.length === 2 ? true : undefined));
    const second = await eventually(async () => {
      const credential = await credentials.credential(ownIdentity);
      return credential === first ? undefined : credential;
    });
    assert.notEqual(second.thumbprint, first.thumbprint);
    assert.ok(!surface.certified[0]?.equals(surface.certified[1] as KeyObject));
  });

  test('are found again by the next run, and fetched anew where a file was spoilt', async () => {
    await using folder = await temporaryFolder();
    const surface = new Surface(new TestClock(), [ownIdentity, sharedIdentity]);
    {
      const { credentials } = following(surface, folder);
      await using _following = credentials;
      credentials.start();
      await credentials.learnt;
      await credentials.credential(ownIdentity);
    }
    await writeFile(folder.file(`${machine.machineId}/${sharedIdentity.clientId}.credential.json`), '{"half');
    surface.failure = new Unreachable('the server is away');
    {
      const { credentials } = following(surface, folder);
      await using _following = credentials;
      await credentials.load();
      credentials.start();
      assert.deepEqual(credentials.identities, [ownIdentity, sharedIdentity]);
      assert.equal((await credentials.credential(ownIdentity))?.clientId, ownIdentity.clientId);
      assert.equal(surface.certified.length, 2);
    }
    surface.failure = undefined;
    const { credentials } = following(surface, folder);
    await using _following = credentials;
    await credentials.load();
    credentials.start();
    await credentials.learnt;
    assert.equal((await credentials.credential(sharedIdentity))?.clientId, sharedIdentity.clientId);
    assert.equal(surface.certified.length, 3);
  });

  test('stay while the server is away, and all go when it says that the machine is over', async () => {
    await using folder = await temporaryFolder();
    const surface = new Surface(new TestClock(), [ownIdentity]);
    const { credentials, revoked } = following(surface, folder);
    await using _following = credentials;
    credentials.start();
    await credentials.learnt;
    await credentials.credential(ownIdentity);
    surface.failure = new Unreachable('the server is away');
    surface.wake();
    await eventually(() => (surface.polls >= 3 ? true : undefined));
    assert.equal((await credentials.credential(ownIdentity))?.clientId, ownIdentity.clientId);
    assert.equal(credentials.ended, false);
    surface.failure = new ApiError(401, 'MachineNotFound', 'The machine is not enrolled.');
    await eventually(() => (credentials.ended ? true : undefined));
    assert.deepEqual(revoked, [ownIdentity.principalId]);
    assert.equal(await credentials.credential(ownIdentity), undefined);
    await eventually(async () => ((await readdir(folder.path)).length === 0 ? true : undefined));
  });

  test('are not asked for again and again while the server refuses them', async () => {
    await using folder = await temporaryFolder();
    const clock = new TestClock();
    const surface = new Surface(clock, [ownIdentity]);
    let asked = 0;
    const certify = surface.credentials.bind(surface);
    surface.credentials = async (...request) => {
      asked += 1;
      return await certify(...request);
    };
    surface.refusal = new ApiError(503, 'ServerTimeout', 'busy');
    const { credentials } = following(surface, folder);
    await using _following = credentials;
    credentials.start();
    await credentials.learnt;
    for (let times = 0; times < 20; times += 1) {
      assert.equal(await credentials.credential(ownIdentity), undefined);
    }
    assert.equal(asked, 1);
    surface.refusal = undefined;
    clock.advance(1000);
    assert.equal((await credentials.credential(ownIdentity))?.clientId, ownIdentity.clientId);
  });
});
