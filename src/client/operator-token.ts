import type { Clock } from '../foundation/clock.ts';
import { ApiError } from './agents-client.ts';
import type { Transport } from './https.ts';
import { JsonReader, UnexpectedAnswer } from './json-reader.ts';

export interface OperatorTokenOptions {
  readonly transport: Transport;
  /** Host name of the login surface. */
  readonly login: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clock: Clock;
}

/** Gives a bearer token for a resource such as `https://management.azure.com`. */
export type TokenFor = (resource: string) => Promise<string>;

/** Milliseconds before its expiry from which a token is not used any more. */
const spare = 5 * 60_000;

/**
 * Tokens of an application with a secret (RFC 6749 §4.4), kept while they last. The call throws `Unreachable`,
 * `ApiError` or `UnexpectedAnswer`.
 */
export function clientTokens(options: OperatorTokenOptions): TokenFor {
  const { transport, login, tenantId, clientId, clientSecret, clock } = options;
  const kept = new Map<string, { readonly token: string; readonly until: number }>();
  return async (resource) => {
    const known = kept.get(resource);
    if (known !== undefined && clock.monotonic() < known.until) return known.token;
    const asked = clock.monotonic();
    const { status, body } = await transport.request({
      name: login,
      method: 'POST',
      path: `/${tenantId}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${resource}/.default`,
      }).toString(),
    });
    const answer = JsonReader.parse(body, 'the answer');
    if (status !== 200) {
      if (status < 400) throw new UnexpectedAnswer(`the token service answered ${status}`);
      throw new ApiError(status, answer.string('error'), answer.string('error_description'));
    }
    const token = answer.string('access_token');
    kept.set(resource, { token, until: asked + answer.number('expires_in') * 1000 - spare });
    return token;
  };
}
