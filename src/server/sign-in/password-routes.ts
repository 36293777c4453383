import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../foundation/domain-error.ts';
import { hashPassword, setPassword } from '../directory/passwords.ts';
import { auditOwnPassword } from '../directory/people-audits.ts';
import type { User } from '../directory/user-store.ts';
import { given, parseTokenForm, required } from '../tokens/token-form.ts';
import type { Applications } from './applications.ts';
import { formToken, readForm } from './browser-form.ts';
import type { BrowserSessions } from './browser-sessions.ts';
import { type Destination, readDestination } from './destination.ts';
import { sendPage } from './page.ts';
import { newPasswordPage } from './pages.ts';
import { PasswordSignIn } from './password-sign-in.ts';
import { queryOf } from './request-query.ts';
import type { Shown } from './shown-errors.ts';
import type { SignInParts } from './sign-in-parts.ts';
import type { SignInPrompt } from './sign-in-prompt.ts';
import type { SignInRecords } from './sign-in-records.ts';

/** Octets of a form at most. */
const bodyLimit = 32 * 1024;

/** The pages that ask for a name and a password, and for a new one. */
export function registerPasswordPages(
  app: FastifyInstance,
  parts: SignInParts,
  own: {
    readonly applications: Applications;
    readonly sessions: BrowserSessions;
    readonly prompt: SignInPrompt;
    readonly records: SignInRecords;
    readonly shown: Shown;
  },
): void {
  const { clock, database, log, randomness } = parts;
  const { applications, sessions, prompt, records, shown } = own;
  const passwords = new PasswordSignIn(parts);

  app.get('/sign-in', {
    handler: shown(async (request, reply) => {
      const asked = parseTokenForm(queryOf(request)).get('continue');
      const { next, to, leadsTo } = await readDestination(applications, asked);
      return prompt.show(request, reply, { onward: next, to, leadsTo, name: '' });
    }),
  });

  app.post('/sign-in/password', {
    bodyLimit,
    handler: shown(async (request, reply) => {
      const form = readForm(request);
      const destination = await readDestination(applications, form.get('continue'));
      const { onward, to, leadsTo } = destination;
      const name = given(form, 'name') ?? '';
      try {
        const person = await passwords.signIn(destination.tenant, {
          ...{ name, password: given(form, 'password') ?? '', address: request.ip },
        });
        if (person.mustChange) return askForNewPassword(request, reply, { destination, name });
        return await enter(request, reply, { destination, user: person.user });
      } catch (error) {
        const problem = await problemOf(request, { destination, name }, error);
        return prompt.show(request, reply, { onward: onward.href, to, leadsTo, name, ...problem });
      }
    }),
  });

  app.post('/sign-in/new-password', {
    bodyLimit,
    handler: shown(async (request, reply) => {
      const form = readForm(request);
      const destination = await readDestination(applications, form.get('continue'));
      const name = required(form, 'name');
      const [password, chosen] = [given(form, 'password') ?? '', given(form, 'new_password') ?? ''];
      const again = (error: string) => askForNewPassword(request, reply, { destination, name, error });
      if (chosen !== given(form, 'again')) return again('The two new passwords are not the same.');
      if (chosen === password) return again('The new password must be another one.');
      try {
        const shownToUs = { name, password, address: request.ip };
        const { user } = await passwords.signIn(destination.tenant, shownToUs);
        return await enter(request, reply, { destination, user: await changePassword(user, chosen) });
      } catch (error) {
        return again((await problemOf(request, { destination, name }, error)).error);
      }
    }),
  });

  function askForNewPassword(
    request: FastifyRequest,
    reply: FastifyReply,
    {
      destination,
      name,
      error,
    }: { readonly destination: Destination; readonly name: string; readonly error?: string },
  ) {
    const { onward, leadsTo } = destination;
    const token = formToken(request, reply, randomness);
    return sendPage(reply, newPasswordPage({ name, error, token, leadsTo, onward: onward.href }));
  }

  /** @returns the user as it is now: nothing that was signed in before holds any more */
  async function changePassword(user: User, chosen: string): Promise<User> {
    const { tenantId, userId } = user;
    const hash = await hashPassword(chosen, randomness);
    const at = clock.now();
    await database.transaction(async (transaction) => {
      await setPassword(transaction, { tenantId, userId, hash, mustChange: false, at });
      await auditOwnPassword(transaction, { tenantId, userId, at });
    });
    log.info({ event: 'password-changed', userId, tenantId }, 'a person chose a password');
    return { ...user, tokensValidFrom: at };
  }

  async function enter(
    request: FastifyRequest,
    reply: FastifyReply,
    { destination, user }: { readonly destination: Destination; readonly user: User },
  ): Promise<unknown> {
    const { userId, tenantId } = user;
    await records.signedIn(request, user, ['pwd'], destination.purpose);
    await sessions.start(request, reply, user, ['pwd']);
    log.info({ event: 'signed-in', userId, tenantId, address: request.ip }, 'a person signed in');
    return reply.code(303).header('Location', destination.next).send();
  }

  /** What to say on the same page. @throws the error where the person can't mend it there */
  async function problemOf(
    request: FastifyRequest,
    { destination, name }: { readonly destination: Destination; readonly name: string },
    error: unknown,
  ): Promise<Problem> {
    const problem = mendable(error);
    if (problem === undefined) throw error;
    const { code } = error as DomainError;
    log.info({ event: 'sign-in-failed', code, address: request.ip }, 'a sign-in failed');
    if (code !== undefined && problem.status !== 429) {
      const tenant = destination.tenant ?? (await passwords.tenantOfName(name));
      await records.failed(request, tenant, { name, purpose: destination.purpose }, error);
    }
    return problem;
  }
}

interface Problem {
  readonly error: string;
  readonly status: number;
}

function mendable(error: unknown): Problem | undefined {
  if (!(error instanceof DomainError)) return undefined;
  switch (error.code) {
    case '50126':
      return { status: 401, error: 'The user name or the password is not right.' };
    case '50053':
      return { status: 429, error: 'There were too many attempts. Please wait a while and try again.' };
    case '50057':
      return { status: 403, error: 'This account is disabled.' };
    case '90055':
      return { status: 429, error: 'Too many people are signing in right now. Please try again.' };
  }
  return error.kind === 'invalid-value' ? { status: 400, error: error.message } : undefined;
}
