import { DomainError } from '../../foundation/domain-error.ts';
import type { Log } from '../../foundation/log.ts';
import type { Database } from '../storage/database.ts';
import { signatureHolds } from './signature.ts';
import type { Signer } from './signer.ts';
import type { SignerAnswer, SignerQuestion } from './signer-protocol.ts';
import { SignerSocket, SignerUnreachable } from './signer-socket.ts';
import { accessTokenPurpose, publicSide, type SigningKey } from './signing-keys.ts';

/** The signer is not the one that made the keys of this database. The message is a sentence for the operator. */
export class SignerMismatch extends Error {
  override readonly name = 'SignerMismatch';
}

/** A signer in a process of its own: this process never holds a key that signs tokens. */
export interface RemoteSigner extends Signer, AsyncDisposable {
  /**
   * Makes sure that it is there: to be called before a server serves.
   *
   * @throws SignerUnreachable
   */
  greet(): Promise<void>;
}

/**
 * The signer behind a unix socket. Private halves lie in the database, sealed under a key that only the signer has; it
 * is given them when it does not hold them yet. Each signature is checked before it is given out, so that none can be
 * another question's answer.
 *
 * @param socketPath where `innate signer` listens
 */
export function connectSigner(
  socketPath: string,
  { database, log }: { readonly database: Database; readonly log: Log },
): RemoteSigner {
  const socket = new SignerSocket(socketPath);
  let away = false;

  async function ask(question: SignerQuestion): Promise<SignerAnswer> {
    try {
      const answer = await socket.ask(question);
      if (away) log.info({ event: 'signer-back' }, 'the signer answers again');
      away = false;
      return answer;
    } catch (error) {
      if (!(error instanceof SignerUnreachable)) throw error;
      if (!away) log.error({ event: 'signer-away', err: error }, error.message);
      away = true;
      throw new DomainError('unavailable', 'A transient error has occurred. Please try again.', {
        retryAfter: 1,
        cause: error,
      });
    }
  }

  async function load(key: SigningKey): Promise<void> {
    const { tenantId, kid, alg } = key;
    const { certificate, sealed } = await selectSealed(database, key);
    const answer = await ask({ op: 'load', tenantId, kid, alg, certificate, sealed });
    if ('done' in answer) return;
    throw new SignerMismatch(
      `the signer at ${socket.path} cannot open the key ${kid}: ${failureOf(answer)}; was it made under another key file?`,
    );
  }

  return {
    holder: 'signer',

    async greet() {
      await socket.ask({ op: 'hello' });
    },

    async sign(key, text) {
      const question = { op: 'sign', tenantId: key.tenantId, kid: key.kid, text } as const;
      let answer = await ask(question);
      if ('error' in answer && answer.error === 'unknown-key') {
        await load(key);
        answer = await ask(question);
      }
      if (!('signature' in answer)) throw new Error(`the signer does not sign: ${failureOf(answer)}`);
      const { signature } = answer;
      if (!signatureHolds(key.alg, key.publicKey, text, Buffer.from(signature, 'base64url'))) {
        throw new Error(`the signer at ${socket.path} answers with a signature that does not hold`);
      }
      return signature;
    },

    async generate(tenantId, alg) {
      const answer = await ask({ op: 'generate', tenantId, alg });
      if (!('certificate' in answer)) throw new Error(`the signer makes no key: ${failureOf(answer)}`);
      const { certificate } = answer;
      const key = publicSide(tenantId, alg, certificate);
      if (key === undefined) throw new Error('the signer has made a key of another kind');
      const sealed = Buffer.from(answer.sealed, 'base64url');
      return { tenantId, kid: key.kid, alg, certificate, holder: 'signer', sealWithin: async () => sealed };
    },

    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  };
}

function failureOf(answer: SignerAnswer): string {
  return 'error' in answer ? answer.error : 'an answer to something else';
}

async function selectSealed(
  database: Database,
  { tenantId, kid }: SigningKey,
): Promise<{ readonly certificate: string; readonly sealed: string }> {
  const row = await database.read
    .selectFrom('signing_keys')
    .select(['certificate', 'private_key_sealed'])
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', accessTokenPurpose)
    .where('kid', '=', kid)
    .executeTakeFirst();
  if (row === undefined) throw new Error(`signing key ${kid} has no row`);
  return {
    certificate: row.certificate,
    sealed: Buffer.from(row.private_key_sealed).toString('base64url'),
  };
}
