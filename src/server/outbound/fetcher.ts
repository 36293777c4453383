import { isUtf8 } from 'node:buffer';
import { lookup } from 'node:dns/promises';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type JsonMembers, parseUniqueJson } from '../http/compact-jws.ts';
import {
  AllowedHosts,
  type Destination,
  type ResolvedAddress,
  readDestination,
  requireReachable,
} from './destination.ts';
import { OutboundError } from './outbound-error.ts';

/** Milliseconds that a request may take, name resolution included. */
const timeLimit = 5000;
/** Octets of an answer's body at most. */
const sizeLimit = 256 * 1024;
const maxHeaderOctets = 16 * 1024;
/** `application/json`, `application/jwk-set+json`, …, with or without parameters. */
const jsonType = /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i;

export interface FetchOptions {
  /** PEM: authorities to trust for this request, in place of the public ones. */
  readonly ca?: string;
}

export interface PostOptions extends FetchOptions {
  readonly contentType: string;
  readonly accept?: string;
  /** The receiver's own `Authorization` header, word for word. */
  readonly authorization?: string;
}

/** An answer to a POST; any status but a redirection. */
export interface PostAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Requests to addresses that somebody else chose. */
export interface Outbound {
  /**
   * GETs a JSON object in which no member is named twice.
   *
   * @throws OutboundError for everything but a 200 with such a body
   */
  fetchJson(url: string, options?: FetchOptions): Promise<JsonMembers>;
  /** POSTs a body. @throws OutboundError where there is no answer, or a redirection */
  post(url: string, body: string, options: PostOptions): Promise<PostAnswer>;
}

export interface OutboundParts {
  /** Hosts in private networks that requests may go to: `HOST` or `HOST:PORT`. */
  readonly allowedHosts?: readonly string[];
  readonly resolve?: (host: string) => Promise<readonly ResolvedAddress[]>;
  /** Aborts when the time of a request is over. */
  readonly deadline?: () => AbortSignal;
}

/**
 * The one way out (C8): https only, to a public address unless the administrator allows the host; a name is resolved
 * once and what was checked is what is connected to; no redirection is followed, nothing packed is taken, nothing of
 * ours is sent along.
 */
export class OutboundFetcher implements Outbound {
  readonly #allowed: AllowedHosts;
  readonly #resolve: (host: string) => Promise<readonly ResolvedAddress[]>;
  readonly #deadline: () => AbortSignal;

  /** @throws RangeError for an allowed host that is none */
  constructor({ allowedHosts = [], resolve = resolveBySystem, deadline }: OutboundParts = {}) {
    this.#allowed = new AllowedHosts(allowedHosts);
    this.#resolve = resolve;
    this.#deadline = deadline ?? (() => AbortSignal.timeout(timeLimit));
  }

  async fetchJson(url: string, options: FetchOptions = {}): Promise<JsonMembers> {
    const { response, octets } = await this.#exchange('GET', url, undefined, options, {
      accept: 'application/json',
    });
    if (response.statusCode !== 200) {
      throw new OutboundError('status', `'${hostOf(url)}' answered ${response.statusCode}`);
    }
    if (!jsonType.test(response.headers['content-type'] ?? '')) {
      throw new OutboundError('content', `'${hostOf(url)}' answered something that is not JSON`);
    }
    const members = isUtf8(octets) ? parseUniqueJson(octets.toString('utf8')) : undefined;
    if (members === undefined) {
      throw new OutboundError('content', `'${hostOf(url)}' answered no JSON object of one meaning`);
    }
    return members;
  }

  async post(url: string, body: string, options: PostOptions): Promise<PostAnswer> {
    const { contentType, accept, authorization } = options;
    const { response, octets } = await this.#exchange('POST', url, Buffer.from(body, 'utf8'), options, {
      'content-type': contentType,
      accept: accept ?? '*/*',
      ...(authorization === undefined ? {} : { authorization }),
    });
    return {
      status: response.statusCode ?? 0,
      contentType: response.headers['content-type'] ?? '',
      text: octets.toString('utf8'),
    };
  }

  async #exchange(
    method: 'GET' | 'POST',
    url: string,
    body: Buffer | undefined,
    { ca }: FetchOptions,
    headers: OutgoingHttpHeaders,
  ): Promise<{ readonly response: IncomingMessage; readonly octets: Buffer }> {
    const destination = readDestination(url, this.#allowed);
    const signal = this.#deadline();
    try {
      const addresses = await until(signal, this.#addressesOf(destination));
      const response = await send(destination, addresses, { method, body, headers, ca, signal });
      return { response, octets: await readBody(response, destination) };
    } catch (error) {
      if (error instanceof OutboundError) throw error;
      if (signal.aborted) {
        throw new OutboundError('too-slow', `'${destination.host}' took too long to answer`, error);
      }
      const { code = 'no code' } = error as NodeJS.ErrnoException;
      throw new OutboundError(
        'connection',
        `the connection to '${destination.host}' failed (${code})`,
        error,
      );
    }
  }

  async #addressesOf(destination: Destination): Promise<readonly ResolvedAddress[]> {
    const { host } = destination;
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family: family === 4 ? 4 : 6 }];
    let addresses: readonly ResolvedAddress[];
    try {
      addresses = await this.#resolve(host);
    } catch (error) {
      throw new OutboundError('unresolvable', `'${host}' has no address`, error);
    }
    if (addresses.length === 0) throw new OutboundError('unresolvable', `'${host}' has no address`);
    requireReachable(
      destination,
      addresses.map(({ address }) => address),
    );
    return addresses;
  }
}

interface Message {
  readonly method: 'GET' | 'POST';
  readonly body: Buffer | undefined;
  readonly headers: OutgoingHttpHeaders;
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

/** Sends over a connection of its own, to the addresses that were checked. */
function send(
  { url, host, port }: Destination,
  addresses: readonly ResolvedAddress[],
  { method, body, headers, ca, signal }: Message,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      host,
      port,
      path: `${url.pathname}${url.search}`,
      method,
      headers: {
        ...headers,
        host: url.host,
        'accept-encoding': 'identity',
        'user-agent': 'innate',
        ...(body === undefined ? {} : { 'content-length': body.length }),
      },
      agent: false,
      lookup: answering(addresses),
      servername: isIP(host) === 0 ? host : '',
      minVersion: 'TLSv1.2',
      maxHeaderSize: maxHeaderOctets,
      signal,
      ...(ca === undefined ? {} : { ca }),
    });
    request.once('response', resolve);
    request.once('error', reject);
    request.end(body);
  });
}

/** In the place of name resolution: what was resolved and checked, and nothing else. */
function answering(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses;
    if (first === undefined) done(new Error('no address'), '', 4);
    else if (all === true) done(null, [...addresses]);
    else done(null, first.address, first.family);
  };
}

async function readBody(response: IncomingMessage, { host }: Destination): Promise<Buffer> {
  const status = response.statusCode ?? 0;
  const refuse = (failure: 'redirect' | 'content' | 'too-large', what: string) => {
    response.destroy();
    return new OutboundError(failure, `'${host}' answered ${what}`);
  };
  if (status >= 300 && status < 400) throw refuse('redirect', 'with a redirection, which is not followed');
  const encoding = response.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw refuse('content', 'a packed body');
  const chunks: Buffer[] = [];
  let size = 0;
  if (Number(response.headers['content-length'] ?? 0) > sizeLimit) throw refuse('too-large', 'too much');
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > sizeLimit) throw refuse('too-large', 'too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The result, or the reason of the signal where that comes first. */
function until<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function resolveBySystem(host: string): Promise<readonly ResolvedAddress[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 4 ? 4 : 6 }));
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? '';
}
