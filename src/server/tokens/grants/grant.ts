import type { TenantId } from '../../../foundation/ids.ts';
import type { Tenant } from '../../directory/directory-store.ts';
import type { AuthenticatedClient, PublicClient } from '../client-authentication.ts';
import type { TokenVersion } from '../issuers.ts';
import type { TokenDecision } from '../token-decision.ts';
import type { TokenForm } from '../token-form.ts';

export interface GrantQuestion<Parameters, Client> {
  readonly tenant: Tenant;
  readonly client: Client;
  readonly parameters: Parameters;
  /** The endpoint that was asked. */
  readonly version: TokenVersion;
  /** The page that asks, where a browser's program does (the `Origin` header). */
  readonly origin: string | undefined;
}

/** What both kinds of grants declare. */
export interface GrantContract<Parameters, Client> {
  /** Values of `grant_type`; the first is the one the grant is logged under. */
  readonly grantTypes: readonly [string, ...string[]];
  /**
   * Reads the grant's own parameters.
   *
   * @param version which endpoint was asked
   * @throws DomainError in the words of `aadsts.ts`
   */
  parameters(form: TokenForm, version: TokenVersion): Parameters;
  /** @throws DomainError in the words of `aadsts.ts` where there shall be no token */
  decide(question: GrantQuestion<Parameters, Client>): Promise<TokenDecision>;
}

/** A grant that only a client that has proven itself may use. */
export interface ConfidentialGrant<Parameters = unknown>
  extends GrantContract<Parameters, AuthenticatedClient> {
  readonly clientAuthentication: 'required';
}

/** A grant that clients without a credential may use as well, where they are registered as public ones. */
export interface OpenGrant<Parameters = unknown>
  extends GrantContract<Parameters, AuthenticatedClient | PublicClient> {
  readonly clientAuthentication: 'as-registered';
  /**
   * Whose tenant the code or token in the form belongs to, for requests to `organizations` and `common`;
   * `undefined` where it is none that this server gave out.
   */
  tenantOf?(form: TokenForm): Promise<TenantId | undefined>;
}

/**
 * One grant of the token endpoint. The pipeline has found the tenant and the client before it asks; the grant reads its
 * parameters and decides, and signs nothing.
 */
export type Grant = ConfidentialGrant | OpenGrant;
