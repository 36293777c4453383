import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../foundation/domain-error.ts';
import { aadsts, aadstsEntry } from '../http/dialects/aadsts.ts';
import { correlationId, timestampOf, traceId } from '../http/dialects/oauth.ts';
import { requireAssignment } from '../tokens/assignment-required.ts';
import { issueCode } from '../tokens/authorization-codes.ts';
import { parseDelegatedScope } from '../tokens/delegated-scope.ts';
import { clientInfoOf, idTokenClaims } from '../tokens/id-token.ts';
import { issuerOf, type TokenVersion } from '../tokens/issuers.ts';
import { required, type TokenForm } from '../tokens/token-form.ts';
import type { Applications } from './applications.ts';
import {
  type AnswerPlace,
  type AuthorizationRequest,
  acceptsTenant,
  readAnswerPlace,
  readRequest,
} from './authorization-request.ts';
import type { BrowserSessions, SignedIn } from './browser-sessions.ts';
import type { Consent } from './consent.ts';
import { onceAsked, parseContinue } from './continue-url.ts';
import { destinationOf, sendPage } from './page.ts';
import { accountPage } from './pages.ts';
import { sendAnswer } from './redirects.ts';
import type { SignInParts } from './sign-in-parts.ts';
import type { SignInPrompt } from './sign-in-prompt.ts';

/** The authorisation endpoint (RFC 6749 §3.1, c.4): from an application's wish, by way of a person, to a code. */
export class AuthorizationEndpoint {
  readonly #parts: SignInParts;
  readonly #applications: Applications;
  readonly #sessions: BrowserSessions;
  readonly #consent: Consent;
  readonly #prompt: SignInPrompt;

  constructor(
    parts: SignInParts,
    own: {
      readonly applications: Applications;
      readonly sessions: BrowserSessions;
      readonly consent: Consent;
      readonly prompt: SignInPrompt;
    },
  ) {
    this.#parts = parts;
    this.#applications = own.applications;
    this.#sessions = own.sessions;
    this.#consent = own.consent;
    this.#prompt = own.prompt;
  }

  /**
   * Answers with a redirect, a form that sends itself, or a page that asks the person.
   *
   * @param onward the request's own path and query, to come back to
   * @throws DomainError where nobody is to be redirected: it is shown
   */
  async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    {
      version,
      claimedTenant,
      form,
      onward,
    }: {
      readonly version: TokenVersion;
      readonly claimedTenant: string;
      readonly form: TokenForm;
      readonly onward: string;
    },
  ): Promise<unknown> {
    const { tenant, client } = await this.#applications.find(claimedTenant, required(form, 'client_id'));
    const place = readAnswerPlace(form, client);
    const signedIn = await this.#sessions.current(request);
    const tenantId = tenant?.tenantId ?? signedIn?.user.tenantId;
    try {
      const wish = readRequest(form, version, place);
      const usable = signedIn !== undefined && acceptsTenant(tenant, signedIn.user.tenantId);
      if (usable && this.#fits(wish, signedIn) && !asksAgain(wish)) {
        return await this.#grant(request, reply, wish, signedIn, onward);
      }
      if (wish.prompt.has('none')) throw usable ? aadsts(16000, {}) : aadsts(50058, {});
      if (usable && wish.prompt.has('select_account') && !wish.prompt.has('login')) {
        return sendPage(reply, this.#accounts(wish, signedIn, onward));
      }
      return this.#prompt.show(request, reply, {
        onward,
        to: client.displayName,
        name: wish.loginHint ?? '',
        leadsTo: destinationOf(wish.target.uri),
      });
    } catch (error) {
      if (!(error instanceof DomainError) || isShown(error)) throw error;
      const issuer = tenantId && issuerOf(this.#parts.profile, version, tenantId);
      return this.#refuse(request, reply, { place, error, issuer });
    }
  }

  #fits({ loginHint, maxAge }: AuthorizationRequest, { user, session }: SignedIn): boolean {
    if (loginHint !== undefined && loginHint.toLowerCase() !== user.userPrincipalName.toLowerCase()) {
      return false;
    }
    return maxAge === undefined || this.#parts.clock.now() - session.signedInAt <= maxAge * 1000;
  }

  #accounts({ client }: AuthorizationRequest, { user }: SignedIn, onward: string) {
    const to = parseContinue(onward);
    return accountPage({
      to: client.displayName,
      name: user.userPrincipalName,
      displayName: user.displayName,
      onward: to === undefined ? onward : onceAsked(to),
      other: `/sign-in?continue=${encodeURIComponent(onward)}`,
    });
  }

  async #grant(
    request: FastifyRequest,
    reply: FastifyReply,
    wish: AuthorizationRequest,
    signedIn: SignedIn,
    onward: string,
  ): Promise<unknown> {
    await requireAssignment(this.#parts.directory, wish.client.principal, signedIn.user.userId);
    const asked = await this.#consent.missing(wish, signedIn.user);
    if (asked !== undefined) {
      if (wish.prompt.has('none') || asked.permissions === undefined) {
        const { clientId, displayName } = wish.client;
        if (!wish.prompt.has('none')) throw aadsts(90094, { name: displayName });
        throw aadsts(65001, { client: clientId, name: displayName });
      }
      return this.#consent.show(request, reply, {
        onward,
        application: wish.client.displayName,
        name: signedIn.user.userPrincipalName,
        permissions: asked.permissions,
        leadsTo: destinationOf(wish.target.uri),
      });
    }
    return sendAnswer(reply, wish.target, await this.#answerTo(wish, signedIn));
  }

  async #answerTo(
    wish: AuthorizationRequest,
    { user, session }: SignedIn,
  ): Promise<Readonly<Record<string, string>>> {
    const { clock, database, log, profile, randomness, tokens } = this.#parts;
    const { client, version, nonce, scope, resource, challenge, redirectKind, target, state } = wish;
    const { tenantId, userId } = user;
    const { clientId } = client;
    const { methods, signedInAt } = session;
    const at = clock.now();
    const request = {
      ...{ redirectUri: target.uri, redirectKind, scope, signedInAt, methods: [...methods] },
      ...(resource === undefined ? {} : { resource }),
      ...(nonce === undefined ? {} : { nonce }),
      ...(challenge === undefined ? {} : { challenge }),
    };
    const code = wish.code
      ? await database.transaction((transaction) =>
          issueCode(transaction, { tenantId, userId, clientId, request, at }, randomness),
        )
      : undefined;
    const { openid } = parseDelegatedScope(scope);
    const idToken = wish.idToken
      ? await tokens.issuer.signIdToken(
          tenantId,
          idTokenClaims(profile, {
            ...{ user, clientId, version, openid, nonce, methods, signedInAt, now: at },
            ...(code === undefined ? {} : { codeHash: halfDigest(code) }),
          }),
        )
      : undefined;
    log.info({ event: 'authorized', tenantId, clientId, userId }, 'a person was sent back to an application');
    return {
      ...(code === undefined ? {} : { code }),
      ...(idToken === undefined ? {} : { id_token: idToken }),
      ...(wish.clientInfo ? { client_info: clientInfoOf(user) } : {}),
      ...(state === undefined ? {} : { state }),
      session_state: session.state,
      iss: issuerOf(profile, version, tenantId),
    };
  }

  /** A refusal goes where the answer would (RFC 6749 §4.1.2.1). */
  #refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    {
      place,
      error,
      issuer,
    }: { readonly place: AnswerPlace; readonly error: DomainError; readonly issuer: string | undefined },
  ): FastifyReply {
    const { clock, log, profile } = this.#parts;
    const { code = '9002313', message } = error;
    const entry = aadstsEntry(code);
    const correlation = correlationId(request);
    log.info({ event: 'authorize-refused', code, correlationId: correlation }, message);
    return sendAnswer(reply, place.target, {
      error: entry?.suberror === 'consent_required' ? entry.suberror : (entry?.error ?? 'invalid_request'),
      error_description: `${message} Trace ID: ${traceId(request.id)} Correlation ID: ${correlation} Timestamp: ${timestampOf(clock)}`,
      error_uri: `https://${profile.login}/error?code=${code}`,
      ...(place.state === undefined ? {} : { state: place.state }),
      ...(issuer === undefined ? {} : { iss: issuer }),
    });
  }
}

function asksAgain({ prompt }: AuthorizationRequest): boolean {
  return prompt.has('login') || prompt.has('select_account');
}

/** What a person can do something about, and an application can't. */
function isShown({ code }: DomainError): boolean {
  return code === '90094' || code === '50105';
}

/** Left half of the digest (OpenID Connect Core §3.3.2.11). */
function halfDigest(text: string): string {
  return Buffer.from(hash('sha256', text, 'hex'), 'hex')
    .subarray(0, 16)
    .toString('base64url');
}
