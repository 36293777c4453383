import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../foundation/domain-error.ts';
import type { Tenant } from '../directory/directory-store.ts';
import { hashPassword, setPassword } from '../directory/passwords.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import type { TokenVersion } from '../tokens/issuers.ts';
import { given, parseTokenForm, required } from '../tokens/token-form.ts';
import { Applications } from './applications.ts';
import { readAnswerPlace, readRequest } from './authorization-request.ts';
import { AuthorizationEndpoint } from './authorize.ts';
import { formToken, readForm } from './browser-form.ts';
import { BrowserSessions } from './browser-sessions.ts';
import { Consent } from './consent.ts';
import {
  type ContinueUrl,
  claimedRedirectOf,
  parseContinue,
  tenantSegmentOf,
  withoutPrompt,
} from './continue-url.ts';
import { registerDevicePages } from './device-routes.ts';
import { destinationOf, sendPage } from './page.ts';
import { messagePage, newPasswordPage } from './pages.ts';
import { PasswordSignIn } from './password-sign-in.ts';
import { sendAnswer } from './redirects.ts';
import { showErrors } from './shown-errors.ts';
import type { SignInParts } from './sign-in-parts.ts';
import { SignInPrompt } from './sign-in-prompt.ts';
import { type SignInPurpose, SignInRecords } from './sign-in-records.ts';
import { registerSignOut } from './sign-out.ts';
import { registerUpstream } from './upstream-routes.ts';

/** Octets of a form at most. */
const bodyLimit = 32 * 1024;
/** Characters of an authorisation request at most: it comes back in the address of pages. */
const longestRequest = 8000;

const authorizeUrls = [
  ['v1', '/:tenant/oauth2/authorize'],
  ['v2', '/:tenant/oauth2/v2.0/authorize'],
] as const;

/** Puts people's sign-in on the login surface: the authorisation endpoint and its pages. */
export function registerSignIn(app: FastifyInstance, parts: SignInParts): void {
  const { clock, database, directory, log, randomness, tokens } = parts;
  const shown = showErrors({ clock, log });
  const sessions = new BrowserSessions(parts);
  const applications = new Applications({ database, directory, registered: tokens.registered });
  const consent = new Consent(parts);
  const prompt = new SignInPrompt(randomness, parts.upstream);
  const passwords = new PasswordSignIn(parts);
  const records = new SignInRecords(parts);
  const endpoint = new AuthorizationEndpoint(parts, { applications, sessions, consent, prompt });

  for (const [version, url] of authorizeUrls) {
    app.get(url, { handler: shown(async (request, reply) => authorize(request, reply, version)) });
    app.post(url, { bodyLimit, handler: shown(redirectToQuery) });
  }

  async function authorize(request: FastifyRequest, reply: FastifyReply, version: TokenVersion) {
    const { tenant } = request.params as { readonly tenant: string };
    const query = queryOf(request);
    if (query.length > longestRequest) throw new DomainError('too-large', 'The request is too long.');
    const onward = `${pathOf(tenant, version)}?${query}`;
    return await endpoint.answer(request, reply, {
      ...{ version, onward, claimedTenant: tenant },
      form: parseTokenForm(query),
    });
  }

  /** A form that comes from another site brings no cookies; a step of our own makes them count again. */
  async function redirectToQuery(request: FastifyRequest, reply: FastifyReply) {
    const { tenant } = request.params as { readonly tenant: string };
    const body = typeof request.body === 'string' ? request.body : '';
    parseTokenForm(body);
    if (body.length > longestRequest || !/^[!-~]*$/.test(body)) {
      throw new DomainError('malformed', 'The request is too long, or is not form-encoded.');
    }
    const version = /\/v2\.0\//i.test(request.url) ? 'v2' : 'v1';
    return reply
      .code(303)
      .header('Location', `${pathOf(tenant, version)}?${body}`)
      .send();
  }

  /** What a step of the sign-in leads to, for its page to say. */
  async function destination(onward: ContinueUrl): Promise<Destination> {
    const segment = tenantSegmentOf(onward);
    if (segment === undefined) return { to: 'your device', tenant: undefined, purpose: {} };
    const claimed = onward.url.searchParams.get('client_id') ?? '';
    const { client, tenant } = await applications.find(segment, claimed);
    const { clientId, displayName } = client;
    return { to: displayName, tenant, purpose: { clientId, clientName: displayName } };
  }

  app.get('/sign-in', {
    handler: shown(async (request, reply) => {
      const onward = continueOf(parseTokenForm(queryOf(request)).get('continue'));
      const { to } = await destination(onward);
      const page = { onward: withoutPrompt(onward), to, name: '', leadsTo: destinationsOf(onward) };
      return prompt.show(request, reply, page);
    }),
  });

  app.post('/sign-in/password', {
    bodyLimit,
    handler: shown(async (request, reply) => {
      const form = readForm(request);
      const onward = continueOf(form.get('continue'));
      const { to, tenant, purpose } = await destination(onward);
      const name = given(form, 'name') ?? '';
      const page = { onward: onward.href, to, name, leadsTo: destinationsOf(onward) };
      try {
        const password = given(form, 'password') ?? '';
        const person = await passwords.signIn(tenant, { name, password, address: request.ip });
        if (person.mustChange) {
          return sendPage(
            reply,
            newPasswordPage({
              ...{ name, onward: onward.href, leadsTo: page.leadsTo },
              token: formToken(request, reply, randomness),
            }),
          );
        }
        await records.signedIn(request, person.user, ['pwd'], purpose);
        await sessions.start(request, reply, person.user, ['pwd']);
        const { tenantId, userId } = person.user;
        log.info({ event: 'signed-in', userId, tenantId, address: request.ip }, 'a person signed in');
        return reply.code(303).header('Location', withoutPrompt(onward)).send();
      } catch (error) {
        const problem = problemOf(error);
        if (problem.status !== 429) {
          const home = tenant ?? (await passwords.tenantOfName(name));
          await records.failed(request, home, { name, purpose }, error);
        }
        log.info({ event: 'sign-in-failed', code: problem.code, address: request.ip }, 'a sign-in failed');
        return prompt.show(request, reply, { ...page, ...problem });
      }
    }),
  });

  app.post('/sign-in/new-password', {
    bodyLimit,
    handler: shown(async (request, reply) => {
      const form = readForm(request);
      const onward = continueOf(form.get('continue'));
      const { tenant, purpose } = await destination(onward);
      const name = required(form, 'name');
      const again = (error: string) =>
        sendPage(
          reply,
          newPasswordPage({
            ...{ name, error, onward: onward.href, leadsTo: destinationsOf(onward) },
            token: formToken(request, reply, randomness),
          }),
        );
      const [password, chosen] = [given(form, 'password') ?? '', given(form, 'new_password') ?? ''];
      if (chosen !== given(form, 'again')) return again('The two new passwords are not the same.');
      if (chosen === password) return again('The new password must be another one.');
      try {
        const { user } = await passwords.signIn(tenant, { name, password, address: request.ip });
        const { tenantId, userId } = user;
        const hash = await hashPassword(chosen, randomness);
        const at = clock.now();
        await database.transaction((transaction) =>
          setPassword(transaction, { tenantId, userId, hash, mustChange: false, at }),
        );
        await records.signedIn(request, user, ['pwd'], purpose);
        await sessions.start(request, reply, { ...user, tokensValidFrom: at }, ['pwd']);
        log.info({ event: 'password-changed', userId, tenantId }, 'a person chose a password');
      } catch (error) {
        const problem = problemOf(error);
        if (problem.code !== undefined && problem.status !== 429) {
          const home = tenant ?? (await passwords.tenantOfName(name));
          await records.failed(request, home, { name, purpose }, error);
        }
        return again(problem.error);
      }
      return reply.code(303).header('Location', withoutPrompt(onward)).send();
    }),
  });

  app.post('/sign-in/consent', {
    bodyLimit,
    handler: shown(async (request, reply) => {
      const form = readForm(request);
      const onward = continueOf(form.get('continue'));
      const signedIn = await sessions.current(request);
      const segment = tenantSegmentOf(onward);
      if (signedIn === undefined || segment === undefined) {
        return reply.code(303).header('Location', onward.href).send();
      }
      const asked = parseTokenForm(onward.url.search.slice(1));
      const { client, tenant } = await applications.find(segment, required(asked, 'client_id'));
      const place = readAnswerPlace(asked, client);
      if (form.get('answer') !== 'accept') {
        const { code, message } = aadsts(65004, {});
        log.info({ event: 'consent-declined', code, userId: signedIn.user.userId }, 'a person declined');
        return sendAnswer(reply, place.target, {
          ...{ error: 'access_denied', error_description: message },
          ...(place.state === undefined ? {} : { state: place.state }),
        });
      }
      if (tenant !== undefined && tenant.tenantId !== signedIn.user.tenantId) throw aadsts(50058, {});
      const version = /\/v2\.0\//i.test(onward.url.pathname) ? 'v2' : 'v1';
      await consent.give(readRequest(asked, version, place), signedIn.user);
      return reply.code(303).header('Location', withoutPrompt(onward)).send();
    }),
  });

  // where programs without an address of their own are sent: they read it off the window
  app.get('/common/oauth2/nativeclient', async (_request, reply) =>
    sendPage(reply, messagePage('Done', 'You can close this window.')),
  );

  registerDevicePages(app, parts, { sessions, prompt, shown });
  registerUpstream(app, parts, { sessions, records, shown });
  registerSignOut(app, parts, { applications, sessions, shown });
}

/** What a step of the sign-in leads to. */
interface Destination {
  readonly to: string;
  /** Whose people are meant, where that is said. */
  readonly tenant: Tenant | undefined;
  readonly purpose: SignInPurpose;
}

function pathOf(tenant: string, version: TokenVersion): string {
  return `/${encodeURIComponent(tenant)}/oauth2${version === 'v2' ? '/v2.0' : ''}/authorize`;
}

function queryOf(request: FastifyRequest): string {
  const { url } = request;
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

function continueOf(text: string | undefined): ContinueUrl {
  const onward = parseContinue(text);
  if (onward === undefined) throw new DomainError('malformed', 'There is nothing here to go on to.');
  return onward;
}

function destinationsOf(onward: ContinueUrl): readonly string[] {
  return destinationOf(claimedRedirectOf(onward));
}

/** A refusal that the person can mend on the same page. */
function problemOf(error: unknown): { error: string; status: number; code: string | undefined } {
  if (!(error instanceof DomainError)) throw error;
  const { code, kind, message } = error;
  switch (code) {
    case '50126':
      return { code, status: 401, error: 'The user name or the password is not right.' };
    case '50053':
      return { code, status: 429, error: 'There were too many attempts. Please wait a while and try again.' };
    case '50057':
      return { code, status: 403, error: 'This account is disabled.' };
    case '90055':
      return { code, status: 429, error: 'Too many people are signing in right now. Please try again.' };
  }
  if (kind === 'invalid-value') return { code, status: 400, error: message };
  throw error;
}
