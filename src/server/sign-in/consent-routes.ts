import type { FastifyInstance } from 'fastify';
import { aadsts } from '../http/dialects/aadsts.ts';
import { parseTokenForm, required } from '../tokens/token-form.ts';
import type { Applications } from './applications.ts';
import { acceptsTenant, readAnswerPlace, readRequest } from './authorization-request.ts';
import { readForm } from './browser-form.ts';
import type { BrowserSessions } from './browser-sessions.ts';
import type { Consent } from './consent.ts';
import { tenantSegmentOf } from './continue-url.ts';
import { readDestination } from './destination.ts';
import { sendAnswer } from './redirects.ts';
import type { Shown } from './shown-errors.ts';
import type { SignInParts } from './sign-in-parts.ts';

/** Takes the answer of the page that asks for consent; what is consented to is read from the request itself again. */
export function registerConsent(
  app: FastifyInstance,
  { log }: SignInParts,
  own: {
    readonly applications: Applications;
    readonly consent: Consent;
    readonly sessions: BrowserSessions;
    readonly shown: Shown;
  },
): void {
  const { applications, consent, sessions, shown } = own;

  app.post('/sign-in/consent', {
    bodyLimit: 32 * 1024,
    handler: shown(async (request, reply) => {
      const form = readForm(request);
      const { onward, next, tenant } = await readDestination(applications, form.get('continue'));
      const signedIn = await sessions.current(request);
      const segment = tenantSegmentOf(onward);
      if (signedIn === undefined || segment === undefined) {
        return reply.code(303).header('Location', onward.href).send();
      }
      const asked = parseTokenForm(onward.url.search.slice(1));
      const { client } = await applications.find(segment, required(asked, 'client_id'));
      const place = readAnswerPlace(asked, client);
      if (form.get('answer') !== 'accept') {
        const { message } = aadsts(65004, {});
        log.info({ event: 'consent-declined', userId: signedIn.user.userId }, 'a person declined');
        return sendAnswer(reply, place.target, {
          ...{ error: 'access_denied', error_description: message },
          ...(place.state === undefined ? {} : { state: place.state }),
        });
      }
      if (!acceptsTenant(tenant, signedIn.user.tenantId)) throw aadsts(50058, {});
      const version = /\/v2\.0\//i.test(onward.url.pathname) ? 'v2' : 'v1';
      await consent.give(readRequest(asked, version, place), signedIn.user);
      return reply.code(303).header('Location', next).send();
    }),
  });
}
