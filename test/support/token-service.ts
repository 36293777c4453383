import { createHash, generateKeyPair, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import * as jose from 'jose';
import { azureProfile, type CloudProfile } from '../../src/contract/cloud-profile.ts';
import { type KeySet, type OauthError, userinfoPath } from '../../src/contract/oauth2.ts';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../src/foundation/ids.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { type Randomness, systemRandomness } from '../../src/foundation/randomness.ts';
import { loadX509 } from '../../src/foundation/x509.ts';
import { SignInLog } from '../../src/server/audit/sign-in-log.ts';
import { ApplicationCertificates } from '../../src/server/directory/application-certificates.ts';
import { createApplication, createSecret } from '../../src/server/directory/applications.ts';
import { Directory } from '../../src/server/directory/directory.ts';
import { insertPrincipal } from '../../src/server/directory/directory-store.ts';
import type { IdentityOf } from '../../src/server/directory/service-principals.ts';
import { createTenant } from '../../src/server/directory/tenants.ts';
import { FederatedCredentials } from '../../src/server/federation/federated-credentials.ts';
import { Issuers } from '../../src/server/federation/issuers.ts';
import { oauthDialect } from '../../src/server/http/dialects/oauth.ts';
import { createSurface } from '../../src/server/http/surface.ts';
import { IdentityCredentials } from '../../src/server/managed-identities/credentials.ts';
import { type Outbound, OutboundFetcher } from '../../src/server/outbound/fetcher.ts';
import { registerSignIn } from '../../src/server/sign-in/sign-in-routes.ts';
import type { UpstreamProvider } from '../../src/server/sign-in/upstream-config.ts';
import type { ChangeFollower } from '../../src/server/storage/change-log.ts';
import type { Database } from '../../src/server/storage/database.ts';
import type { TenantSealer } from '../../src/server/storage/sealed-column.ts';
import { audiencesOf } from '../../src/server/tokens/audiences.ts';
import {
  type ClientCertificate,
  type ClientCertificates,
  clientCertificates,
  type Thumbprint,
} from '../../src/server/tokens/client-certificates.ts';
import { KeyKeeper } from '../../src/server/tokens/key-keeper.ts';
import { RevokedTokens } from '../../src/server/tokens/revoked-tokens.ts';
import { createSigner, type Signer } from '../../src/server/tokens/signer.ts';
import { beginLine } from '../../src/server/tokens/signing-key-store.ts';
import { SigningKeys } from '../../src/server/tokens/signing-keys.ts';
import { registerTokenService, type TokenServiceParts } from '../../src/server/tokens/token-service.ts';
import { registerUserinfo } from '../../src/server/tokens/userinfo-routes.ts';
import { AccessTokenVerifier } from '../../src/server/tokens/verify.ts';
import { TestClock } from './clock.ts';
import { testDatabase } from './database.ts';
import { testFollower } from './feed.ts';
import { testSealer } from './sealer.ts';

/** Certificates of clients in memory, as hosts' credentials are in the database. */
export class MemoryCertificates implements ClientCertificates {
  readonly #entries: (ClientCertificate & { readonly tenantId: TenantId; readonly sha1: string })[] = [];
  /** How often somebody looked. */
  lookUps = 0;

  add(certificate: ClientCertificate & { readonly tenantId: TenantId; readonly sha1: string }): void {
    this.#entries.push(certificate);
  }

  remove(thumbprint: string): void {
    const at = this.#entries.findIndex((entry) => entry.thumbprint === thumbprint);
    if (at >= 0) this.#entries.splice(at, 1);
  }

  async find(tenantId: TenantId, clientId: ClientId, thumbprint: Thumbprint) {
    this.lookUps += 1;
    return this.#entries.find(
      (entry) =>
        entry.tenantId === tenantId &&
        entry.clientId === clientId &&
        (thumbprint.algorithm === 'sha-256' ? entry.thumbprint : entry.sha1) === thumbprint.value,
    );
  }
}

/** A key pair with its self-signed certificate, as a client holds it. */
export interface ClientKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly certificate: X509Certificate;
  /** base64url */
  readonly sha1: string;
  /** base64url */
  readonly sha256: string;
}

/** Kinds of keys that clients come with; the last two are not accepted. */
export type ClientKeyKind = 'rsa' | 'ec' | 'p-384' | 'rsa-1024' | 'p-521';

const curves = { ec: 'P-256', 'p-384': 'P-384', 'p-521': 'P-521' } as const;

export async function makeClientKey(kind: ClientKeyKind = 'rsa'): Promise<ClientKey> {
  const x509 = await loadX509();
  const isRsa = kind === 'rsa' || kind === 'rsa-1024';
  const modulusLength = kind === 'rsa-1024' ? 1024 : 2048;
  const algorithm = isRsa
    ? {
        name: 'RSASSA-PKCS1-v1_5',
        hash: 'SHA-256',
        modulusLength,
        publicExponent: new Uint8Array([1, 0, 1]),
      }
    : { name: 'ECDSA', namedCurve: curves[kind], hash: 'SHA-256' };
  const pair = isRsa
    ? await promisify(generateKeyPair)('rsa', { modulusLength })
    : await promisify(generateKeyPair)('ec', { namedCurve: curves[kind] });
  const { subtle } = webcrypto;
  const keys = {
    privateKey: await subtle.importKey(
      'pkcs8',
      pair.privateKey.export({ type: 'pkcs8', format: 'der' }),
      algorithm,
      true,
      ['sign'],
    ),
    publicKey: await subtle.importKey(
      'spki',
      pair.publicKey.export({ type: 'spki', format: 'der' }),
      algorithm,
      true,
      ['verify'],
    ),
  };
  const made = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: '01',
      name: 'CN=client',
      notBefore: new Date(0),
      notAfter: new Date(4e12),
      keys,
      signingAlgorithm: algorithm,
    },
    webcrypto as unknown as Crypto,
  );
  const certificate = new X509Certificate(Buffer.from(made.rawData));
  const digest = (name: string) => createHash(name).update(certificate.raw).digest('base64url');
  return { ...pair, certificate, sha1: digest('sha1'), sha256: digest('sha256') };
}

/** Key and certificate in one file, as clients read them. */
export const pemOf = ({ privateKey, certificate }: ClientKey) =>
  `${privateKey.export({ type: 'pkcs8', format: 'pem' })}${certificate}`;

export interface TestClient {
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  readonly principalId: PrincipalId;
}

/** A running token service over a real database, on a loopback port without TLS. */
export interface TestTokenService extends AsyncDisposable {
  readonly profile: CloudProfile;
  readonly clock: TestClock;
  readonly randomness: Randomness;
  readonly database: Database;
  readonly follower: ChangeFollower;
  readonly sealer: TenantSealer;
  readonly directory: Directory;
  readonly keys: SigningKeys;
  readonly signer: Signer;
  /** Not started: a test calls `look`. */
  readonly keeper: KeyKeeper;
  readonly verifier: AccessTokenVerifier;
  readonly certificates: MemoryCertificates;
  /** Object ids of principals that may look into every token. */
  readonly introspectors: Set<string>;
  /** The surfaces, for listeners with names. */
  readonly login: FastifyInstance;
  readonly certificateLogin: FastifyInstance;
  /** Origin of the listener. */
  readonly origin: string;
  /** A tenant with two signing keys. */
  tenant(domain?: string): Promise<TenantId>;
  application(
    tenantId: TenantId,
  ): Promise<TestClient & { readonly secret: string; readonly secretId: string }>;
  /** A managed identity with a certificate on a host. */
  identity(tenantId: TenantId, identity: IdentityOf, hostResourceId?: string): Promise<TestIdentity>;
  /** Registers a certificate for a client. */
  register(client: TestClient, key: ClientKey, dates?: { notBefore?: number; notAfter?: number }): void;
  post(path: string, form: Record<string, string> | string, headers?: Record<string, string>): Promise<Reply>;
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  keySet(tenantId: TenantId, version?: 'v1' | 'v2'): Promise<KeySet>;
}

export interface TestIdentity extends TestClient {
  readonly key: ClientKey;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The body as a refusal. */
  readonly refusal: OauthError;
}

export async function testTokenService(
  options: Pick<TokenServiceParts, 'tokenLifetime' | 'assertionRules'> & {
    readonly profile?: CloudProfile;
    /** How keys of other issuers are fetched; only from public addresses unless told. */
    readonly outbound?: Pick<Outbound, 'fetchJson'>;
    readonly upstream?: readonly UpstreamProvider[];
  } = {},
): Promise<TestTokenService> {
  const profile = options.profile ?? azureProfile;
  const clock = new TestClock();
  const database = await testDatabase();
  const follower = await testFollower(database);
  const sealer = testSealer(database, clock);
  const directory = new Directory(database, follower);
  const keys = new SigningKeys(database, follower);
  const signer = createSigner({ database, sealer, clock, randomness: systemRandomness }, 1);
  const keeper = new KeyKeeper({ database, signer, clock, log: silentLog });
  const revoked = new RevokedTokens(database, follower);
  const verifier = new AccessTokenVerifier({ profile, keys, directory, revoked, clock });
  const introspectors = new Set<string>();
  const certificates = new MemoryCertificates();
  const registered = clientCertificates(
    new ApplicationCertificates(database, follower),
    new IdentityCredentials(database, follower),
  );
  const surface = () =>
    createSurface({
      dialect: oauthDialect(profile, clock),
      log: silentLog,
      randomness: systemRandomness,
      tolerateSlashes: true,
    });
  const app = surface();
  const certificateLogin = surface();
  const signIns = new SignInLog(database);
  const tokens = registerTokenService(app, certificateLogin, {
    profile,
    clock,
    randomness: systemRandomness,
    verifier,
    mayIntrospect: async ({ principalId }) => introspectors.has(principalId),
    log: silentLog,
    database,
    directory,
    certificates: {
      find: async (...named) => (await certificates.find(...named)) ?? (await registered.find(...named)),
    },
    keys,
    signer,
    keeper,
    federatedCredentials: new FederatedCredentials(database, follower),
    issuers: new Issuers(options.outbound ?? new OutboundFetcher(), clock),
    ...(options.tokenLifetime === undefined ? {} : { tokenLifetime: options.tokenLifetime }),
    ...(options.assertionRules === undefined ? {} : { assertionRules: options.assertionRules }),
    signIns,
  });
  const people = { verifier, directory, audiences: audiencesOf(profile, 'graph') };
  // the second is the Graph surface's, whose name a test may lead here as well
  for (const url of ['/:tenant/openid/userinfo', userinfoPath]) registerUserinfo(app, url, people);
  registerSignIn(app, {
    ...{ profile, database, directory, clock, tokens, randomness: systemRandomness, log: silentLog },
    upstream: options.upstream ?? [],
    signIns,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  async function call(path: string, init: RequestInit): Promise<Reply> {
    const response = await fetch(`${origin}${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    const body = isJson ? JSON.parse(text) : {};
    return { status: response.status, headers: response.headers, body, text, refusal: body };
  }

  const service: TestTokenService = {
    profile,
    clock,
    randomness: systemRandomness,
    database,
    follower,
    sealer,
    directory,
    keys,
    signer,
    keeper,
    verifier,
    introspectors,
    certificates,
    login: app,
    certificateLogin,
    origin,

    async tenant(domain) {
      const tenantId = guid<TenantId>(systemRandomness.uuid());
      const first = {
        active: await signer.generate(tenantId, 'RS256'),
        prepared: await signer.generate(tenantId, 'RS256'),
      };
      await database.transaction(async (transaction) => {
        const names = { displayName: 'Contoso', defaultDomain: domain ?? `${tenantId}.example` };
        await createTenant(transaction, { tenantId, ...names }, clock.now());
        await sealer.createTenantKey(transaction, tenantId);
        await beginLine(transaction, first, clock.now());
      });
      return tenantId;
    },

    async application(tenantId) {
      return await database.transaction(async (transaction) => {
        const at = clock.now();
        const ids = await createApplication(
          transaction,
          { tenantId, displayName: 'app' },
          systemRandomness,
          at,
        );
        const expiresAt = at + 3600_000;
        const { secret, secretId } = await createSecret(
          transaction,
          { tenantId, clientId: ids.clientId, expiresAt, at },
          systemRandomness,
        );
        return { tenantId, ...ids, secret, secretId };
      });
    },

    async identity(tenantId, identity, hostResourceId) {
      const client = {
        tenantId,
        clientId: guid<ClientId>(systemRandomness.uuid()),
        principalId: guid<PrincipalId>(systemRandomness.uuid()),
      };
      await database.transaction((transaction) =>
        insertPrincipal(transaction, {
          ...client,
          displayName: 'vm1',
          principalType: 'ManagedIdentity',
          identity,
          at: clock.now(),
        }),
      );
      const key = await makeClientKey();
      certificates.add(
        asCertificate(client, key, { resourceId: hostResourceId ?? identity.resourceId, clock }),
      );
      return { ...client, key };
    },

    register(client, key, dates = {}) {
      certificates.add({ ...asCertificate(client, key, { resourceId: undefined, clock }), ...dates });
    },

    post: (path, form, headers = {}) =>
      call(path, {
        method: 'POST',
        body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      }),

    get: (path, headers = {}) => call(path, { headers }),

    async keySet(tenantId, version = 'v1') {
      const path = version === 'v1' ? 'discovery/keys' : 'discovery/v2.0/keys';
      return (await service.get(`/${tenantId}/${path}`)).body as KeySet;
    },

    async [Symbol.asyncDispose]() {
      await app.close();
      await certificateLogin.close();
      await follower[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
  return service;
}

function asCertificate(
  client: TestClient,
  key: ClientKey,
  { resourceId, clock }: { readonly resourceId: string | undefined; readonly clock: TestClock },
) {
  return {
    ...client,
    thumbprint: key.sha256,
    sha1: key.sha1,
    publicKey: key.publicKey,
    notBefore: clock.now() - 60_000,
    notAfter: clock.now() + 90 * 86_400_000,
    resourceId,
  };
}

/** A client assertion as our agent signs it; members of header and payload may be replaced or taken away. */
export async function signAssertion(
  service: Pick<TestTokenService, 'clock' | 'profile'>,
  client: TestClient,
  key: ClientKey,
  changes: { readonly header?: object; readonly payload?: object; readonly signWith?: KeyObject } = {},
): Promise<string> {
  const now = Math.floor(service.clock.now() / 1000);
  const header = { alg: 'RS256', typ: 'JWT', 'x5t#S256': key.sha256, ...changes.header };
  const payload = {
    aud: `https://${service.profile.login}/${client.tenantId}/oauth2/v2.0/token`,
    iss: client.clientId,
    sub: client.clientId,
    jti: systemRandomness.uuid(),
    nbf: now,
    exp: now + 600,
    ...changes.payload,
  };
  return await new jose.CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader(header as jose.CompactJWSHeaderParameters)
    .sign(changes.signWith ?? key.privateKey);
}

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The form of a client_credentials request with an assertion. */
export function assertionForm(
  client: TestClient,
  assertion: string,
  resource = 'https://vault.azure.net',
): Record<string, string> {
  return {
    grant_type: 'client_credentials',
    client_id: client.clientId,
    client_assertion_type: assertionType,
    client_assertion: assertion,
    scope: `${resource}/.default`,
  };
}
