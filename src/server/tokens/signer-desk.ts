import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../foundation/clock.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { KeyEncryptionKey } from '../storage/key-encryption-key.ts';
import { makeKey } from './key-making.ts';
import { privateKeyOf, type SignText, signingWith } from './signer.ts';
import type { SignerAnswer, SignerFailure, SignerRequest } from './signer-protocol.ts';
import { publicSide, type SigningAlgorithm } from './signing-keys.ts';

interface Held {
  readonly alg: SigningAlgorithm;
  readonly secret: KeyObject;
  /** Header segments that name this key; a token service uses two. */
  readonly headers: Set<string>;
}

type Asked<Op extends SignerRequest['op']> = Extract<SignerRequest, { op: Op }>;

const maxHeld = 4096;
const maxHeaders = 16;

/** Why a question is not answered as asked. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly failure: SignerFailure;

  constructor(failure: SignerFailure) {
    super(failure);
    this.failure = failure;
  }
}

/**
 * What a signer does: makes keys, holds them, signs with them. It knows no database: what it is to hold comes sealed
 * under its own key-encryption key, bound to tenant, kid and algorithm. It signs nothing but a JWS whose header names the
 * key.
 */
export class SignerDesk {
  readonly #keyEncryptionKey: KeyEncryptionKey;
  readonly #sources: { readonly clock: Clock; readonly randomness: Randomness; readonly log: Log };
  readonly #held = new Map<string, Held>();
  readonly #signText: SignText;
  #signed = new Map<string, number>();

  /** @param parallelism as of `createSigner` */
  constructor(
    keyEncryptionKey: KeyEncryptionKey,
    sources: { readonly clock: Clock; readonly randomness: Randomness; readonly log: Log },
    parallelism: number,
  ) {
    this.#keyEncryptionKey = keyEncryptionKey;
    this.#sources = sources;
    this.#signText = signingWith(parallelism);
  }

  /** Never rejects. */
  async answer(request: SignerRequest): Promise<SignerAnswer> {
    const { id, op } = request;
    try {
      switch (request.op) {
        case 'hello':
          return { id, done: true };
        case 'generate':
          return { id, ...(await this.#generate(request)) };
        case 'load':
          this.#load(request);
          return { id, done: true };
        case 'sign':
          return { id, signature: await this.#sign(request) };
      }
    } catch (error) {
      if (error instanceof Refusal) return { id, error: error.failure };
      this.#sources.log.error({ err: error, op }, 'the signer failed');
      return { id, error: 'failed' };
    }
  }

  async #generate({ tenantId, alg }: Asked<'generate'>) {
    const { kid, certificate, privateKey } = await makeKey(alg, this.#sources);
    const octets = privateKey.export({ type: 'pkcs8', format: 'der' });
    const sealed = this.#keyEncryptionKey.wrap(placeOf({ tenantId, kid, alg }), octets);
    octets.fill(0);
    this.#sources.log.info({ event: 'key-made', tenantId, kid, alg }, 'a signing key is made');
    return { certificate, sealed: Buffer.from(sealed).toString('base64url') };
  }

  #load({ tenantId, kid, alg, certificate, sealed }: Asked<'load'>): void {
    const key = publicSideOf(tenantId, alg, certificate);
    if (key?.kid !== kid) throw new Refusal('refused');
    const opened = this.#keyEncryptionKey.unwrap(
      placeOf({ tenantId, kid, alg }),
      Buffer.from(sealed, 'base64url'),
    );
    if (opened === undefined) throw new Refusal('not-held');
    const octets = Buffer.from(opened.buffer, opened.byteOffset, opened.byteLength);
    try {
      const secret = privateKeyOf(key, octets);
      if (this.#held.size >= maxHeld) this.#held.clear();
      this.#held.set(`${tenantId}/${kid}`, { alg, secret, headers: new Set() });
    } finally {
      octets.fill(0);
    }
    this.#sources.log.info({ event: 'key-held', tenantId, kid, alg }, 'a signing key is held');
  }

  async #sign({ tenantId, kid, text }: Asked<'sign'>): Promise<string> {
    const held = this.#held.get(`${tenantId}/${kid}`);
    if (held === undefined) throw new Refusal('unknown-key');
    const header = text.slice(0, text.indexOf('.'));
    if (!held.headers.has(header)) {
      if (!names(header, kid, held.alg)) throw new Refusal('refused');
      if (held.headers.size < maxHeaders) held.headers.add(header);
    }
    this.#signed.set(kid, (this.#signed.get(kid) ?? 0) + 1);
    return await this.#signText(held.alg, text, held.secret);
  }

  /** How many texts were signed since it was last asked, by kid: what is to be held against the tokens of the server. */
  takeTally(): Readonly<Record<string, number>> {
    const tally = Object.fromEntries(this.#signed);
    this.#signed = new Map();
    return tally;
  }
}

/** Whether a header is of a JWS under the key. */
function names(header: string, kid: string, alg: SigningAlgorithm): boolean {
  try {
    const members: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    if (typeof members !== 'object' || members === null) return false;
    const claimed = members as { readonly kid?: unknown; readonly alg?: unknown };
    return claimed.kid === kid && claimed.alg === alg;
  } catch {
    return false;
  }
}

/** The name under which a private half is sealed: it opens under no other. */
function placeOf(key: {
  readonly tenantId: string;
  readonly kid: string;
  readonly alg: SigningAlgorithm;
}): string {
  return `signing-key/${key.tenantId}/${key.kid}/${key.alg}`;
}

function publicSideOf(tenantId: string, alg: SigningAlgorithm, certificate: string) {
  try {
    return publicSide(tenantId as TenantId, alg, certificate);
  } catch {
    return undefined;
  }
}
