import type { TokenAnswerV1, TokenAnswerV2 } from '../../contract/oauth2.ts';
import type { Log } from '../../foundation/log.ts';
import type { Directory } from '../directory/directory.ts';
import type { Tenant } from '../directory/directory-store.ts';
import { parseTenantName } from '../directory/tenants.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { tokenIdOf } from './claims.ts';
import type { AuthenticatedClient, ClientAuthentication } from './client-authentication.ts';
import type { Grant, TokenDecision } from './grants/grant.ts';
import type { IssuedToken, TokenIssuer } from './issue.ts';
import type { TokenVersion } from './issuers.ts';
import { parseTokenForm, required, type TokenForm } from './token-form.ts';

/** A request to the token endpoint, as HTTP brought it. */
export interface TokenRequest {
  readonly version: TokenVersion;
  /** The tenant's segment of the path, as the caller wrote it. */
  readonly claimedTenant: string;
  /** The form-encoded body; `undefined` where it was of another type or missing. */
  readonly body: string | undefined;
  readonly authorization: string | undefined;
  /** GUID of the exchange: the token's `uti`. */
  readonly traceId: string;
  readonly correlationId: string;
}

/** Seconds from which on an answer tells when to renew (c.3). */
const refreshHintFrom = 7200;

/**
 * The token endpoint, one step after the other: tenant, form, grant, client, parameters, decision, audit, signature.
 * A grant declares what it needs; none can skip a step.
 */
export class TokenEndpoint {
  readonly #directory: Pick<Directory, 'tenant'>;
  readonly #clients: ClientAuthentication;
  readonly #issuer: TokenIssuer;
  readonly #log: Log;
  readonly #grants: ReadonlyMap<string, Grant>;

  constructor(parts: {
    readonly directory: Pick<Directory, 'tenant'>;
    readonly clients: ClientAuthentication;
    readonly grants: readonly Grant[];
    readonly issuer: TokenIssuer;
    readonly log: Log;
  }) {
    this.#directory = parts.directory;
    this.#clients = parts.clients;
    this.#issuer = parts.issuer;
    this.#log = parts.log;
    this.#grants = new Map(parts.grants.map((grant) => [grant.grantType, grant]));
  }

  /** @throws DomainError in the words of `aadsts.ts` */
  async answer(request: TokenRequest): Promise<TokenAnswerV1 | TokenAnswerV2> {
    const tenant = await this.#tenant(request.claimedTenant);
    const form = this.#form(request.body);
    const grant = this.#grant(form);
    const client = await this.#client(tenant, grant, form, request);
    const parameters = grant.parameters(form, request.version);
    const decision = await grant.decide({ tenant, client, parameters });
    const tokenId = tokenIdOf(request.traceId);
    this.#audit(decision, client, grant, tokenId, request);
    const issued = await this.#issuer.issue({ ...decision, tokenId });
    return request.version === 'v1' ? answerV1(issued, decision.requested) : answerV2(issued);
  }

  async #tenant(claimedTenant: string): Promise<Tenant> {
    const name = parseTenantName(claimedTenant);
    if (name === undefined) throw aadsts(900023, { tenant: claimedTenant });
    if (name.kind === 'alias') throw aadsts(50059, {});
    const tenant = await this.#directory.tenant(name);
    if (tenant === undefined) throw aadsts(90002, { tenant: claimedTenant });
    return tenant;
  }

  #form(body: string | undefined): TokenForm {
    if (body === undefined) throw aadsts(900144, { parameter: 'grant_type' });
    return parseTokenForm(body);
  }

  #grant(form: TokenForm): Grant {
    const grantType = required(form, 'grant_type');
    const grant = this.#grants.get(grantType);
    if (grant === undefined) throw aadsts(70003, { grant: grantType });
    return grant;
  }

  async #client(
    tenant: Tenant,
    { grantType, clientAuthentication }: Grant,
    form: TokenForm,
    { authorization }: TokenRequest,
  ): Promise<AuthenticatedClient> {
    switch (clientAuthentication) {
      case 'required':
        return await this.#clients.authenticate(tenant, { form, authorization, grant: grantType });
      default:
        return clientAuthentication satisfies never;
    }
  }

  #audit(
    { principal, resource }: TokenDecision,
    client: AuthenticatedClient,
    grant: Grant,
    tokenId: string,
    request: TokenRequest,
  ): void {
    this.#log.debug(
      {
        event: 'token',
        grant: grant.grantType,
        tenantId: principal.tenantId,
        principalId: principal.principalId,
        clientId: principal.clientId,
        audience: resource.audience,
        proof: client.proof,
        credential: client.credential,
        tokenId,
        correlationId: request.correlationId,
      },
      'token granted',
    );
  }
}

function answerV2({ token, expiresIn }: IssuedToken): TokenAnswerV2 {
  return {
    token_type: 'Bearer',
    expires_in: expiresIn,
    ext_expires_in: expiresIn,
    ...(expiresIn > refreshHintFrom ? { refresh_in: Math.floor(expiresIn / 2) } : {}),
    access_token: token,
  };
}

function answerV1({ token, expiresIn, expiresAt, notBefore }: IssuedToken, resource: string): TokenAnswerV1 {
  return {
    token_type: 'Bearer',
    expires_in: String(expiresIn),
    ext_expires_in: String(expiresIn),
    expires_on: String(expiresAt),
    not_before: String(notBefore),
    resource,
    access_token: token,
  };
}
