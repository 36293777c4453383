import type { ResourceFacts } from '../../contract/agent.ts';

/** A request line after hygiene: nothing in it has two meanings. */
export interface Target {
  /** Lower case, single slashes, no trailing slash. */
  readonly path: string;
  /** Names in lower case, each at most once; values decoded once. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** How a program names one identity of several; `echo` is the name it used. */
export interface Selector {
  readonly by: 'clientId' | 'principalId' | 'resourceId';
  readonly value: string;
  readonly echo: string;
}

/** A program's wish for a token. */
export interface Question {
  /** The audience, verbatim. */
  readonly resource: string;
  readonly selector: Selector | undefined;
  /** SHA-256 (lower-case hex) of a token that a target refused: it is not given again. */
  readonly refusedToken: string | undefined;
  /** Whether the program understands claims challenges (`xms_cc` with `cp1`). */
  readonly understandsChallenges: boolean;
}

/**
 * What every protocol takes beside its own parameters (`spec/host-protocols.md` §4): `token_sha256_to_refresh` and
 * `xms_cc`, a list of capabilities. What they say that is not known means nothing, as it does on older hosts.
 */
export function readRevocation(
  parameters: ReadonlyMap<string, string>,
): Pick<Question, 'refusedToken' | 'understandsChallenges'> {
  const digest = parameters.get('token_sha256_to_refresh')?.toLowerCase() ?? '';
  const capabilities = (parameters.get('xms_cc') ?? '').toLowerCase().split(',');
  return {
    refusedToken: /^[0-9a-f]{64}$/.test(digest) ? digest : undefined,
    understandsChallenges: capabilities.some((capability) => capability.trim() === 'cp1'),
  };
}

/** A token as hosts hand it out. Times are epoch seconds. */
export interface Token {
  readonly accessToken: string;
  readonly clientId: string;
  readonly principalId: string;
  readonly expiresOn: number;
  readonly notBefore: number;
}

/** What the host may tell about itself. */
export interface HostFacts {
  readonly tenantId: string;
  readonly resource: ResourceFacts;
}

/** Why a request is not answered with what it asks for. The list is closed; each protocol words all of it. */
export type RefusalKind =
  // the request as such
  | 'malformed-target'
  | 'duplicate-parameter'
  | 'method-not-allowed'
  | 'foreign-host' // a Host that is not this endpoint's own address
  | 'forwarded' // it came through a proxy
  | 'from-browser'
  | 'malformed-header'
  | 'unexpected-body'
  | 'not-found'
  // the question
  | 'not-admitted' // the header that proves a deliberate request is missing
  | 'missing-parameter'
  | 'unsupported-version'
  | 'invalid-parameter'
  | 'several-selectors'
  | 'identity-not-found'
  | 'identity-ambiguous'
  | 'invalid-resource'
  // the moment
  | 'throttled'
  | 'unavailable'
  | 'failed';

export interface Refusal {
  readonly kind: RefusalKind;
  /** The parameter it is about, or the token service's own words. Safe to show. */
  readonly detail?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** A refusal on its way to the program. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: Refusal;

  constructor(refusal: Refusal, cause?: unknown) {
    super(refusal.detail ?? refusal.kind, cause === undefined ? undefined : { cause });
    this.refusal = refusal;
  }
}

/** A whole answer, ready for the socket. */
export interface Answer {
  readonly status: number;
  /** Names and values in turn, `Content-Length` among them. */
  readonly headers: string[];
  readonly body: Buffer;
}

/** What a request line asks for. */
export type Reading =
  | { readonly kind: 'token'; readonly question: Question }
  | { readonly kind: 'document'; readonly render: (facts: HostFacts) => Answer }
  /** The answer is known. `open`: it is given before `admit` is asked, so that probes see it. */
  | { readonly kind: 'answer'; readonly answer: Answer; readonly open: boolean };

/**
 * How programs on one kind of host ask for tokens. An implementation is pure and declares; `agent/listener.ts` runs it:
 * hygiene of path and headers → `read` → `admit` → limits → token → `write`. Whatever goes wrong is worded by `refuse`.
 */
export interface HostProtocol {
  readonly name: string;
  /** Whether hosts of this resource type (`Microsoft.Compute/virtualMachines`, any case) speak it. */
  serves(resourceType: string): boolean;
  /** The address that clients have built in, for namespaces and real hosts where it can be had. */
  readonly listensOn: { readonly address: string; readonly port: number };
  /** What a program's environment needs to find the endpoint elsewhere, e.g. at `http://127.0.0.1:40123`. */
  environment(origin: string): Readonly<Record<string, string>>;
  /** Request headers that `admit` looks at, in lower case. Each may come once. */
  readonly admittingHeaders: readonly string[];
  /** Whether a request was meant for this endpoint; values in the order of `admittingHeaders`. */
  admit(values: readonly (string | undefined)[]): Refusal | undefined;
  read(target: Target): Reading;
  /** @param now epoch seconds */
  write(question: Question, token: Token, now: number): Answer;
  refuse(refusal: Refusal): Answer;
}

/** A JSON answer with the headers every client can take, and no CORS ones. */
export function jsonAnswer(status: number, body: string, headers: readonly string[] = []): Answer {
  return answerOf(status, 'application/json; charset=utf-8', body, headers);
}

export function answerOf(
  status: number,
  contentType: string,
  text: string,
  headers: readonly string[] = [],
): Answer {
  const body = Buffer.from(text, 'utf8');
  const length = String(body.length);
  return { status, headers: ['Content-Type', contentType, ...headers, 'Content-Length', length], body };
}
