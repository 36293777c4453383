import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '../../foundation/domain-error.ts';
import { randomText } from '../../foundation/randomness.ts';
import { selectTenants, type Tenant } from '../directory/directory-store.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { digestOf } from '../tokens/opaque-token.ts';
import { parseTokenForm } from '../tokens/token-form.ts';
import type { BrowserSessions } from './browser-sessions.ts';
import { onceAsked, parseContinue } from './continue-url.ts';
import { clearCookie, readCookie, setCookie } from './cookies.ts';
import { queryOf } from './request-query.ts';
import type { Shown } from './shown-errors.ts';
import type { SignInParts } from './sign-in-parts.ts';
import type { SignInRecords } from './sign-in-records.ts';
import { personOfAccount } from './upstream-accounts.ts';
import { type UpstreamChecks, UpstreamClient } from './upstream-client.ts';

const idOctets = 32;
/** Seconds that a person may take at the provider. */
const tripTime = 900;

/**
 * Signing in by a provider elsewhere. What ties its answer to the browser is derived from a secret in a cookie, so the
 * server keeps nothing meanwhile: state, nonce and verifier are each a digest of it, the state of where to go on as well.
 */
export function registerUpstream(
  app: FastifyInstance,
  parts: SignInParts,
  {
    sessions,
    records,
    shown,
  }: {
    readonly sessions: BrowserSessions;
    readonly records: SignInRecords;
    readonly shown: Shown;
  },
): void {
  const { clock, database, directory, log, profile, randomness } = parts;
  const clients = new Map(
    parts.upstream.map((provider) => {
      const redirectUri = `https://${profile.login}/sign-in/upstream/${provider.name}/callback`;
      return [provider.name, new UpstreamClient(provider, redirectUri, clock)];
    }),
  );

  app.get('/sign-in/upstream/:name', {
    handler: shown(async (request, reply) => {
      const client = clientOf(request);
      const onward = parseContinue(parseTokenForm(queryOf(request)).get('continue'));
      if (onward === undefined) throw nothingToGoOnTo();
      const secret = randomText(randomness, idOctets);
      setCookie(reply, 'upstream', secret, tripTime);
      const checks = checksOf(client, secret, onceAsked(onward));
      const hint = onward.url.searchParams.get('login_hint') ?? '';
      const url = await client.authorizationUrl(checks, hint.slice(0, 320));
      return reply.code(302).header('Location', url).send();
    }),
  });

  app.get('/sign-in/upstream/:name/callback', {
    handler: shown(async (request, reply) => {
      const client = clientOf(request);
      const query = queryOf(request);
      const secret = readCookie(request, 'upstream');
      const [encoded = ''] = (parseTokenForm(query).get('state') ?? '').split('.');
      const onward = parseContinue(Buffer.from(encoded, 'base64url').toString('utf8'));
      if (secret === undefined || onward === undefined) throw nothingToGoOnTo();
      clearCookie(reply, 'upstream');
      const account = await client.account(query, checksOf(client, secret, onward.href));
      const { domains, createUsers, label } = client.provider;
      const { tenantId } = await tenantOf(domains);
      const at = clock.now();
      const question = { tenantId, account, domains, createUsers, at };
      const user = await database.transaction((transaction) =>
        personOfAccount(transaction, question, randomness),
      );
      if (user === undefined) {
        const { issuer, subject } = account;
        log.info({ event: 'upstream-unknown', issuer, subject }, 'an account of a provider is nobody here');
        throw new DomainError('forbidden', `Your account at ${label} is not known in this directory.`);
      }
      if (!user.enabled) throw aadsts(50057, {});
      await records.signedIn(request, user, ['fed']);
      await sessions.start(request, reply, user, ['fed']);
      const { userId } = user;
      log.info(
        { event: 'signed-in', userId, tenantId, upstream: client.provider.name },
        'a person signed in',
      );
      return reply.code(303).header('Location', onward.href).send();
    }),
  });

  function clientOf(request: FastifyRequest): UpstreamClient {
    const client = clients.get((request.params as { readonly name: string }).name);
    if (client === undefined) throw new DomainError('not-found', 'There is no such provider.');
    return client;
  }

  /** The tenant of the domains that a provider vouches for, or the only one there is. */
  async function tenantOf(domains: readonly string[]): Promise<Tenant> {
    for (const defaultDomain of domains) {
      const tenant = await directory.tenant({ kind: 'domain', defaultDomain });
      if (tenant !== undefined) return tenant;
    }
    const [first, second] = await selectTenants(database.read, 2);
    if (first === undefined || second !== undefined) {
      throw new DomainError('not-found', 'No directory here has a domain of this provider.');
    }
    return first;
  }
}

function checksOf({ provider }: UpstreamClient, secret: string, onward: string): UpstreamChecks {
  const derived = (use: string) => digestOf(`${use}|${provider.name}|${onward}|${secret}`);
  return {
    state: `${Buffer.from(onward, 'utf8').toString('base64url')}.${derived('state')}`,
    nonce: derived('nonce'),
    verifier: derived('verifier'),
  };
}

function nothingToGoOnTo(): DomainError {
  return new DomainError(
    'malformed',
    'This sign-in was not started in this browser, or too long ago. Please start again.',
  );
}
