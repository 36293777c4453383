import type { TokenAnswerV1, TokenAnswerV2, TokenType, UserTokenMembers } from '../../contract/oauth2.ts';
import { type Clock, epochSeconds } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, parseGuid } from '../../foundation/ids.ts';
import { tokenIdOf } from '../../foundation/token-id.ts';
import type { SignInLog } from '../audit/sign-in-log.ts';
import type { Directory } from '../directory/directory.ts';
import type { Tenant } from '../directory/directory-store.ts';
import { parseTenantName } from '../directory/tenants.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { wantedBinding } from './bound-tokens.ts';
import { accountOf } from './claims.ts';
import { readClaimsRequest } from './claims-request.ts';
import type { AuthenticatedClient, ClientAuthentication, PublicClient } from './client-authentication.ts';
import { markFederation } from './federated-assertion.ts';
import type { Grant, GrantContract } from './grants/grant.ts';
import type { IssuedToken, TokenIssuer } from './issue.ts';
import type { TokenVersion } from './issuers.ts';
import {
  grantedSignIn,
  refusedSignIn,
  replayed,
  type SignInCircumstances,
  spentBy,
} from './sign-in-record.ts';
import type { TokenDecision } from './token-decision.ts';
import { given, parseTokenForm, required, type TokenForm } from './token-form.ts';

/** A request to the token endpoint, as HTTP brought it. */
export interface TokenRequest {
  readonly version: TokenVersion;
  /** The tenant's segment of the path, as the caller wrote it. */
  readonly claimedTenant: string;
  /** The form-encoded body; `undefined` where it was of another type or missing. */
  readonly body: string | undefined;
  readonly authorization: string | undefined;
  readonly origin: string | undefined;
  /** SHA-256 of the certificate that the connection shows, base64url; only where the endpoint asks for one. */
  readonly certificate: string | undefined;
  /** Network address of the caller. */
  readonly address: string;
  /** GUID of the exchange: the token's `uti`. */
  readonly traceId: string;
  readonly correlationId: string;
}

/** How far a request came: what of it is known when it is refused. */
interface Attempt {
  tenant: Tenant | undefined;
  form?: TokenForm;
  grant?: Grant;
}

interface Admitted {
  readonly decision: TokenDecision;
  readonly client: AuthenticatedClient | PublicClient;
}

/** Seconds by which the clock of who demands a time may be ahead; less than any token lives. */
const aheadAtMost = 240;
/** Seconds from which on an answer tells when to renew (c.3). */
const refreshHintFrom = 7200;

/**
 * The token endpoint, one step after the other: tenant, form, grant, client, parameters, decision, record, signature.
 * A grant declares what it needs; none can skip a step.
 */
export class TokenEndpoint {
  readonly #directory: Pick<Directory, 'tenant' | 'client'>;
  readonly #clients: ClientAuthentication;
  readonly #issuer: TokenIssuer;
  readonly #signIns: SignInLog;
  readonly #clock: Clock;
  readonly #grants: ReadonlyMap<string, Grant>;

  constructor(parts: {
    readonly directory: Pick<Directory, 'tenant' | 'client'>;
    readonly clients: ClientAuthentication;
    readonly grants: readonly Grant[];
    readonly issuer: TokenIssuer;
    readonly signIns: SignInLog;
    readonly clock: Clock;
  }) {
    this.#directory = parts.directory;
    this.#clients = parts.clients;
    this.#issuer = parts.issuer;
    this.#signIns = parts.signIns;
    this.#clock = parts.clock;
    this.#grants = new Map(parts.grants.flatMap((grant) => grant.grantTypes.map((name) => [name, grant])));
  }

  /** @throws DomainError in the words of `aadsts.ts` */
  async answer(request: TokenRequest): Promise<TokenAnswerV1 | TokenAnswerV2> {
    const attempt: Attempt = { tenant: await this.#namedTenant(request.claimedTenant) };
    const { decision, client } = await this.#admit(attempt, request).catch((error: unknown) =>
      this.#refuse(error, attempt, request),
    );
    // the signature is made meanwhile, and goes nowhere before the record is on the disk
    const [outcome, issued, members] = await Promise.all([
      this.#signIns.record(
        grantedSignIn(decision, client, this.#circumstances(attempt, request)),
        spentBy(client),
      ),
      this.#issuer.issue(decision, tokenIdOf(request.traceId)),
      this.#alongside(decision),
    ]);
    if (outcome === 'replayed') throw replayed();
    return request.version === 'v1'
      ? { ...answerV1(issued, decision), ...members }
      : { ...answerV2(issued, decision), ...members };
  }

  async #admit(attempt: Attempt, request: TokenRequest): Promise<Admitted> {
    const form = this.#form(request.body);
    attempt.form = form;
    const grant = this.#grant(form);
    attempt.grant = grant;
    attempt.tenant ??= await this.#tenantOfGrant(grant, form);
    return await this.#decide(grant, attempt.tenant, form, request);
  }

  /** The tenant that the path names; `undefined` where it says "whichever tenant". */
  async #namedTenant(claimedTenant: string): Promise<Tenant | undefined> {
    const name = parseTenantName(claimedTenant);
    if (name === undefined) throw aadsts(900023, { tenant: claimedTenant });
    if (name.kind === 'alias') return undefined;
    const tenant = await this.#directory.tenant(name);
    if (tenant === undefined) throw aadsts(90002, { tenant: claimedTenant });
    return tenant;
  }

  /** Only what was given out for one tenant says which one is meant; clients' own tokens need its name (a.6). */
  async #tenantOfGrant(grant: Grant, form: TokenForm): Promise<Tenant> {
    const tenantId =
      grant.clientAuthentication === 'as-registered' ? await grant.tenantOf?.(form) : undefined;
    const tenant = tenantId && (await this.#directory.tenant({ kind: 'guid', tenantId }));
    if (tenant === undefined) throw aadsts(50059, {});
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

  /** The client, then what it asks for: nobody unproven has parameters looked at. */
  async #decide(grant: Grant, tenant: Tenant, form: TokenForm, request: TokenRequest): Promise<Admitted> {
    const { authorization, certificate } = request;
    const shown = { form, authorization, certificate, grant: grant.grantTypes[0] };
    switch (grant.clientAuthentication) {
      case 'required':
        return await this.#ask(grant, await this.#clients.authenticate(tenant, shown), tenant, form, request);
      case 'as-registered':
        return await this.#ask(grant, await this.#clients.identify(tenant, shown), tenant, form, request);
      default:
        return grant satisfies never;
    }
  }

  /** The grant's decision, with what the request demands of any token and the mark of how its client was let in. */
  async #ask<Client extends AuthenticatedClient | PublicClient>(
    grant: GrantContract<unknown, Client>,
    client: Client,
    tenant: Tenant,
    form: TokenForm,
    { certificate, version, origin }: TokenRequest,
  ): Promise<Admitted> {
    const boundTo = wantedBinding(form, certificate);
    const parameters = grant.parameters(form, version);
    const decision = await grant.decide({ tenant, client, version, origin, parameters });
    return { decision: markFederation(this.#demanded(decision, form, boundTo), client), client };
  }

  /**
   * What the request demands of the token, whatever the grant: a binding, and a time (a claims challenge's `nbf`).
   *
   * @throws DomainError AADSTS9002313 where the token must reach a time that lies ahead
   */
  #demanded(decision: TokenDecision, form: TokenForm, boundTo: string | undefined): TokenDecision {
    const { notBefore } = readClaimsRequest(given(form, 'claims'));
    if (boundTo === undefined && notBefore === undefined) return decision;
    if ((notBefore ?? 0) > epochSeconds(this.#clock) + aheadAtMost) {
      throw aadsts(9002313, { reason: "The 'nbf' that the 'claims' parameter asks for lies in the future." });
    }
    return {
      ...decision,
      ...(boundTo === undefined ? {} : { boundTo }),
      ...(notBefore === undefined ? {} : { notBefore }),
    };
  }

  async #alongside({ subject, alongside }: TokenDecision): Promise<UserTokenMembers | undefined> {
    if (alongside === undefined) return undefined;
    const { scope, refreshToken, refreshTokenExpiresIn, idToken, clientInfo, family } = alongside;
    return {
      scope,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      ...(refreshTokenExpiresIn === undefined ? {} : { refresh_token_expires_in: refreshTokenExpiresIn }),
      ...(idToken === undefined
        ? {}
        : { id_token: await this.#issuer.signIdToken(accountOf(subject).tenantId, idToken) }),
      ...(clientInfo === undefined ? {} : { client_info: clientInfo }),
      ...(family === undefined ? {} : { foci: family }),
    };
  }

  #circumstances({ grant }: Attempt, { traceId, correlationId, address }: TokenRequest): SignInCircumstances {
    return { signInId: traceId, at: this.#clock.now(), correlationId, address, grant: grant?.grantTypes[0] };
  }

  /** Records a refusal, and throws it on: who asks without being found out leaves a row as well. */
  async #refuse(error: unknown, attempt: Attempt, request: TokenRequest): Promise<never> {
    const { tenant, form } = attempt;
    if (!(error instanceof DomainError) || tenant === undefined) throw error;
    const clientId = parseGuid<ClientId>(form?.get('client_id') ?? '');
    const client = clientId && (await this.#directory.client(tenant.tenantId, clientId));
    const resource = form && (given(form, 'scope') ?? given(form, 'resource'));
    const claimed = { clientId, principal: client?.principal, resource };
    await this.#signIns.record(refusedSignIn(tenant, error, claimed, this.#circumstances(attempt, request)));
    throw error;
  }
}

function answerV2({ token, expiresIn }: IssuedToken, decision: TokenDecision): TokenAnswerV2 {
  return {
    token_type: tokenTypeOf(decision),
    expires_in: expiresIn,
    ext_expires_in: expiresIn,
    ...(expiresIn > refreshHintFrom ? { refresh_in: Math.floor(expiresIn / 2) } : {}),
    access_token: token,
  };
}

function answerV1(
  { token, expiresIn, expiresAt, notBefore }: IssuedToken,
  decision: TokenDecision,
): TokenAnswerV1 {
  return {
    token_type: tokenTypeOf(decision),
    expires_in: String(expiresIn),
    ext_expires_in: String(expiresIn),
    expires_on: String(expiresAt),
    not_before: String(notBefore),
    resource: decision.requested,
    access_token: token,
  };
}

function tokenTypeOf({ boundTo }: TokenDecision): TokenType {
  return boundTo === undefined ? 'Bearer' : 'mtls_pop';
}
