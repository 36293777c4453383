import { type Transport, Unreachable } from '../client/https.ts';
import { JsonReader, UnexpectedAnswer } from '../client/json-reader.ts';
import { type Clock, epochSeconds } from '../foundation/clock.ts';
import type { Randomness } from '../foundation/randomness.ts';
import type { Credential } from './credential.ts';
import { Refused, type Token } from './host-protocols/host-protocol.ts';
import { signClaims } from './jws.ts';

export interface TokenServiceDependencies {
  readonly transport: Transport;
  /** Time as the server counts it. */
  readonly serverClock: Clock;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** Where a tenant's tokens come from: the origin of the token service, and the tenant. */
export interface Authority {
  readonly loginOrigin: string;
  readonly tenantId: string;
}

/** What a token is wanted for. */
export interface Wanted {
  readonly resource: string;
  /** Whether whoever uses it understands claims challenges (`xms_cc` with `cp1`). */
  readonly understandsChallenges: boolean;
}

/** OpenID Connect Core §5.5, as clients that understand claims challenges send it. */
const capabilities = JSON.stringify({ access_token: { xms_cc: { values: ['CP1'] } } });
/** Seconds an assertion lives. */
const assertionLife = 300;
const maxDetail = 1024;

/**
 * Asks for a token as any confidential client would: `client_credentials` with an assertion signed by the identity's
 * key (RFC 7523; `spec/token-service-and-directory.md` b.2).
 *
 * @throws Refused with what the host answers: `invalid-resource`, `identity-not-found`, `throttled`, `unavailable`
 */
export async function requestToken(
  { loginOrigin, tenantId }: Authority,
  credential: Credential,
  { resource, understandsChallenges }: Wanted,
  { transport, serverClock, clock, randomness }: TokenServiceDependencies,
): Promise<Token> {
  const path = `/${tenantId}/oauth2/v2.0/token`;
  const { clientId, principalId, thumbprint, key } = credential;
  const iat = epochSeconds(serverClock);
  const assertion = await signClaims(
    key,
    { typ: 'JWT', 'x5t#S256': thumbprint },
    {
      iss: clientId,
      sub: clientId,
      // the issuer, which alone no other server can be (RFC 7523 as it is being revised)
      aud: `${loginOrigin}/${tenantId}/v2.0`,
      jti: randomness.uuid(),
      iat,
      nbf: iat,
      exp: iat + assertionLife,
    },
  );
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    scope: `${resource}/.default`,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    ...(understandsChallenges ? { claims: capabilities } : {}),
  }).toString();
  // counted from before the request, so that a token is never taken to live longer than it does
  const asked = epochSeconds(clock);
  try {
    const answer = await transport.request({
      name: new URL(loginOrigin).host,
      method: 'POST',
      path,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body,
    });
    const retryAfter = Number(answer.headers['retry-after'] ?? Number.NaN);
    if (answer.status !== 200) throw refusalOf(answer.status, answer.body, retryAfter);
    const from = JsonReader.parse(answer.body, 'the token answer');
    return {
      accessToken: from.string('access_token'),
      clientId,
      principalId,
      expiresOn: asked + Math.floor(from.number('expires_in')),
      notBefore: asked,
    };
  } catch (error) {
    if (error instanceof Unreachable || error instanceof UnexpectedAnswer) throw unavailable(error);
    throw error;
  }
}

/** Errors of the token service that speak of the resource asked for, not of who asks. */
const aboutResource = new Set(['invalid_resource', 'invalid_scope', 'invalid_target']);

function refusalOf(status: number, body: string, retryAfter: number): Refused {
  const wait = Number.isFinite(retryAfter) ? retryAfter : 1;
  if (status === 429) return new Refused({ kind: 'throttled', retryAfter: wait });
  if (status >= 500) return unavailable(new UnexpectedAnswer(`the token service answered ${status}`), wait);
  const from = JsonReader.parse(body, 'the token error');
  const error = from.string('error');
  const description = from.optionalString('error_description') ?? error;
  if (aboutResource.has(error)) {
    return new Refused({ kind: 'invalid-resource', detail: description.slice(0, maxDetail) });
  }
  // whatever else the token service holds against the identity, the program can do nothing about it
  return new Refused({ kind: 'identity-not-found' }, new UnexpectedAnswer(description.slice(0, maxDetail)));
}

function unavailable(cause: unknown, retryAfter = 1): Refused {
  return new Refused({ kind: 'unavailable', retryAfter }, cause);
}
