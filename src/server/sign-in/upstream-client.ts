import * as openid from 'openid-client';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { type Outbound, OutboundFetcher } from '../outbound/fetcher.ts';
import type { UpstreamAccount } from './upstream-accounts.ts';
import type { UpstreamProvider } from './upstream-config.ts';

/** What ties an answer of the provider to the browser that asked. */
export interface UpstreamChecks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

const longestSubject = 255;
/** Milliseconds for which the provider's metadata is kept. */
const keptFor = 3_600_000;

/** The relying party of one provider (OpenID Connect Core, by the code flow with PKCE). */
export class UpstreamClient {
  readonly provider: UpstreamProvider;
  readonly #redirectUri: string;
  readonly #clock: Clock;
  readonly #outbound: Outbound;
  #found: { readonly configuration: Promise<openid.Configuration>; readonly at: number } | undefined;

  constructor(provider: UpstreamProvider, redirectUri: string, clock: Clock) {
    this.provider = provider;
    this.#redirectUri = redirectUri;
    this.#clock = clock;
    this.#outbound = new OutboundFetcher({ allowedHosts: provider.allowedHosts });
  }

  /** Where the person is sent. @throws DomainError `unavailable` where the provider does not answer */
  async authorizationUrl({ state, nonce, verifier }: UpstreamChecks, loginHint: string): Promise<string> {
    const configuration = await this.#configuration();
    const url = openid.buildAuthorizationUrl(configuration, {
      ...{ redirect_uri: this.#redirectUri, scope: 'openid profile email', state, nonce },
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(loginHint === '' ? {} : { login_hint: loginHint }),
    });
    return url.href;
  }

  /**
   * The account behind the provider's answer: its code redeemed, its id token checked, signature included.
   *
   * @param query what the browser came back with
   * @throws DomainError `credential-rejected` where the answer does not hold
   */
  async account(query: string, { state, nonce, verifier }: UpstreamChecks): Promise<UpstreamAccount> {
    const configuration = await this.#configuration();
    const current = new URL(`${this.#redirectUri}?${query}`);
    try {
      const tokens = await openid.authorizationCodeGrant(configuration, current, {
        ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
      });
      const claims = tokens.claims();
      if (claims === undefined || !isSubject(claims.sub)) {
        throw new Error('the id token names nobody');
      }
      const { email, email_verified: verified, name } = claims;
      return {
        issuer: claims.iss,
        subject: claims.sub,
        verifiedMail:
          verified === true && typeof email === 'string' && email.length <= 320 ? email : undefined,
        name:
          typeof name === 'string' && name !== '' ? name.replace(/\p{Cc}/gu, ' ').slice(0, 256) : undefined,
      };
    } catch (error) {
      throw new DomainError(
        'credential-rejected',
        `The answer of ${this.provider.label} does not hold. Please try again.`,
        { cause: error },
      );
    }
  }

  async #configuration(): Promise<openid.Configuration> {
    const now = this.#clock.monotonic();
    if (this.#found === undefined || now - this.#found.at > keptFor) {
      const { issuer, clientId, clientSecret } = this.provider;
      const configuration = openid.discovery(
        new URL(issuer),
        clientId,
        undefined,
        openid.ClientSecretPost(clientSecret),
        {
          execute: [openid.enableNonRepudiationChecks],
          [openid.customFetch]: (url, options) => this.#fetch(url, options),
        },
      );
      this.#found = { configuration, at: now };
    }
    try {
      return await this.#found.configuration;
    } catch (error) {
      this.#found = undefined;
      throw new DomainError('unavailable', `${this.provider.label} cannot be reached right now.`, {
        cause: error,
      });
    }
  }

  /** Every request goes the one way out of the server. */
  async #fetch(
    url: string,
    { method, headers, body }: { method?: string; headers: Record<string, string>; body?: unknown },
  ): Promise<Response> {
    const { ca } = this.provider;
    const trust = ca === undefined ? {} : { ca };
    if (method !== 'POST') {
      const members = await this.#outbound.fetchJson(url, trust);
      return new Response(JSON.stringify(members), { headers: { 'content-type': 'application/json' } });
    }
    const { accept, authorization } = headers;
    const answer = await this.#outbound.post(url, String(body ?? ''), {
      ...trust,
      contentType: headers['content-type'] ?? 'application/x-www-form-urlencoded',
      ...(accept === undefined ? {} : { accept }),
      ...(authorization === undefined ? {} : { authorization }),
    });
    return new Response(answer.text, {
      status: answer.status,
      headers: { 'content-type': answer.contentType },
    });
  }
}

/** OpenID Connect Core §2: 255 characters of ASCII at most. */
function isSubject(subject: string): boolean {
  return new RegExp(`^[ -~]{1,${longestSubject}}$`).test(subject);
}
