/**
 * The closed list of rules that a caller can break, in words that belong to no surface. Each surface translates the
 * kinds it can meet in one total table (`server/http/error-envelopes`); a kind a surface does not know is a bug there.
 */
export type FailureKind =
  // what was asked
  | 'malformed' // the request cannot be understood: syntax, type, size
  | 'missing-parameter'
  | 'invalid-value' // understood, and not allowed
  | 'unsupported' // method, media type, feature
  | 'too-large'
  // who asks
  | 'unauthenticated' // no credential
  | 'credential-rejected' // a credential that does not hold: expired, altered, wrong audience, unknown key
  | 'foreign-tenant' // a good token of a tenant that is not this resource's
  | 'forbidden' // authenticated, without the right
  // what it is about
  | 'not-found'
  | 'already-exists'
  | 'conflict' // state forbids it now
  | 'precondition-failed'
  // when
  | 'throttled'
  | 'unavailable';

export interface FailureDetail {
  /** The surface's own error code, where the kind alone does not determine it (`ResourceGroupNotFound`, `7000215`). */
  readonly code?: string;
  /** What the failure is about, in the surface's terms (a parameter, a resource id). Safe to show. */
  readonly target?: string;
  /** Seconds after which a retry makes sense. */
  readonly retryAfter?: number;
  /** The reason for the operator's log; never sent. */
  readonly cause?: unknown;
}

/** A broken rule. `message` is shown to the caller, so it names no secret and nothing the caller may not know. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly kind: FailureKind;
  readonly code: string | undefined;
  readonly target: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(kind: FailureKind, message: string, detail: FailureDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.kind = kind;
    this.code = detail.code;
    this.target = detail.target;
    this.retryAfter = detail.retryAfter;
  }
}

/** For the end of a switch over a union: the compiler proves that nothing is left. */
export function unreachable(value: never): never {
  throw new TypeError(`unexpected value ${JSON.stringify(value)}`);
}
