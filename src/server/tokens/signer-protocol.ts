import * as z from 'zod';

/**
 * What a server and a signer in a process of its own say to each other, over one unix socket: frames of a length (32
 * bits, big endian) and as many octets of JSON. Requests carry a number that their answers repeat, so that any number
 * may be under way at once.
 */

/** Octets of a frame's content at most: a token of many groups fits. */
export const maxFrame = 256 * 1024;
const lengthOctets = 4;

const id = z.int().min(1);
const tenantId = z.guid();
const kid = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);
const alg = z.enum(['RS256', 'ES256']);
const base64url = (length: number) =>
  z
    .string()
    .max(length)
    .regex(/^[A-Za-z0-9_-]+$/);
/** PEM. */
const certificate = z.string().max(8192);
const sealed = base64url(8192);

export const signerRequest = z.discriminatedUnion('op', [
  /** Who is there? */
  z.strictObject({ id, op: z.literal('hello') }),
  /** Make a key; its private half comes sealed. */
  z.strictObject({ id, op: z.literal('generate'), tenantId, alg }),
  /** Hold a key that was made before. */
  z.strictObject({ id, op: z.literal('load'), tenantId, kid, alg, certificate, sealed }),
  /** Sign header and payload of a JWS with a key that is held. */
  z.strictObject({
    ...{ id, op: z.literal('sign'), tenantId, kid },
    text: z
      .string()
      .max(200_000)
      .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/),
  }),
]);
export type SignerRequest = z.infer<typeof signerRequest>;

/** A request before it has its number. */
export type SignerQuestion = SignerRequest extends infer Request
  ? Request extends SignerRequest
    ? Omit<Request, 'id'>
    : never
  : never;

/**
 * Why nothing was done. unknown-key: not held, or no more, and to be loaded; not-held: sealed by another signer, or
 * altered; refused: no JWS of that key; failed: the signer's own log says more.
 */
export const signerFailure = z.enum(['unknown-key', 'not-held', 'refused', 'failed']);
export type SignerFailure = z.infer<typeof signerFailure>;

export const signerAnswer = z.union([
  z.strictObject({ id, error: signerFailure }),
  z.strictObject({ id, signature: base64url(1024) }),
  z.strictObject({ id, certificate, sealed }),
  z.strictObject({ id, done: z.literal(true) }),
]);
export type SignerAnswer = z.infer<typeof signerAnswer>;

/** A frame that is too long, or content that is not what was agreed on: the connection is good for nothing more. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

export function frameOf(content: SignerRequest | SignerAnswer): Buffer {
  const text = Buffer.from(JSON.stringify(content), 'utf8');
  if (text.length > maxFrame) throw new ProtocolError(`a frame of ${text.length} octets is too long`);
  const frame = Buffer.allocUnsafe(lengthOctets + text.length);
  frame.writeUInt32BE(text.length);
  text.copy(frame, lengthOctets);
  return frame;
}

/** Takes octets as they come, and gives frames when they are whole. Holds one frame and one chunk at most. */
export class FrameReader<Content> {
  readonly #schema: z.ZodType<Content>;
  #octets: Buffer = Buffer.alloc(0);

  constructor(schema: z.ZodType<Content>) {
    this.#schema = schema;
  }

  /** @throws ProtocolError */
  read(chunk: Buffer): Content[] {
    this.#octets = this.#octets.length === 0 ? chunk : Buffer.concat([this.#octets, chunk]);
    const contents: Content[] = [];
    let at = 0;
    while (this.#octets.length - at >= lengthOctets) {
      const length = this.#octets.readUInt32BE(at);
      if (length > maxFrame) throw new ProtocolError(`a frame of ${length} octets is too long`);
      const end = at + lengthOctets + length;
      if (this.#octets.length < end) break;
      contents.push(this.#parse(this.#octets.toString('utf8', at + lengthOctets, end)));
      at = end;
    }
    this.#octets = this.#octets.subarray(at);
    return contents;
  }

  #parse(text: string): Content {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new ProtocolError('a frame is not JSON');
    }
    const parsed = this.#schema.safeParse(value);
    if (!parsed.success)
      throw new ProtocolError(`a frame is not understood: ${parsed.error.issues[0]?.message}`);
    return parsed.data;
  }
}
