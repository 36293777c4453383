import { DomainError, type FailureKind } from '../../foundation/domain-error.ts';

/** The rule of federated credentials that a write breaks; each surface words it. */
export type CredentialRule =
  | 'empty' // issuer, or subject and expression, or audience missing
  | 'name'
  | 'issuer'
  | 'subject'
  | 'audience-count'
  | 'audience'
  | 'expression'
  | 'description'
  | 'trust'
  | 'duplicate' // issuer and subject are another credential's of the same client
  | 'name-taken'
  | 'too-many'
  | 'no-parent'; // the client does not exist, or cannot have any

const kinds: Readonly<Partial<Record<CredentialRule, FailureKind>>> = {
  'name-taken': 'already-exists',
  'no-parent': 'not-found',
};

/** A federated credential that cannot be. The message is shown. */
export class CredentialError extends DomainError {
  readonly rule: CredentialRule;

  constructor(rule: CredentialRule, message: string) {
    super(kinds[rule] ?? 'invalid-value', message, { target: rule });
    this.rule = rule;
  }
}
