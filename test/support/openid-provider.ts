import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import * as jose from 'jose';
import type { UpstreamProvider } from '../../src/server/sign-in/upstream-config.ts';
import { type HttpsSite, httpsSite, json } from './https-site.ts';

/** An account at the provider. */
export type ProviderAccount = Readonly<Record<string, unknown>> & { readonly sub: string };

/** An OpenID provider of somebody else's, behind TLS, that does what a test wants of it. */
export interface OpenidProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly upstream: UpstreamProvider;
  /** Who signs in next, and what of the answer is changed on the way. */
  account: ProviderAccount;
  spoil: { claims?: Record<string, unknown>; signer?: 'stranger'; status?: number };
  /** Answers an authorisation request as a browser would see it. @returns path and query to come back to */
  visit(authorizationUrl: URL): string;
}

const clientSecret = 'the secret at the provider';

export async function openidProvider(changes: Partial<UpstreamProvider> = {}): Promise<OpenidProvider> {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const site: HttpsSite = await httpsSite(json({}));
  const issuer = `https://localhost:${site.port}`;
  const codes = new Map<string, { nonce: string; challenge: string; account: ProviderAccount }>();
  const jwk = { ...(await jose.exportJWK(keys.publicKey)), kid: 'k1', use: 'sig', alg: 'RS256' };
  const provider: OpenidProvider = {
    issuer,
    upstream: {
      ...{ name: 'corp', label: 'Example Corp', issuer, clientId: 'innate', clientSecret, ca: site.ca },
      ...{ domains: ['contoso.example'], createUsers: false, allowedHosts: [`localhost:${site.port}`] },
      ...changes,
    },
    account: { sub: 'x' },
    spoil: {},
    visit(url) {
      const asked = (name: string) => url.searchParams.get(name) ?? '';
      const code = randomBytes(16).toString('hex');
      const { account } = provider;
      codes.set(code, { nonce: asked('nonce'), challenge: asked('code_challenge'), account });
      const back = new URL(asked('redirect_uri'));
      back.search = new URLSearchParams({ code, state: asked('state') }).toString();
      return `${back.pathname}${back.search}`;
    },
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };

  const documents: Readonly<Record<string, unknown>> = {
    '/.well-known/openid-configuration': {
      ...{ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
      ...{
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
      },
      id_token_signing_alg_values_supported: ['RS256'],
    },
    '/keys': { keys: [jwk] },
  };

  async function token(form: URLSearchParams): Promise<object> {
    const code = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (code?.challenge !== challenge || form.get('client_secret') !== clientSecret) {
      return { error: 'invalid_grant' };
    }
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: 'innate', iat: now, exp: now + 300, nonce: code.nonce };
    const { privateKey } = provider.spoil.signer === 'stranger' ? stranger : keys;
    const idToken = await new jose.SignJWT({ ...claims, ...code.account, ...provider.spoil.claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(privateKey);
    return { access_token: 'x', token_type: 'Bearer', expires_in: 300, id_token: idToken };
  }

  site.answer((request, response) => {
    if (provider.spoil.status !== undefined) return response.writeHead(provider.spoil.status).end();
    const document = documents[request.url ?? ''];
    if (document !== undefined) return json(document)(request, response);
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', async () => {
      const answer = await token(new URLSearchParams(body));
      response.writeHead('error' in answer ? 400 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
  });
  return provider;
}
