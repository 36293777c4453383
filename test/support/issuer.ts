import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import * as jose from 'jose';
import type { SentFederatedCredential } from '../../src/contract/federated-credential.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { readCredential } from '../../src/server/federation/credential-rules.ts';
import { putFederatedCredential } from '../../src/server/federation/credential-store.ts';
import type { FederatedCredential } from '../../src/server/federation/federated-credential.ts';
import { OutboundFetcher } from '../../src/server/outbound/fetcher.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { type HttpsSite, httpsSite } from './https-site.ts';
import type { TestClient } from './token-service.ts';

export const exchange = 'api://AzureADTokenExchange';

/** A key of an issuer, as it signs and as it is published. */
export interface TestIssuerKey {
  readonly kid: string;
  readonly alg: 'RS256' | 'ES256';
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, string>>;
}

/** Somebody else's issuer: its discovery document and key set over TLS on loopback, under a private authority. */
export interface TestIssuer extends AsyncDisposable {
  /** `iss` of its tokens. */
  readonly issuer: string;
  readonly site: HttpsSite;
  /** Fetches from this issuer alone. */
  readonly outbound: OutboundFetcher;
  /** Members that replace those of the discovery document. */
  configuration: Readonly<Record<string, unknown>>;
  /** The keys it publishes; the first one signs. */
  keys: TestIssuerKey[];
  makeKey(kid: string, alg?: 'RS256' | 'ES256'): Promise<TestIssuerKey>;
  /** A token; members of header and claims may be replaced, or taken away with `undefined`. */
  sign(claims: object, header?: object, key?: TestIssuerKey): Promise<string>;
  /** A federated credential that trusts this issuer. */
  trust(client: TestClient, changes?: SentFederatedCredential, name?: string): Promise<FederatedCredential>;
}

export interface TestIssuerOptions {
  /** Where `trust` writes. */
  readonly database?: Database;
  /** The name of its site: one that leads nowhere unless told, and is found by `outbound` alone. */
  readonly host?: string;
  /** Where the key set is: an API server has `/openid/v1/jwks`, GitHub's token service `/.well-known/jwks`. */
  readonly keys?: string;
}

export async function testIssuer({
  database,
  host = 'issuer.example',
  keys = '/openid/v1/jwks',
}: TestIssuerOptions = {}): Promise<TestIssuer> {
  const site = await httpsSite((request, response) => {
    const document =
      request.url === '/.well-known/openid-configuration'
        ? {
            issuer,
            jwks_uri: `${issuer}${keys}`,
            response_types_supported: ['id_token'],
            subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: ['RS256'],
            ...made.configuration,
          }
        : request.url === keys
          ? { keys: made.keys.map(({ jwk }) => jwk) }
          : undefined;
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  });
  const issuer = `https://${host}:${site.port}`;
  const made: TestIssuer = {
    issuer,
    site,
    outbound: new OutboundFetcher({
      allowedHosts: [`${host}:${site.port}`],
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    }),
    configuration: {},
    keys: [],
    async makeKey(kid, alg = 'RS256') {
      const pair =
        alg === 'RS256'
          ? await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
          : await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
      const jwk = {
        ...((await jose.exportJWK(pair.publicKey)) as Record<string, string>),
        kid,
        use: 'sig',
        alg,
      };
      return { kid, alg, privateKey: pair.privateKey, jwk };
    },
    async sign(claims, header = {}, key = made.keys[0]) {
      if (key === undefined) throw new TypeError('the issuer has no key');
      const protectedHeader = { alg: key.alg, kid: key.kid, ...header };
      return await new jose.CompactSign(
        Buffer.from(JSON.stringify({ iss: issuer, aud: exchange, ...claims })),
      )
        .setProtectedHeader(protectedHeader)
        .sign(key.privateKey);
    },
    async trust(client, changes = {}, name = 'main') {
      if (database === undefined) throw new TypeError('the issuer was given no database');
      const facts = readCredential({
        issuer,
        subject: 'system:serviceaccount:orders:api',
        audiences: [exchange],
        innateTrust: { certificateAuthorities: site.ca },
        ...changes,
      });
      const { credential } = await database.transaction((transaction) =>
        putFederatedCredential(
          transaction,
          { tenantId: client.tenantId, clientId: client.clientId, name, facts, at: 1 },
          systemRandomness,
        ),
      );
      return credential;
    },
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
  made.keys.push(await made.makeKey('key-1'));
  return made;
}
