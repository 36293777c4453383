import type { Tenant } from '../../directory/directory-store.ts';
import type { Principal } from '../../directory/service-principals.ts';
import type { ResolvedResource } from '../audiences.ts';
import type { ClientProof } from '../claims.ts';
import type { AuthenticatedClient } from '../client-authentication.ts';
import type { TokenVersion } from '../issuers.ts';
import type { TokenForm } from '../token-form.ts';

/** What is to be issued. */
export interface TokenDecision {
  readonly principal: Principal;
  readonly resource: ResolvedResource;
  /** The resource as the caller named it; echoed by v1. */
  readonly requested: string;
  readonly proof: ClientProof;
  readonly hostResourceId: string | undefined;
}

export interface GrantQuestion<Parameters> {
  readonly tenant: Tenant;
  readonly client: AuthenticatedClient;
  readonly parameters: Parameters;
}

/**
 * One grant type of the token endpoint. The pipeline has found the tenant and authenticated the client before it asks;
 * the grant reads its parameters and decides, and signs nothing.
 */
export interface Grant<Parameters = unknown> {
  /** Value of `grant_type`. */
  readonly grantType: string;
  /** Whether the client must prove itself. */
  readonly clientAuthentication: 'required';
  /**
   * Reads the grant's own parameters.
   *
   * @param version which endpoint was asked
   * @throws DomainError in the words of `aadsts.ts`
   */
  parameters(form: TokenForm, version: TokenVersion): Parameters;
  /** @throws DomainError in the words of `aadsts.ts` where there shall be no token */
  decide(question: GrantQuestion<Parameters>): Promise<TokenDecision>;
}
