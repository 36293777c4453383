import { ClientSecretCredential } from '@azure/identity';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import { JwksClient } from 'jwks-rsa';

/**
 * A program as written for Azure: a client asks for a token for its company's own API, and the API validates it as the
 * guides say, once with `jose` and once with `jwks-rsa` and `jsonwebtoken`. Prints what each found as JSON. Nothing here
 * knows of Innate.
 */
const {
  AZURE_TENANT_ID: tenantId = '',
  AZURE_CLIENT_ID: clientId = '',
  AZURE_CLIENT_SECRET: secret = '',
  /** JSON: `[{ "name", "version", "appId" }]`. */
  CUSTOMER_APIS: apis = '[]',
} = process.env;
const authority = `https://login.microsoftonline.com/${tenantId}`;

interface Metadata {
  readonly issuer: string;
  readonly jwks_uri: string;
}

async function metadataOf(version: string): Promise<Metadata> {
  const path = version === 'v2' ? '/v2.0' : '';
  const response = await fetch(`${authority}${path}/.well-known/openid-configuration`);
  return (await response.json()) as Metadata;
}

/** What an API reads from a token that it has validated. */
const read = ({ roles, aud, ver }: Record<string, unknown>) => ({ roles, aud, ver });

async function byJose(token: string, { issuer, jwks_uri }: Metadata, audience: string) {
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(jwks_uri)), {
    issuer,
    audience,
    algorithms: ['RS256'],
  });
  return read(payload);
}

async function byJsonwebtoken(token: string, { issuer, jwks_uri }: Metadata, audience: string) {
  const keys = new JwksClient({ jwksUri: jwks_uri, cache: true, rateLimit: true });
  const kid = jwt.decode(token, { complete: true })?.header.kid;
  const key = (await keys.getSigningKey(kid)).getPublicKey();
  return read(jwt.verify(token, key, { issuer, audience, algorithms: ['RS256'] }) as jwt.JwtPayload);
}

const refusal = (error: unknown) => (error as { code?: string; message: string }).code ?? String(error);
const credential = new ClientSecretCredential(tenantId, clientId, secret);
const outcomes: Record<string, unknown> = {};
for (const { name, version, appId } of JSON.parse(apis) as Record<'name' | 'version' | 'appId', string>[]) {
  const token = (await credential.getToken(`${name}/.default`)).token;
  const metadata = await metadataOf(version);
  const audience = version === 'v2' ? appId : name;
  outcomes[`jose ${version}`] = await byJose(token, metadata, audience);
  outcomes[`jsonwebtoken ${version}`] = await byJsonwebtoken(token, metadata, audience);
  outcomes[`jose ${version}, other audience`] = await byJose(token, metadata, 'api://other').catch(refusal);
  const altered = `${token.slice(0, -8)}AAAAAAAA`;
  outcomes[`jose ${version}, altered`] = await byJose(altered, metadata, audience).catch(refusal);
}
process.stdout.write(JSON.stringify(outcomes));
