import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../../foundation/clock.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Database } from '../storage/database.ts';
import type { TenantSealer } from '../storage/sealed-column.ts';
import { makeKey } from './key-making.ts';
import { signatureHolds } from './signature.ts';
import {
  accessTokenPurpose,
  type KeyHolder,
  keyPlace,
  type NewSigningKey,
  type SigningAlgorithm,
  type SigningKey,
} from './signing-keys.ts';

/** The one holder of private keys that sign tokens. Nothing else signs one, and no key leaves it in the clear. */
export interface Signer {
  readonly holder: KeyHolder;
  /**
   * Signs with the key's algorithm (RFC 7518 §3.3, §3.4).
   *
   * @param signingInput header and payload segments, joined by a dot
   * @returns the signature, base64url
   * @throws DomainError `unavailable` where the signer is another process and away
   */
  sign(key: SigningKey, signingInput: string): Promise<string>;
  /**
   * Makes a key for a tenant, off the event loop.
   *
   * @throws DomainError `unavailable` where the signer is another process and away
   */
  generate(tenantId: TenantId, alg: SigningAlgorithm): Promise<NewSigningKey>;
}

/**
 * A signer in this process. Keys are unsealed when first used, proven to belong to their certificate, and kept as
 * `KeyObject`s.
 *
 * @param parallelism processor cores this process may use: with one, signatures are made in turns of the event loop;
 *   with more, in the thread pool beside it
 */
export function createSigner(
  sources: {
    readonly database: Database;
    readonly sealer: TenantSealer;
    readonly clock: Clock;
    readonly randomness: Randomness;
  },
  parallelism: number,
): Signer {
  const { database, sealer } = sources;
  const keys = new KeyRing((key) =>
    selectSealed(database, key).then((sealed) => openSealed(sealer, key, sealed)),
  );
  const signText = signingWith(parallelism);
  return {
    holder: 'server',

    async sign(key, signingInput) {
      return await signText(key.alg, signingInput, await keys.get(key));
    },

    async generate(tenantId, alg) {
      const { kid, certificate, privateKey } = await makeKey(alg, sources);
      return {
        ...{ tenantId, kid, alg, certificate, holder: 'server' },
        async sealWithin(transaction) {
          const octets = privateKey.export({ type: 'pkcs8', format: 'der' });
          const sealed = await sealer.within(transaction).seal(keyPlace(tenantId, kid), octets);
          octets.fill(0);
          return sealed;
        },
      };
    },
  };
}

const keptKeys = 1024;

/**
 * Private keys in memory, loaded when first asked for: one of each tenant and algorithm, so that one that has turned is
 * gone with the next signature. A load that fails is not kept.
 */
class KeyRing {
  readonly #load: (key: SigningKey) => Promise<KeyObject>;
  readonly #keys = new Map<string, { readonly kid: string; readonly secret: Promise<KeyObject> }>();

  constructor(load: (key: SigningKey) => Promise<KeyObject>) {
    this.#load = load;
  }

  get(key: SigningKey): Promise<KeyObject> {
    const line = `${key.tenantId}/${key.alg}`;
    const known = this.#keys.get(line);
    if (known?.kid === key.kid) return known.secret;
    const entry = { kid: key.kid, secret: this.#load(key) };
    entry.secret.catch(() => {
      if (this.#keys.get(line) === entry) this.#keys.delete(line);
    });
    if (this.#keys.size >= keptKeys) this.#keys.clear();
    this.#keys.set(line, entry);
    return entry.secret;
  }
}

/** Signs a text with a private key; the signature comes as base64url. */
export type SignText = (alg: SigningAlgorithm, text: string, secret: KeyObject) => Promise<string>;

/** @param parallelism as of `createSigner` */
export function signingWith(parallelism: number): SignText {
  const signOctets = parallelism > 1 ? signInPool : signInTurns();
  return async (alg, text, secret) => {
    const key = alg === 'RS256' ? secret : { key: secret, dsaEncoding: 'ieee-p1363' as const };
    return (await signOctets(Buffer.from(text, 'latin1'), key)).toString('base64url');
  };
}

type PrivateKey = KeyObject | { readonly key: KeyObject; readonly dsaEncoding: 'ieee-p1363' };
type SignOctets = (octets: Buffer, secret: PrivateKey) => Promise<Buffer>;

const signInThread = promisify(sign);
const signInPool: SignOctets = (octets, secret) => signInThread('sha256', octets, secret);

/** Signatures of one turn; two milliseconds in which nothing else is served. */
const perTurn = 8;

/**
 * Signs on the event loop, what is asked for during one of its rounds together: reading requests, signing and writing
 * answers each find their code and data still in the processor's caches, which saves 5 to 10 % of a token's cost.
 */
function signInTurns(): SignOctets {
  const waiting: (() => void)[] = [];
  const turn = () => {
    for (const job of waiting.splice(0, perTurn)) job();
    if (waiting.length > 0) setImmediate(turn);
  };
  return (octets, secret) =>
    new Promise((resolve, reject) => {
      const job = () => {
        try {
          resolve(sign('sha256', octets, secret));
        } catch (error) {
          reject(error);
        }
      };
      if (waiting.push(job) === 1) setImmediate(turn);
    });
}

async function selectSealed(database: Database, { tenantId, kid }: SigningKey): Promise<Uint8Array> {
  const row = await database.read
    .selectFrom('signing_keys')
    .select(['private_key_sealed', 'holder'])
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', accessTokenPurpose)
    .where('kid', '=', kid)
    .executeTakeFirst();
  if (row === undefined) throw new Error(`signing key ${kid} has no row`);
  if (row.holder !== 'server') throw new Error(`signing key ${kid} is held by a signer of its own`);
  return row.private_key_sealed;
}

async function openSealed(sealer: TenantSealer, key: SigningKey, sealed: Uint8Array): Promise<KeyObject> {
  const octets = Buffer.from(await sealer.open(keyPlace(key.tenantId, key.kid), sealed));
  try {
    return privateKeyOf(key, octets);
  } finally {
    octets.fill(0);
  }
}

/**
 * The private half, proven to belong to the certificate.
 *
 * @param octets PKCS#8 DER; the caller wipes it
 */
export function privateKeyOf(key: Omit<SigningKey, 'state'>, octets: Buffer): KeyObject {
  const secret = createPrivateKey({ key: octets, format: 'der', type: 'pkcs8' });
  const probe = `${key.kid}.probe`;
  const signature = sign('sha256', Buffer.from(probe), { key: secret, dsaEncoding: 'ieee-p1363' });
  if (!signatureHolds(key.alg, key.publicKey, probe, signature)) {
    throw new Error(`signing key ${key.kid} is not the key of its certificate`);
  }
  return secret;
}
