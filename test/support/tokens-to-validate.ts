import { createHmac, createPublicKey } from 'node:crypto';
import { azureProfile, type CloudProfile } from '../../src/contract/cloud-profile.ts';
import { customerApi } from './customer-api.ts';
import { type NamedTokenService, namedTokenService } from './named-token-service.ts';
import { azureCli, makeCode, makePerson, verifier } from './people.ts';

/** A token, and what its validator was configured with. */
export interface TokenToValidate {
  readonly token: string;
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer's discovery document is. */
  readonly configuration: string;
}

/** Tokens of a running token service, good and bad, and the environment of a program that validates them. */
export interface TokensToValidate extends AsyncDisposable {
  readonly named: NamedTokenService;
  readonly environment: Readonly<Record<string, string>>;
  /** The claims `aud` and `iss` of the good ones. */
  readonly good: Readonly<Record<'v1' | 'v2' | 'id token', { readonly aud: string; readonly iss: string }>>;
}

const day = 86_400_000;

export async function tokensToValidate(profile: CloudProfile = azureProfile): Promise<TokensToValidate> {
  const vault = `https://${profile.vaultSuffix}`;
  await using stack = new AsyncDisposableStack();
  const named = stack.use(await namedTokenService(profile));
  const { service } = named;
  const tenantId = await service.tenant('contoso.example');
  const client = await service.application(tenantId);
  const [first, second] = [await customerApi(service, client, 1), await customerApi(service, client, 2)];
  const alice = await makePerson(service, tenantId, 'alice@contoso.example');

  async function redeem(
    of: string,
    form: Record<string, string>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const reply = await service.post(`/${of}/oauth2/v2.0/token`, form);
    if (reply.status !== 200) throw new Error(reply.text);
    return reply.body;
  }
  async function tokenFor(name: string, as = client): Promise<string> {
    const answer = await redeem(as.tenantId, {
      grant_type: 'client_credentials',
      client_id: as.clientId,
      client_secret: as.secret,
      scope: `${name}/.default`,
    });
    return String(answer['access_token']);
  }
  /** Of an application that is old enough to have one: a token is never older than its subject. */
  async function expired(): Promise<string> {
    const now = service.clock.now();
    service.clock.set(now - 2 * day);
    const token = await tokenFor(vault, await service.application(tenantId));
    service.clock.set(now);
    return token;
  }
  async function ofAnotherTenant(): Promise<string> {
    const other = await service.application(await service.tenant());
    return await tokenFor((await customerApi(service, other, 2)).name, other);
  }
  /** With the algorithm of a shared key, which is what everybody may read: the public key. */
  async function keyedByThePublicKey(token: string): Promise<string> {
    const [header = '', payload = ''] = token.split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const jwk = (await service.keySet(tenantId, 'v2')).keys.find((key) => key.kid === kid);
    const pem = createPublicKey({ format: 'jwk', key: { ...jwk } }).export({ type: 'spki', format: 'pem' });
    const signed = `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${payload}`;
    return `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`;
  }

  const v1 = {
    issuer: `https://${profile.v1IssuerHost}/${tenantId}/`,
    audience: first.name,
    configuration: `https://${profile.login}/${tenantId}/.well-known/openid-configuration`,
  };
  const issuer = `https://${profile.login}/${tenantId}/v2.0`;
  const v2 = {
    issuer,
    audience: second.appId,
    configuration: `${issuer}/.well-known/openid-configuration`,
  };
  const token = await tokenFor(second.name);
  const code = await makeCode(service, alice, azureCli, { scope: 'openid profile' });
  const person = await redeem(tenantId, {
    grant_type: 'authorization_code',
    client_id: azureCli,
    redirect_uri: 'http://localhost:1234',
    code,
    code_verifier: verifier,
  });
  const [header = '', payload = '', signature = ''] = token.split('.');
  const tokens: Readonly<Record<string, TokenToValidate>> = {
    v1: { ...v1, token: await tokenFor(first.name) },
    v2: { ...v2, token },
    'id token': { ...v2, audience: azureCli, token: String(person['id_token']) },
    'for another': { ...v2, audience: 'api://other', token },
    expired: { ...v1, audience: vault, token: await expired() },
    altered: { ...v2, token: `${header}.${payload}.${signature.slice(0, -8)}AAAAAAAA` },
    'of another tenant': { ...v2, token: await ofAnotherTenant() },
    unsigned: { ...v2, token: `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.` },
    'keyed by the public key': { ...v2, token: await keyedByThePublicKey(token) },
  };
  const parts = stack.move();
  return {
    named,
    environment: { ...named.environment, TOKENS: JSON.stringify(tokens) },
    good: {
      v1: { aud: first.name, iss: v1.issuer },
      v2: { aud: second.appId, iss: issuer },
      'id token': { aud: azureCli, iss: issuer },
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
