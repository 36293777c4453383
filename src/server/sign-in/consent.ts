import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PermissionScope } from '../directory/application-manifest.ts';
import type { User } from '../directory/user-store.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { parseDelegatedScope } from '../tokens/delegated-scope.ts';
import { missingPermissions } from '../tokens/user-answers.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { formToken } from './browser-form.ts';
import { sendPage } from './page.ts';
import { consentPage } from './pages.ts';
import type { SignInParts } from './sign-in-parts.ts';

/** What a person would have to consent to. */
export interface AskedConsent {
  readonly appId: string;
  /** `undefined` where only an administrator can. */
  readonly permissions: readonly PermissionScope[] | undefined;
}

/** People's consent to what applications may do in their name, at APIs that leave it to them. */
export class Consent {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /**
   * What is asked for and was not granted; `undefined` where nothing is missing.
   *
   * @throws DomainError AADSTS500011 for a resource that the tenant doesn't know
   */
  async missing(wish: AuthorizationRequest, user: User): Promise<AskedConsent | undefined> {
    const { audiences, permissions } = this.#parts.tokens;
    const { client, version, resource: named } = wish;
    const scope = parseDelegatedScope(wish.scope);
    const resourceName = named ?? scope.resource ?? `https://${this.#parts.profile.graph}`;
    const resource = await audiences.resolve(user.tenantId, resourceName);
    if (resource === undefined) {
      throw aadsts(500011, { resource: resourceName, tenant: user.tenantId });
    }
    const { tenantId, userId } = user;
    const { appId } = resource;
    const granted = await permissions.granted({ tenantId, client, userId, appId });
    const everything = scope.everything || (version === 'v1' && named !== undefined);
    const missing = missingPermissions(granted, { ...scope, everything });
    if (missing.length === 0) return undefined;
    const offered = await permissions.leftToPeople(tenantId, appId);
    if (client.principal === undefined || offered.length === 0) return { appId, permissions: undefined };
    if (everything) return { appId, permissions: offered };
    const wanted = missing.map((name) => offered.find(({ value }) => sameName(value, name)));
    return {
      appId,
      permissions: wanted.every((permission) => permission !== undefined) ? wanted : undefined,
    };
  }

  show(
    request: FastifyRequest,
    reply: FastifyReply,
    page: {
      readonly onward: string;
      readonly application: string;
      readonly name: string;
      readonly permissions: readonly PermissionScope[];
      readonly leadsTo: readonly string[];
    },
  ): FastifyReply {
    return sendPage(
      reply,
      consentPage({
        ...page,
        token: formToken(request, reply, this.#parts.randomness),
        permissions: page.permissions.map((permission) => ({
          title:
            permission.userConsentDisplayName ?? permission.adminConsentDisplayName ?? permission.value ?? '',
          description: permission.userConsentDescription ?? permission.adminConsentDescription ?? '',
        })),
      }),
    );
  }

  /** Records a person's consent to all that a request asks for. */
  async give(wish: AuthorizationRequest, user: User): Promise<void> {
    const asked = await this.missing(wish, user);
    if (asked === undefined) return;
    if (asked.permissions === undefined) throw aadsts(90094, { name: wish.client.displayName });
    const { clock, database, randomness, tokens } = this.#parts;
    const scopes = asked.permissions.flatMap(({ value }) => (value ? [value] : []));
    const { tenantId, userId } = user;
    const question = { tenantId, userId, client: wish.client, appId: asked.appId };
    await database.transaction((transaction) =>
      tokens.permissions.consent(transaction, { ...question, scopes, at: clock.now() }, randomness),
    );
  }
}

function sameName(one: string | null | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}
