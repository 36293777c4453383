import type { Introspection } from '../../contract/oauth2.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import type { Directory } from '../directory/directory.ts';
import type { Tenant } from '../directory/directory-store.ts';
import type { Principal } from '../directory/service-principals.ts';
import { parseTenantName } from '../directory/tenants.ts';
import { TokenRejected } from '../http/bearer.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import type { Database } from '../storage/database.ts';
import type { Audiences } from './audiences.ts';
import type { AuthenticatedClient, ClientAuthentication, PublicClient } from './client-authentication.ts';
import { readOpaque } from './opaque-token.ts';
import { endFamily, findRefreshToken } from './refresh-tokens.ts';
import { RequestBudget } from './request-budget.ts';
import { denyToken } from './revoked-tokens.ts';
import { parseTokenForm, required, type TokenForm } from './token-form.ts';
import type { AccessTokenVerifier, Inspection } from './verify.ts';

/** A request about a token, as HTTP brought it. */
export interface TokenStatusRequest {
  readonly claimedTenant: string;
  readonly body: string | undefined;
  readonly authorization: string | undefined;
  /** SHA-256 of the certificate that the connection shows, base64url. */
  readonly certificate: string | undefined;
}

export interface TokenStatusParts {
  readonly database: Database;
  readonly directory: Pick<Directory, 'tenant'>;
  readonly clients: ClientAuthentication;
  readonly verifier: Pick<AccessTokenVerifier, 'inspect' | 'identify'>;
  readonly audiences: Audiences;
  /** Whether a principal may look into every token of its tenant. */
  readonly mayIntrospect: (principal: Principal) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Requests a second of one client to each endpoint. */
const budget = { rate: 100, burst: 400 };

/**
 * Revocation (RFC 7009) and introspection (RFC 7662), behind the client authentication of the token endpoint. What a
 * client may not know or end looks to it as what does not exist.
 */
export class TokenStatus {
  readonly #parts: TokenStatusParts;
  readonly #revocations: RequestBudget;
  readonly #introspections: RequestBudget;

  constructor(parts: TokenStatusParts) {
    this.#parts = parts;
    this.#revocations = new RequestBudget(budget, parts.clock);
    this.#introspections = new RequestBudget(budget, parts.clock);
  }

  /**
   * Ends a token of the client's own: an access token alone, a refresh token with all that descend from its sign-in.
   * Resolves alike whether there was one (RFC 7009 §2.2).
   *
   * @throws DomainError in the words of `aadsts.ts`
   */
  async revoke(request: TokenStatusRequest): Promise<void> {
    const tenant = await this.#tenant(request.claimedTenant);
    const form = formOf(request);
    const client = await this.#parts.clients.identify(tenant, shown(form, request, 'revocation'));
    const clientId = clientIdOf(client);
    spend(this.#revocations, clientId);
    const token = required(form, 'token');
    const revoked =
      (await this.#revokeRefreshToken(tenant.tenantId, clientId, token)) ??
      (await this.#revokeAccessToken(tenant.tenantId, clientId, token));
    if (revoked === undefined) return;
    const { tenantId } = tenant;
    this.#parts.log.info({ audit: true, event: 'token-revoked', tenantId, clientId, ...revoked }, 'revoked');
  }

  /**
   * What a token says, to its audience and to who may look into all; to others, and for what holds no more, that it is
   * not active.
   *
   * @throws DomainError in the words of `aadsts.ts`
   */
  async introspect(request: TokenStatusRequest): Promise<Introspection> {
    const tenant = await this.#tenant(request.claimedTenant);
    const form = formOf(request);
    const { clients, audiences, mayIntrospect } = this.#parts;
    const { principal } = await clients.authenticate(tenant, shown(form, request, 'introspection'));
    spend(this.#introspections, principal.clientId);
    const found = await this.#inspect(tenant.tenantId, required(form, 'token'));
    if (found === undefined) return { active: false };
    const resource = await audiences.resolve(tenant.tenantId, found.caller.audience);
    const isAudience = resource?.appId === principal.clientId;
    if (!isAudience && !(await mayIntrospect(principal))) return { active: false };
    return present(found);
  }

  async #tenant(claimedTenant: string): Promise<Tenant> {
    const name = parseTenantName(claimedTenant);
    if (name === undefined) throw aadsts(900023, { tenant: claimedTenant });
    if (name.kind === 'alias') throw aadsts(50059, {});
    const tenant = await this.#parts.directory.tenant(name);
    if (tenant === undefined) throw aadsts(90002, { tenant: claimedTenant });
    return tenant;
  }

  async #revokeRefreshToken(tenantId: TenantId, clientId: string, text: string) {
    const opaque = readOpaque('r', text);
    if (opaque === undefined || opaque.tenantId !== tenantId) return undefined;
    return await this.#parts.database.transaction(async (transaction) => {
      const token = await findRefreshToken(transaction, opaque);
      if (token?.clientId !== clientId) return undefined;
      await endFamily(transaction, tenantId, token.familyId);
      return { kind: 'refresh-token', userId: token.userId };
    });
  }

  async #revokeAccessToken(tenantId: TenantId, clientId: string, text: string) {
    // one that is not accepted now, because its holder is disabled, must not be when that ends
    const found = await ifItHolds(this.#parts.verifier.identify(text));
    if (found?.tenantId !== tenantId || found.clientId !== clientId) return undefined;
    const { tokenId, expiresAt } = found;
    const at = this.#parts.clock.now();
    await this.#parts.database.transaction((transaction) =>
      denyToken(transaction, { tenantId, tokenId, expiresAt: expiresAt * 1000, at }),
    );
    return { kind: 'access-token', tokenId };
  }

  /** An access token of the tenant that holds now. */
  async #inspect(tenantId: TenantId, text: string): Promise<Inspection | undefined> {
    const found = await ifItHolds(this.#parts.verifier.inspect(text));
    return found?.caller.tenantId === tenantId ? found : undefined;
  }
}

async function ifItHolds<Found>(finding: Promise<Found>): Promise<Found | undefined> {
  try {
    return await finding;
  } catch (error) {
    if (error instanceof TokenRejected) return undefined;
    throw error;
  }
}

function formOf({ body }: TokenStatusRequest): TokenForm {
  if (body === undefined) throw aadsts(900144, { parameter: 'token' });
  return parseTokenForm(body);
}

function shown(form: TokenForm, { authorization, certificate }: TokenStatusRequest, grant: string) {
  return { form, authorization, certificate, grant };
}

function clientIdOf(client: AuthenticatedClient | PublicClient): string {
  return client.proof === 'none' ? client.clientId : client.principal.clientId;
}

function spend(requests: RequestBudget, clientId: string): void {
  if (!requests.take(clientId)) throw aadsts(90055, {});
}

/** RFC 7662 §2.2 with Entra's names for what it has none for (g.6). */
function present({ caller, claims }: Inspection): Introspection {
  const text = (name: string) => (typeof claims[name] === 'string' ? claims[name] : undefined);
  const username = text('upn') ?? text('preferred_username');
  const [mirid, cnf, roles] = [text('xms_mirid'), claims['cnf'], claims['roles']];
  return {
    active: true,
    client_id: caller.clientId,
    sub: text('sub') ?? caller.principalId,
    aud: caller.audience,
    iss: caller.issuer,
    exp: caller.expiresAt,
    iat: Number(claims['iat']),
    nbf: Number(claims['nbf']),
    jti: caller.tokenId,
    token_type: cnf === undefined ? 'Bearer' : 'mtls_pop',
    tid: caller.tenantId,
    oid: caller.principalId,
    ...(caller.scopes.length === 0 ? {} : { scope: caller.scopes.join(' ') }),
    ...(username === undefined ? {} : { username }),
    ...(Array.isArray(roles) ? { roles: roles.map(String) } : {}),
    ...(mirid === undefined ? {} : { xms_mirid: mirid }),
    ...(typeof cnf === 'object' && cnf !== null ? { cnf: cnf as Record<string, unknown> } : {}),
  };
}
