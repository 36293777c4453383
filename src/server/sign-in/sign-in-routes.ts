import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../foundation/domain-error.ts';
import type { TokenVersion } from '../tokens/issuers.ts';
import { parseTokenForm } from '../tokens/token-form.ts';
import { Applications } from './applications.ts';
import { AuthorizationEndpoint } from './authorize.ts';
import { BrowserSessions } from './browser-sessions.ts';
import { Consent } from './consent.ts';
import { registerConsent } from './consent-routes.ts';
import { registerDevicePages } from './device-routes.ts';
import { sendPage } from './page.ts';
import { messagePage } from './pages.ts';
import { registerPasswordPages } from './password-routes.ts';
import { queryOf } from './request-query.ts';
import { type Shown, showErrors } from './shown-errors.ts';
import type { SignInParts } from './sign-in-parts.ts';
import { SignInPrompt } from './sign-in-prompt.ts';
import { SignInRecords } from './sign-in-records.ts';
import { registerSignOut } from './sign-out.ts';
import { registerUpstream } from './upstream-routes.ts';

/** Characters of an authorisation request at most: it comes back in the address of pages. */
const longestRequest = 8000;

const authorizeUrls = [
  ['v1', '/:tenant/oauth2/authorize'],
  ['v2', '/:tenant/oauth2/v2.0/authorize'],
] as const;

/** Puts people's sign-in on the login surface: the authorisation endpoint, its pages, devices, signing out. */
export function registerSignIn(app: FastifyInstance, parts: SignInParts): void {
  const { database, directory, randomness, tokens } = parts;
  const shown = showErrors(parts);
  const sessions = new BrowserSessions(parts);
  const applications = new Applications({ database, directory, registered: tokens.registered });
  const consent = new Consent(parts);
  const prompt = new SignInPrompt(randomness, parts.upstream);
  const records = new SignInRecords(parts);
  const endpoint = new AuthorizationEndpoint(parts, { applications, sessions, consent, prompt });

  registerAuthorize(app, endpoint, shown);
  registerPasswordPages(app, parts, { applications, sessions, prompt, records, shown });
  registerConsent(app, parts, { applications, consent, sessions, shown });
  registerDevicePages(app, parts, { sessions, prompt, shown });
  registerUpstream(app, parts, { sessions, records, shown });
  registerSignOut(app, parts, { applications, sessions, shown });
}

function registerAuthorize(app: FastifyInstance, endpoint: AuthorizationEndpoint, shown: Shown): void {
  for (const [version, url] of authorizeUrls) {
    app.get(url, { handler: shown((request, reply) => authorize(endpoint, version, request, reply)) });
    app.post(url, {
      bodyLimit: 32 * 1024,
      handler: shown((request, reply) => redirectToQuery(version, request, reply)),
    });
  }

  // where programs without an address of their own are sent: they read it off the window
  app.get('/common/oauth2/nativeclient', async (_request, reply) =>
    sendPage(reply, messagePage('Done', 'You can close this window.')),
  );
}

async function authorize(
  endpoint: AuthorizationEndpoint,
  version: TokenVersion,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const query = queryOf(request);
  if (query.length > longestRequest) throw new DomainError('too-large', 'The request is too long.');
  return await endpoint.answer(request, reply, {
    version,
    claimedTenant: tenantOf(request),
    onward: `${pathOf(tenantOf(request), version)}?${query}`,
    form: parseTokenForm(query),
  });
}

/** A form that comes from another site brings no cookies; a step of our own makes them count again. */
async function redirectToQuery(
  version: TokenVersion,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const body = typeof request.body === 'string' ? request.body : '';
  parseTokenForm(body);
  if (body.length > longestRequest || !/^[!-~]*$/.test(body)) {
    throw new DomainError('malformed', 'The request is too long, or is not form-encoded.');
  }
  return reply
    .code(303)
    .header('Location', `${pathOf(tenantOf(request), version)}?${body}`)
    .send();
}

function tenantOf({ params }: FastifyRequest): string {
  return (params as { readonly tenant: string }).tenant;
}

function pathOf(tenant: string, version: TokenVersion): string {
  return `/${encodeURIComponent(tenant)}/oauth2${version === 'v2' ? '/v2.0' : ''}/authorize`;
}
