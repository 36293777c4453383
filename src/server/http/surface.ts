import type { IncomingHttpHeaders } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { DomainError } from '../../foundation/domain-error.ts';
import type { Log } from '../../foundation/log.ts';
import type { Randomness } from '../../foundation/randomness.ts';

export interface Envelope {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** How one surface words its failures: a total translation from `DomainError`, and the answer to a bug of ours. */
export interface Dialect {
  readonly name: string;
  envelope(error: DomainError, request: FastifyRequest): Envelope;
  /** For everything that is no `DomainError`: 500, without a word of the reason. */
  unexpected(request: FastifyRequest): Envelope;
  /** Headers that every answer of this surface carries. */
  headers(request: FastifyRequest): Readonly<Record<string, string>>;
}

export interface SurfaceOptions {
  readonly dialect: Dialect;
  readonly log: Log;
  readonly randomness: Randomness;
  /** Octets of a request body at most; 1 MiB unless told. */
  readonly bodyLimit?: number;
  /** Whether repeated slashes and a trailing one in a path mean nothing, as clients of the token service expect. */
  readonly tolerateSlashes?: boolean;
}

/** Members of JSON deeper than this are refused, before anything recursive sees them. */
const maxDepth = 32;
/** Values in one JSON text: parsing more than these would keep everybody else waiting. */
const maxValues = 10_000;
const reservedMembers = new Set(['__proto__', 'constructor', 'prototype']);

/** Media types whose bodies are read as JSON. */
export const jsonTypes = ['application/json', 'application/merge-patch+json', 'text/json'];

/**
 * A Fastify application for one surface: its error dialect, its limits, tolerant JSON (an empty body is `undefined`,
 * since Key Vault clients send `Content-Type: application/json` with nothing behind it), request ids.
 * It listens on nothing; `server/surfaces` hands it the requests for its host names.
 */
export function createSurface(options: SurfaceOptions): FastifyInstance {
  const { dialect, log, randomness } = options;
  const tolerant = options.tolerateSlashes ?? false;
  const app = Fastify({
    logger: false,
    bodyLimit: options.bodyLimit ?? 1024 * 1024,
    genReqId: () => randomness.uuid(),
    exposeHeadRoutes: false,
    routerOptions: {
      caseSensitive: false,
      maxParamLength: 2048,
      ignoreDuplicateSlashes: tolerant,
      ignoreTrailingSlash: tolerant,
    },
    frameworkErrors: (error, request, reply) => {
      const failure = new DomainError('malformed', error.message);
      void answer(reply as FastifyReply, dialect.envelope(failure, request));
    },
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(jsonTypes, { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, parseJson(text as string));
    } catch (error) {
      done(error as Error);
    }
  });

  // with `done` rather than promises: these two run for each request of every surface
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(dialect.headers(request));
    done();
  });

  // behind authentication, before any octet of the body is read
  app.addHook('preParsing', ({ headers }, _reply, payload, done) => {
    if (hasPlainBody(headers)) done(null, payload);
    else done(new DomainError('unsupported', 'The encoding of the request body is not supported.'));
  });

  app.setErrorHandler((error, request, reply) => {
    const failure = asDomainError(error);
    if (failure === undefined) {
      log.error({ surface: dialect.name, requestId: request.id, err: error }, 'request failed');
    }
    const envelope = failure ? dialect.envelope(failure, request) : dialect.unexpected(request);
    if (failure?.retryAfter !== undefined) void reply.header('Retry-After', String(failure.retryAfter));
    return answer(reply, envelope);
  });

  app.setNotFoundHandler((request, reply) => {
    const envelope = dialect.envelope(
      new DomainError('not-found', 'The requested path does not exist.'),
      request,
    );
    return answer(reply, envelope);
  });

  return app;
}

/** A body is what it looks like on the wire: one that has to be unpacked first has no bound. */
function hasPlainBody(headers: IncomingHttpHeaders): boolean {
  const content = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const transfer = (headers['transfer-encoding'] ?? 'chunked').trim().toLowerCase();
  return content === 'identity' && transfer === 'chunked';
}

function answer(reply: FastifyReply, { status, headers, body }: Envelope): FastifyReply {
  return reply
    .code(status)
    .headers(headers ?? {})
    .send(body);
}

/** What the framework refuses by itself is a caller's fault as well. */
function asDomainError(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new DomainError('too-large', 'The request body is too large.');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new DomainError('unsupported', 'The media type of the request body is not supported.');
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new DomainError('malformed', message ?? 'The request is malformed.');
  }
  return undefined;
}

/**
 * JSON of bounded depth and count, of one meaning: parsers disagree about a member that is named twice, so that is
 * refused (T6). So are members named as JavaScript names an object's own workings, since code that merges objects would
 * take them for those.
 *
 * @returns `undefined` for an empty text
 * @throws DomainError `malformed`
 */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  let depth = 0;
  let values = 1;
  /** Members, each with its one colon outside strings. */
  let written = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const c = text.charCodeAt(at);
    if (inString) {
      if (c === 0x5c) at += 1;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x2c) values += 1;
    else if (c === 0x3a) written += 1;
    else if (c === 0x7b || c === 0x5b) {
      depth += 1;
      values += 1;
      if (depth > maxDepth)
        throw new DomainError('malformed', `JSON is nested deeper than ${maxDepth} levels.`);
    } else if (c === 0x7d || c === 0x5d) depth -= 1;
    if (values > maxValues) throw new DomainError('malformed', `JSON has more than ${maxValues} values.`);
  }
  let reserved: string | undefined;
  let confusing = false;
  // the whole is shown as a member as well
  let kept = -1;
  let value: unknown;
  try {
    value = JSON.parse(text, function (this: unknown, key, member) {
      if (reservedMembers.has(key)) reserved = key;
      if (key === 'length' && isIncomparable(member)) confusing = true;
      if (!Array.isArray(this)) kept += 1;
      return member;
    });
  } catch {
    throw new DomainError('malformed', 'The request body is not valid JSON.');
  }
  if (kept !== written) {
    throw new DomainError('malformed', 'An object in the request body names a member twice.');
  }
  if (reserved !== undefined) {
    throw new DomainError('malformed', `A member of the request body may not be named '${reserved}'.`);
  }
  if (confusing) throw new DomainError('malformed', "A member 'length' of the request body is no length.");
  return value;
}

/**
 * Whether a value cannot even be compared with a number, as JSON can make one that names its own `toString`. Checks of
 * a length compare before they know what they have.
 */
export function isIncomparable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    Number(value);
    return false;
  } catch {
    return true;
  }
}
