import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { Database } from '../storage/database.ts';
import type { Sealer } from '../storage/sealed-column.ts';
import { signatureHolds } from './signature.ts';
import { accessTokenPurpose, keyPlace, type SigningKey } from './signing-keys.ts';

/** The one holder of private keys that sign tokens. Nothing else signs one, and no key leaves it. */
export interface Signer {
  /**
   * Signs with RS256 (RFC 7518 §3.3).
   *
   * @param signingInput header and payload segments, joined by a dot
   * @returns the signature, base64url
   */
  sign(key: SigningKey, signingInput: string): Promise<string>;
}

const keptKeys = 1024;

/**
 * A signer in this process. Keys are unsealed when first used, proven to belong to their certificate, and kept as
 * `KeyObject`s.
 *
 * @param parallelism processor cores this process may use: with one, signatures are made in turns of the event loop;
 *   with more, in the thread pool beside it
 */
export function createSigner(
  { database, sealer }: { readonly database: Database; readonly sealer: Sealer },
  parallelism: number,
): Signer {
  const keys = new Map<string, Promise<KeyObject>>();
  const signOctets = parallelism > 1 ? signInPool : signInTurns();

  function privateKey(key: SigningKey): Promise<KeyObject> {
    const name = `${key.tenantId}/${key.kid}`;
    const known = keys.get(name);
    if (known !== undefined) return known;
    const loading = unseal(database, sealer, key);
    loading.catch(() => keys.delete(name));
    if (keys.size >= keptKeys) keys.clear();
    keys.set(name, loading);
    return loading;
  }

  return {
    async sign(key, signingInput) {
      const secret = await privateKey(key);
      const signature = await signOctets(Buffer.from(signingInput, 'latin1'), secret);
      return signature.toString('base64url');
    },
  };
}

type SignOctets = (octets: Buffer, secret: KeyObject) => Promise<Buffer>;

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

async function unseal(database: Database, sealer: Sealer, key: SigningKey): Promise<KeyObject> {
  const { tenantId, kid } = key;
  const row = await database.read
    .selectFrom('signing_keys')
    .select('private_key_sealed')
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', accessTokenPurpose)
    .where('kid', '=', kid)
    .executeTakeFirst();
  if (row === undefined) throw new Error(`signing key ${kid} has no row`);
  const octets = Buffer.from(await sealer.open(keyPlace(tenantId, kid), row.private_key_sealed));
  try {
    const secret = createPrivateKey({ key: octets, format: 'der', type: 'pkcs8' });
    const probe = `${kid}.probe`;
    if (!signatureHolds('RS256', key.publicKey, probe, sign('sha256', Buffer.from(probe), secret))) {
      throw new Error(`signing key ${kid} is not the key of its certificate`);
    }
    return secret;
  } finally {
    octets.fill(0);
  }
}
