import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { aadsts } from '../http/dialects/aadsts.ts';
import { parseDelegatedScope } from '../tokens/delegated-scope.ts';
import { answerDeviceCode, type DeviceCode, findByUserCode, parseUserCode } from '../tokens/device-codes.ts';
import { given } from '../tokens/token-form.ts';
import { formToken, readForm } from './browser-form.ts';
import type { BrowserSessions, SignedIn } from './browser-sessions.ts';
import { clearCookie, readCookie, setCookie } from './cookies.ts';
import { admitAttempt, forgiveAttempt } from './failed-attempts.ts';
import { sendPage } from './page.ts';
import { deviceCodePage, deviceConfirmPage, messagePage } from './pages.ts';
import type { Shown } from './shown-errors.ts';
import type { SignInParts } from './sign-in-parts.ts';
import type { SignInPrompt } from './sign-in-prompt.ts';

const bodyLimit = 8192;
/** Seconds for which a browser remembers the code it was told. */
const codeKept = 900;

/** A code that waits for its person. */
interface Waiting {
  readonly userCode: string;
  readonly code: DeviceCode;
}

/**
 * The page where a person lets another device sign in as them (RFC 8628 §3.3). The code is typed, never taken from the
 * address, and the person is told who asks and from where (§5.4).
 */
export function registerDevicePages(
  app: FastifyInstance,
  parts: SignInParts,
  {
    sessions,
    prompt,
    shown,
  }: { readonly sessions: BrowserSessions; readonly prompt: SignInPrompt; readonly shown: Shown },
): void {
  const { clock, database, directory, log, randomness, tokens } = parts;

  app.get('/device', {
    handler: shown(async (request, reply) =>
      sendPage(reply, deviceCodePage({ token: formToken(request, reply, randomness) })),
    ),
  });

  app.post('/device', {
    bodyLimit,
    handler: shown(async (request, reply) => {
      const userCode = parseUserCode(given(readForm(request), 'user_code') ?? '');
      const address = { kind: 'address', address: request.ip } as const;
      const at = clock.now();
      const admitted = await database.transaction((transaction) => admitAttempt(transaction, address, at));
      if (!admitted) throw aadsts(50053, {});
      const code = userCode && (await findByUserCode(database.read, userCode, at));
      if (!userCode || !code || code.state.kind !== 'pending') {
        const error = 'That code is not right, or it is too old. Codes last 15 minutes.';
        return sendPage(reply, deviceCodePage({ token: formToken(request, reply, randomness), error }));
      }
      await database.transaction((transaction) => forgiveAttempt(transaction, address));
      setCookie(reply, 'device', userCode, codeKept);
      return reply.code(303).header('Location', '/device/confirm').send();
    }),
  });

  app.get('/device/confirm', {
    handler: shown(async (request, reply) => {
      const waiting = await waitingCode(request);
      if (waiting === undefined) return again(reply);
      const signedIn = await sessions.current(request);
      const application = await nameOf(waiting.code);
      if (signedIn === undefined || !isFor(waiting.code, signedIn)) {
        const page = { onward: '/device/confirm', to: application, name: '', leadsTo: [] };
        const problem = { error: 'This code is for people of another directory.', status: 403 };
        return prompt.show(request, reply, { ...page, ...(signedIn === undefined ? {} : problem) });
      }
      const { displayName, userPrincipalName } = signedIn.user;
      return sendPage(
        reply,
        deviceConfirmPage({
          application,
          token: formToken(request, reply, randomness),
          account: `${displayName} (${userPrincipalName})`,
          address: waiting.code.request.address,
          resource: resourceOf(waiting.code),
          other: '/sign-in?continue=%2Fdevice%2Fconfirm',
        }),
      );
    }),
  });

  app.post('/device/confirm', {
    bodyLimit,
    handler: shown(async (request, reply) => {
      const form = readForm(request);
      const waiting = await waitingCode(request);
      const signedIn = await sessions.current(request);
      if (waiting === undefined || signedIn === undefined) return again(reply);
      if (!isFor(waiting.code, signedIn)) return again(reply);
      const approved = form.get('answer') === 'approve';
      const { user, session } = signedIn;
      const { tenantId, userId } = user;
      const answered = await database.transaction((transaction) =>
        answerDeviceCode(transaction, {
          ...{ userCode: waiting.userCode, tenantId, userId, approved, at: clock.now() },
          ...{ methods: session.methods, signedInAt: session.signedInAt },
        }),
      );
      clearCookie(reply, 'device');
      if (!answered) throw aadsts(70020, {});
      const { clientId } = waiting.code;
      log.info({ event: 'device-answered', approved, tenantId, userId, clientId }, 'a device was answered');
      return sendPage(
        reply,
        approved
          ? messagePage('You are signed in', 'Go back to your device. You can close this window.')
          : messagePage('Cancelled', 'The device was not signed in. You can close this window.'),
      );
    }),
  });

  async function waitingCode(request: FastifyRequest): Promise<Waiting | undefined> {
    const userCode = parseUserCode(readCookie(request, 'device') ?? '');
    const code = userCode && (await findByUserCode(database.read, userCode, clock.now()));
    return userCode && code && code.state.kind === 'pending' ? { userCode, code } : undefined;
  }

  async function nameOf({ clientId, tenantId }: DeviceCode): Promise<string> {
    const tenant = tenantId && (await directory.tenant({ kind: 'guid', tenantId }));
    const client = await tokens.registered.find(tenant, clientId);
    if (client === undefined) throw aadsts(700016, { client: clientId, tenant: tenantId ?? 'organizations' });
    return client.displayName;
  }
}

/** Whether the code is for people of this one's tenant. */
function isFor({ tenantId }: DeviceCode, { user }: SignedIn): boolean {
  return tenantId === undefined || user.tenantId === tenantId;
}

function again(reply: FastifyReply): FastifyReply {
  return reply.code(303).header('Location', '/device').send();
}

function resourceOf({ request }: DeviceCode): string {
  return request.resource ?? parseDelegatedScope(request.scope).resource ?? 'your profile in the directory';
}
