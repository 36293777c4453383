import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as openid from 'openid-client';
import { azureProfile, certificateNames } from '../../src/contract/cloud-profile.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { CanonicalId, TenantId } from '../../src/foundation/ids.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { createAuthority, issueLeaf } from '../../src/server/certificate-authority.ts';
import { readCredential } from '../../src/server/federation/credential-rules.ts';
import { putFederatedCredential } from '../../src/server/federation/credential-store.ts';
import { bearerToken } from '../../src/server/http/bearer.ts';
import { graphDialect } from '../../src/server/http/dialects/graph.ts';
import { presentedCertificate } from '../../src/server/http/presented-certificate.ts';
import { createSurface } from '../../src/server/http/surface.ts';
import { recordChange } from '../../src/server/storage/change-log.ts';
import { listen, type Surfaces } from '../../src/server/surfaces.ts';
import {
  type ClientIdentity,
  DisposableAgent,
  fetchThrough,
  requestWithCertificate,
} from '../support/certificate-request.ts';
import {
  assertionForm,
  type ClientKey,
  makeClientKey,
  signAssertion,
  type TestClient,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const names = certificateNames(azureProfile);
const authority = await createAuthority(names, systemClock);
const tls = await issueLeaf(authority, names, systemClock);
const mtls = 'https://mtlsauth.microsoft.com';
const scope = 'https://graph.microsoft.com/.default';

const identityOf = ({ privateKey, certificate }: ClientKey): ClientIdentity => ({
  privateKey,
  certificate: certificate.toString(),
});

/** RFC 8705 over the real listener: how certificates prove clients, and bind tokens (b.6). */
describe('a certificate of the connection', () => {
  let service: TestTokenService;
  let surfaces: Surfaces;
  let tenantId: TenantId;
  let client: TestClient & { readonly secret: string };
  let key: ClientKey;
  let stranger: ClientKey;
  before(async () => {
    service = await testTokenService();
    const target = createSurface({
      dialect: graphDialect(azureProfile, service.clock),
      log: silentLog,
      randomness: systemRandomness,
    });
    target.get('/v1.0/me', async (request) => {
      const caller = await service.verifier.verify(
        bearerToken(request.headers.authorization),
        ['https://graph.microsoft.com'],
        undefined,
        () => presentedCertificate(request),
      );
      return { principalId: caller.principalId, certificate: presentedCertificate(request) ?? null };
    });
    target.get('/shown', async (request) => ({ certificate: presentedCertificate(request) ?? null }));
    const apps = {
      login: service.login,
      'certificate-login': service.certificateLogin,
      management: target,
      graph: target,
      agents: target,
      vault: target,
      identity: target,
    };
    surfaces = await listen(
      { profile: azureProfile, tls, apps, log: silentLog },
      { host: '127.0.0.1', port: 0 },
    );
    tenantId = await service.tenant();
    client = await service.application(tenantId);
    key = await makeClientKey();
    stranger = await makeClientKey('ec');
    service.register(client, key);
  });
  after(async () => {
    await surfaces[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const call = (url: string, options: Parameters<typeof requestWithCertificate>[2] = {}) =>
    requestWithCertificate({ port: surfaces.port, ca: authority.certificate }, url, options);
  const ask = (
    changes: Record<string, string> = {},
    as: ClientKey | undefined = key,
    origin = mtls,
    tenant: string = tenantId,
  ) =>
    call(`${origin}/${tenant}/oauth2/v2.0/token`, {
      as: as && identityOf(as),
      form: { grant_type: 'client_credentials', client_id: client.clientId, scope, ...changes },
    });
  const claimsOf = (token: unknown): Record<string, unknown> =>
    JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString());
  const refused = async (reply: ReturnType<typeof ask>, code: number) =>
    assert.deepEqual((await reply).body['error_codes'], [code]);

  test('proves the client that it is registered for, with RSA and with elliptic keys', async () => {
    const elliptic = await makeClientKey('ec');
    service.register(client, elliptic);
    for (const as of [key, elliptic]) {
      const { status, body } = await ask({}, as);
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(body['token_type'], 'Bearer');
      const claims = claimsOf(body['access_token']);
      assert.equal(claims['appidacr'], '2');
      assert.equal(claims['oid'], client.principalId);
      assert.equal('cnf' in claims, false, 'nobody asked for a bound token');
    }
    assert.equal((await ask({}, key, 'https://westeurope.mtlsauth.microsoft.com')).status, 200);
  });

  test('proves nobody else, and nothing where it has ended, is not valid yet or was taken away', async () => {
    await refused(ask({}, stranger), 700027);
    const other = await service.application(tenantId);
    await refused(ask({ client_id: other.clientId }), 700027);
    await refused(ask({ client_id: systemRandomness.uuid() }), 700016);
    await refused(ask({ client_id: '' }), 900144);
    const foreign = await service.tenant();
    await refused(ask({}, key, mtls, foreign), 700016);
    await refused(ask({}, key, mtls, 'common'), 50059);

    const ended = await makeClientKey('ec');
    service.register(client, ended, { notAfter: service.clock.now() });
    await refused(ask({}, ended), 700027);
    const early = await makeClientKey('ec');
    service.register(client, early, { notBefore: service.clock.now() + 3_600_000 });
    await refused(ask({}, early), 1000502);
    const removed = await makeClientKey('ec');
    service.register(client, removed);
    assert.equal((await ask({}, removed)).status, 200);
    service.certificates.remove(removed.sha256);
    await refused(ask({}, removed), 700027);
  });

  test('is not demanded: without one the client is told what is missing, or shows a secret', async () => {
    await refused(
      call(`${mtls}/${tenantId}/oauth2/v2.0/token`, {
        form: { grant_type: 'client_credentials', client_id: client.clientId, scope },
      }),
      7000216,
    );
    const { status, body } = await ask({ client_secret: client.secret }, stranger);
    assert.equal(status, 200);
    assert.equal(claimsOf(body['access_token'])['appidacr'], '1');
    await refused(ask({ client_secret: 'guess' }), 7000215);
  });

  test('proves nothing of an application that keeps no credential', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: 'x'.repeat(43), client_id: client.clientId };
    await refused(ask(form, stranger), 700027);
    const open = await service.application(tenantId);
    await service.database.transaction(async (transaction) => {
      await transaction
        .updateTable('applications')
        .set({ manifest: JSON.stringify({ isFallbackPublicClient: true }) })
        .where('tenant_id', '=', tenantId)
        .where('client_id', '=', open.clientId)
        .execute();
      const change = { tenantId, kind: 'client', key: open.clientId, at: service.clock.now() } as const;
      await recordChange(transaction, change);
    });
    const azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';
    for (const client_id of [open.clientId, azureCli]) {
      const { body } = await ask({ ...form, client_id }, stranger);
      assert.equal(body['error'], 'invalid_grant', JSON.stringify(body));
    }
  });

  test('is asked for under the names that need it, and nowhere else', async () => {
    const as = identityOf(key);
    const shown = async (host: string, serverName = host) =>
      (await call(`https://${host}/shown`, { as, serverName })).body['certificate'];
    for (const host of ['graph.microsoft.com', 'management.azure.com', 'demo-kv.vault.azure.net']) {
      assert.equal(await shown(host), null, host);
    }
    for (const host of [
      'mtlstb.graph.microsoft.com',
      'mtlstb.management.azure.com',
      'demo-kv.mtlstb.vault.azure.net',
    ]) {
      assert.equal(await shown(host), key.sha256, host);
    }
    await refused(ask({}, key, 'https://login.microsoftonline.com'), 7000216);
    // the name of the handshake asks, the name of the request decides: neither alone is enough
    const form = { grant_type: 'client_credentials', client_id: client.clientId, scope };
    const path = `/${tenantId}/oauth2/v2.0/token`;
    const host = 'login.microsoftonline.com';
    const url = `${mtls}${path}`;
    await refused(call(url, { as, form, serverName: host }), 7000216);
    await refused(
      call(`https://${host}${path}`, { as, form, serverName: 'mtlsauth.microsoft.com' }),
      7000216,
    );
  });

  test('opens the token endpoint alone', async () => {
    for (const path of ['/common/discovery/instance', `/${tenantId}/v2.0/.well-known/openid-configuration`]) {
      assert.equal((await call(`${mtls}${path}`)).status, 404);
    }
    const v1 = await call(`${mtls}/${tenantId}/oauth2/token`, { form: { grant_type: 'client_credentials' } });
    assert.equal(v1.status, 404);
    assert.equal((await call(`${mtls}/${tenantId}/oauth2/v2.0/token`)).status, 405);
  });

  test('ends with its connection: TLS sessions of these names are not continued (C7)', async () => {
    const path = `/${tenantId}/oauth2/v2.0/token`;
    const continued = async (origin: string, maxVersion: 'TLSv1.2' | 'TLSv1.3') => {
      const { session } = await call(`${origin}${path}`, { as: identityOf(key), maxVersion });
      const again = { maxVersion, ...(session === undefined ? {} : { session }) };
      return (await call(`${origin}${path}`, again)).resumed;
    };
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      assert.equal(await continued(mtls, maxVersion), false);
      assert.equal(await continued('https://login.microsoftonline.com', maxVersion), true, 'others may be');
    }
  });

  describe('binds a token', () => {
    const bound = async (as: ClientKey = key, changes: Record<string, string> = {}) => {
      const { status, body } = await ask({ token_type: 'mtls_pop', ...changes }, as);
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(body['token_type'], 'mtls_pop');
      assert.deepEqual(claimsOf(body['access_token'])['cnf'], { 'x5t#S256': as.sha256 });
      return String(body['access_token']);
    };
    const use = async (
      token: string,
      as: ClientKey | undefined,
      { host = 'mtlstb.graph.microsoft.com', scheme = 'mtls_pop' } = {},
    ) => {
      const headers = { authorization: `${scheme} ${token}` };
      return (await call(`https://${host}/v1.0/me`, { as: as && identityOf(as), headers })).status;
    };

    test('that is good with the certificate, and without it or with another is not', async () => {
      const token = await bound();
      assert.equal(await use(token, key), 200);
      assert.equal(await use(token, key, { scheme: 'Bearer' }), 200);
      assert.equal(await use(token, stranger), 401);
      assert.equal(await use(token, undefined), 401);
      assert.equal(await use(token, key, { host: 'graph.microsoft.com' }), 401, 'nobody asks there');
      assert.equal(await use(token, key, { scheme: 'PoP' }), 401);
    });

    test('where it is asked for: a token of everybody’s is good everywhere', async () => {
      const token = String((await ask()).body['access_token']);
      assert.equal(await use(token, undefined, { host: 'graph.microsoft.com', scheme: 'Bearer' }), 200);
      assert.equal(await use(token, stranger, { scheme: 'Bearer' }), 200);
    });

    test('beside a secret or an assertion as well, to the certificate that is shown', async () => {
      assert.equal(await use(await bound(stranger, { client_secret: client.secret }), stranger), 200);
      const aud = `${mtls}/${tenantId}/oauth2/v2.0/token`;
      const assertion = await signAssertion(service, client, key, { payload: { aud } });
      const { client_assertion_type = '', client_assertion = '' } = assertionForm(client, assertion);
      const token = await bound(stranger, { client_assertion_type, client_assertion });
      assert.equal(await use(token, stranger), 200);
      assert.equal(await use(token, key), 401);
    });

    test('only where a certificate is shown, and of no other kind', async () => {
      const login = 'https://login.microsoftonline.com';
      const form = { token_type: 'mtls_pop', client_secret: client.secret };
      await refused(ask(form, key, login), 9002313);
      for (const token_type of ['pop', 'ssh-cert', 'N_A']) {
        await refused(ask({ token_type, client_secret: client.secret }), 9002313);
      }
      assert.equal((await ask({ token_type: 'bearer' })).body['token_type'], 'Bearer');
    });

    test('and an assertion: one that is bound proves nobody over another connection', async () => {
      const pop = 'urn:ietf:params:oauth:client-assertion-type:jwt-pop';
      const asked = async (cnf: unknown, as: ClientKey, client_assertion_type = pop) => {
        const client_assertion = await signAssertion(service, client, key, { payload: { cnf } });
        return await ask({ client_assertion_type, client_assertion }, as);
      };
      const cnf = { 'x5t#S256': stranger.sha256 };
      assert.equal((await asked(cnf, stranger)).status, 200);
      const bearer = pop.replace('jwt-pop', 'jwt-bearer');
      assert.equal((await asked(cnf, stranger, bearer)).status, 200);
      assert.equal((await asked(undefined, stranger, bearer)).status, 200);
      await refused(asked(cnf, key), 50027);
      await refused(asked(cnf, key, bearer), 50027);
      await refused(asked(undefined, key), 50027);
      for (const odd of [null, {}, [], 'x', { 'x5t#S256': 7 }, { jkt: 'x' }, { ...cnf, jkt: 'x' }]) {
        await refused(asked(odd, stranger), 50027);
      }
    });
  });

  test('is looked up at each request: one that is taken away ends on connections that are open (C7)', async () => {
    const passing = await makeClientKey('ec');
    service.register(client, passing);
    const { privateKey, certificate } = identityOf(passing);
    using agent = new DisposableAgent({
      keepAlive: true,
      maxSockets: 1,
      ca: authority.certificate,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: certificate,
    });
    const fetchOver = fetchThrough(surfaces.port, agent);
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: client.clientId, scope });
    const asked = async () => {
      const url = `${mtls}/${tenantId}/oauth2/v2.0/token`;
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const reply = await fetchOver(url, { method: 'POST', headers, body });
      return { status: reply.status, connections: agent.made };
    };
    assert.deepEqual(await asked(), { status: 200, connections: 1 });
    assert.deepEqual(await asked(), { status: 200, connections: 1 });
    service.certificates.remove(passing.sha256);
    assert.deepEqual(await asked(), { status: 401, connections: 1 });
  });

  test('proves a client of the standard, openid-client, which finds the endpoint in the documents', async () => {
    const { privateKey, certificate } = identityOf(key);
    using agent = new DisposableAgent({
      ca: authority.certificate,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: certificate,
    });
    const metadata = { use_mtls_endpoint_aliases: true };
    const issuer = new URL(`https://login.microsoftonline.com/${tenantId}/v2.0`);
    const found = await openid.discovery(issuer, client.clientId, metadata, openid.TlsClientAuth(), {
      [openid.customFetch]: fetchThrough(surfaces.port, agent),
    });
    const token = await openid.clientCredentialsGrant(found, { scope });
    assert.equal(claimsOf(token.access_token)['oid'], client.principalId);
  });

  test('is what a managed identity’s bound token takes as an application’s credential, and nothing else', async () => {
    const resourceId =
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/bound';
    const identity = await service.identity(tenantId, {
      kind: 'UserAssigned',
      resourceId,
      resourceCanonical: resourceId.toLowerCase() as CanonicalId,
    });
    const facts = readCredential({
      issuer: `https://login.microsoftonline.com/${tenantId}/v2.0`,
      subject: identity.principalId,
      audiences: ['api://AzureADTokenExchange'],
    });
    const trusting = { tenantId, clientId: client.clientId, name: 'bound', facts, at: 1 };
    await service.database.transaction((transaction) =>
      putFederatedCredential(transaction, trusting, systemRandomness),
    );
    const own = await call(`${mtls}/${tenantId}/oauth2/v2.0/token`, {
      as: identityOf(identity.key),
      form: {
        grant_type: 'client_credentials',
        client_id: identity.clientId,
        scope: 'api://AzureADTokenExchange/.default',
        token_type: 'mtls_pop',
      },
    });
    assert.equal(own.status, 200);
    const shown = {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-pop',
      client_assertion: String(own.body['access_token']),
    };
    const reply = await ask(shown, identity.key);
    assert.equal(reply.status, 200);
    assert.equal(claimsOf(reply.body['access_token'])['oid'], client.principalId);
    await refused(ask(shown, key), 50027);
    await refused(ask(shown, undefined), 50027);
  });

  test('is announced in the documents of discovery', async () => {
    const document = (await service.get(`/${tenantId}/v2.0/.well-known/openid-configuration`)).body;
    assert.deepEqual(document['mtls_endpoint_aliases'], {
      token_endpoint: `${mtls}/${tenantId}/oauth2/v2.0/token`,
    });
    assert.equal(document['tls_client_certificate_bound_access_tokens'], true);
    assert.ok(
      (document['token_endpoint_auth_methods_supported'] as string[]).includes('self_signed_tls_client_auth'),
    );
  });
});
