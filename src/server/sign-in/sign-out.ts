import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../foundation/domain-error.ts';
import { parseCompactJws } from '../http/compact-jws.ts';
import { given, parseTokenForm, type TokenForm } from '../tokens/token-form.ts';
import type { Applications } from './applications.ts';
import type { BrowserSessions } from './browser-sessions.ts';
import { sendPage } from './page.ts';
import { messagePage } from './pages.ts';
import { queryOf } from './request-query.ts';
import type { Shown } from './shown-errors.ts';
import type { SignInParts } from './sign-in-parts.ts';

const longestHint = 16_384;
const urls = ['/:tenant/oauth2/logout', '/:tenant/oauth2/v2.0/logout'] as const;

/**
 * Signing out (OpenID Connect RP-Initiated Logout). The browser is sent on only to an address that the application that
 * is named is registered with, octet for octet.
 */
export function registerSignOut(
  app: FastifyInstance,
  { log }: SignInParts,
  {
    applications,
    sessions,
    shown,
  }: {
    readonly applications: Applications;
    readonly sessions: BrowserSessions;
    readonly shown: Shown;
  },
): void {
  for (const url of urls) {
    app.get(url, {
      handler: shown((request, reply) => signOut(request, reply, parseTokenForm(queryOf(request)))),
    });
    app.post(url, {
      bodyLimit: 32 * 1024,
      handler: shown((request, reply) =>
        signOut(request, reply, parseTokenForm(typeof request.body === 'string' ? request.body : '')),
      ),
    });
  }

  async function signOut(request: FastifyRequest, reply: FastifyReply, form: TokenForm) {
    const { tenant } = request.params as { readonly tenant: string };
    await sessions.end(request, reply);
    log.info({ event: 'signed-out', address: request.ip }, 'a browser signed out');
    const target = await targetOf(tenant, form);
    if (target === undefined) {
      return sendPage(reply, messagePage('You are signed out', 'You can close this window.'));
    }
    const state = given(form, 'state');
    const separator = target.includes('?') ? '&' : '?';
    const location = state === undefined ? target : `${target}${separator}state=${encodeURIComponent(state)}`;
    return reply.code(302).header('Location', location).send();
  }

  /** @returns `undefined` where none is asked for, or none of the application's is */
  async function targetOf(claimedTenant: string, form: TokenForm): Promise<string | undefined> {
    const target = given(form, 'post_logout_redirect_uri');
    const clientId = given(form, 'client_id') ?? audienceOf(given(form, 'id_token_hint'));
    if (target === undefined || clientId === undefined) return undefined;
    try {
      const { client } = await applications.find(claimedTenant, clientId);
      return client.redirects.some(({ uri }) => uri === target && /^https?:/i.test(uri)) ? target : undefined;
    } catch (error) {
      if (error instanceof DomainError) return undefined;
      throw error;
    }
  }
}

/** Which application a hint is about. It proves nothing, and needs not: the address must be the application's. */
function audienceOf(hint: string | undefined): string | undefined {
  const audience = hint === undefined ? undefined : parseCompactJws(hint, longestHint)?.payload['aud'];
  return typeof audience === 'string' ? audience : undefined;
}
