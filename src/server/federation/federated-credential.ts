import type { ClientId, TenantId } from '../../foundation/ids.ts';
import type { ClaimsExpression } from './claims-expression.ts';
import type { IssuerKeys } from './key-set.ts';

/** Whom a credential means: the subject, letter for letter, or every one whose claims meet an expression. */
export type SubjectRule =
  | { readonly kind: 'exact'; readonly subject: string }
  | { readonly kind: 'expression'; readonly value: string; readonly expression: ClaimsExpression };

/** Trust beyond what anybody can fetch; empty for an issuer on the internet. */
export interface CredentialTrust {
  /** JWKs as they were pinned. */
  readonly keys?: readonly object[];
  /** PEM. */
  readonly certificateAuthorities?: string;
}

/** What a credential says, by the rules. */
export interface CredentialFacts {
  readonly issuer: string;
  readonly subject: SubjectRule;
  readonly audience: string;
  readonly description: string | undefined;
  readonly trust: CredentialTrust;
}

/** A federated identity credential: which tokens of another issuer open a client. */
export interface FederatedCredential extends CredentialFacts {
  /** A GUID; given to no other, even of the same name. */
  readonly credentialId: string;
  readonly tenantId: TenantId;
  /** The application or the user-assigned identity that it opens. */
  readonly clientId: ClientId;
  readonly name: string;
  /** The pinned keys, read; `undefined` where they are fetched. */
  readonly pinned: IssuerKeys | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}
