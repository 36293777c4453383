import type { FailureKind } from '../../../foundation/domain-error.ts';

/** One refusal of the token service. */
export interface AadstsEntry {
  readonly kind: FailureKind;
  /** The OAuth error code (RFC 6749 §5.2 and Entra's additions). */
  readonly error: string;
  readonly status: number;
  /** The text behind `AADSTS<code>: `; `{name}` stands for a value given with the refusal. */
  readonly text: string;
  /** Entra's finer word beside `error`, where clients act on it. */
  readonly suberror?: string;
}
