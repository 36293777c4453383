/** Why a request did not lead to an answer that can be used. */
export type OutboundFailure =
  | 'address' // no https URL, or it leads where requests may not go
  | 'unresolvable'
  | 'connection' // refused, reset, or its certificate is not trusted
  | 'too-slow'
  | 'too-large'
  | 'redirect'
  | 'status'
  | 'content'; // of another type, packed, or not what the type says

/**
 * A request that failed. The message names host and reason for the operator's log; whoever caused the request is told
 * only that it failed, or the server would answer which hosts and ports of its network exist.
 */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly failure: OutboundFailure;

  constructor(failure: OutboundFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.failure = failure;
  }
}
