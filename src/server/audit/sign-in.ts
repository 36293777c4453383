import type { TenantId } from '../../foundation/ids.ts';

/** Who signed in, as the sign-in log's readers tell apart. */
export type SignInKind = 'managedIdentity' | 'servicePrincipal' | 'interactiveUser' | 'nonInteractiveUser';

/** By what the client proved itself (Graph's `clientCredentialType`). */
export type SignInCredential =
  | 'none'
  | 'clientSecret'
  | 'clientAssertion'
  | 'federatedIdentityCredential'
  | 'managedIdentity'
  | 'certificate';

/** One request for a token: who asked, for what, how it ended (`spec/token-service-and-directory.md` h.6). */
export interface SignIn {
  /** GUID of the exchange: `trace_id` of the answer, and `uti` of the token in other spelling. */
  readonly signInId: string;
  readonly tenantId: TenantId;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: SignInKind;
  /** Object id of the principal or user; absent where nobody was found. */
  readonly accountId?: string;
  readonly accountName?: string;
  readonly clientId?: string;
  readonly clientName?: string;
  readonly resourceAppId?: string;
  /** The resource as the caller named it. */
  readonly resource?: string;
  readonly grant?: string;
  readonly credential: SignInCredential;
  /** What was shown: a certificate's thumbprint, a federated credential's id, a secret's key id. */
  readonly credentialId?: string;
  /** ARM id of what a managed identity stands for. */
  readonly identityResourceId?: string;
  readonly identityKind?: 'SystemAssigned' | 'UserAssigned';
  /** ARM id of the resource whose host asked. */
  readonly hostResourceId?: string;
  /** Issuer and subject of the token that a federated credential admitted. */
  readonly federated?: { readonly issuer: string; readonly subject: string };
  /** Of people: scopes of the token, and how they signed in. */
  readonly scopes?: readonly string[];
  readonly methods?: readonly string[];
  readonly correlationId: string;
  /** Network address of the caller. */
  readonly address: string;
  /** 0, or the number behind `AADSTS` with the reason in its words. */
  readonly errorCode: number;
  readonly failureReason?: string;
}
