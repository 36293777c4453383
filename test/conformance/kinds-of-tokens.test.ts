import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import { TokenRejected } from '../../src/server/http/bearer.ts';
import { TokenIssuer } from '../../src/server/tokens/issue.ts';
import { keyPlace } from '../../src/server/tokens/signing-keys.ts';
import {
  assertionForm,
  assertionType,
  type ClientKey,
  makeClientKey,
  signAssertion,
  type TestIdentity,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const vmId =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/demo/providers/Microsoft.Compute/virtualMachines/vm1';
const vault = 'https://vault.azure.net';

/** T9: a signed text of one kind, shown where another is expected, counts nowhere. */
describe('T9: of every kind of signed text, at every place that takes one', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let app: Awaited<ReturnType<TestTokenService['application']>>;
  let vm: TestIdentity;
  let key: ClientKey;
  let kinds: Readonly<Record<string, string>>;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    app = await service.application(tenantId);
    const resourceCanonical = canonicalId(parseScope(vmId));
    vm = await service.identity(tenantId, { kind: 'SystemAssigned', resourceId: vmId, resourceCanonical });
    key = await makeClientKey();
    service.register(app, key);
    kinds = await everyKind();
  });
  after(() => service[Symbol.asyncDispose]());

  async function tokenFor(resource: string): Promise<string> {
    const { clientId, secret } = app;
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: secret };
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      ...form,
      scope: `${resource}/.default`,
    });
    assert.equal(reply.status, 200, reply.text);
    return String(reply.body['access_token']);
  }

  /** The tenant's own key, as only this test may read it: every kind is signed by whom an attacker cannot be. */
  async function tenantKey(): Promise<{ readonly kid: string; readonly privateKey: KeyObject }> {
    const kid = (await service.keys.of(tenantId))?.active?.kid ?? '';
    const row = await service.database.read
      .selectFrom('signing_keys')
      .select('private_key_sealed')
      .where('kid', '=', kid)
      .executeTakeFirstOrThrow();
    const der = await service.sealer.open(keyPlace(tenantId, kid), row.private_key_sealed);
    return { kid, privateKey: createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }) };
  }

  async function everyKind(): Promise<Readonly<Record<string, string>>> {
    const { profile, keys, signer, keeper, clock } = service;
    const { kid, privateKey } = await tenantKey();
    const now = Math.floor(clock.now() / 1000);
    const access = await tokenFor(vault);
    const claims = jose.decodeJwt(access);
    const signed = async (typ: string | undefined, payload: object) =>
      await new jose.CompactSign(Buffer.from(JSON.stringify(payload)))
        .setProtectedHeader({ alg: 'RS256', kid, ...(typ === undefined ? {} : { typ }) })
        .sign(privateKey);
    const idToken = await new TokenIssuer({ profile, keys, signer, keeper, clock }, 3600).signIdToken(
      tenantId,
      {
        aud: app.clientId,
        iss: `https://login.microsoftonline.com/${tenantId}/v2.0`,
        iat: now,
        nbf: now,
        exp: now + 3600,
        sub: 'somebody',
        oid: app.principalId,
        tid: tenantId,
        ver: '2.0',
      },
    );
    const jwk = key.publicKey.export({ format: 'jwk' });
    return {
      'access token': access,
      'access token for the exchange': await tokenFor('api://AzureADTokenExchange'),
      'bound access token': await signed('JWT', { ...claims, cnf: { 'x5t#S256': key.sha256 } }),
      'id token': idToken,
      'client assertion': await signAssertion(service, app, key),
      'assertion of a host': await signAssertion(service, vm, vm.key),
      'access token of RFC 9068': await signed('at+jwt', claims),
      'security event': await signed('secevent+jwt', { ...claims, events: {} }),
      'logout token': await signed('logout+jwt', { ...claims, events: {} }),
      'proof of possession': await new jose.CompactSign(
        Buffer.from(JSON.stringify({ jti: 'x', iat: now, htm: 'POST' })),
      )
        .setProtectedHeader({ alg: 'RS256', typ: 'dpop+jwt', jwk })
        .sign(key.privateKey),
      'proof of a machine': await new jose.CompactSign(
        Buffer.from(
          JSON.stringify({
            aud: 'https://agents.innate.internal',
            jti: 'x'.repeat(22),
            iat: now,
            exp: now + 60,
          }),
        ),
      )
        .setProtectedHeader({ alg: 'RS256', typ: 'innate-machine+jwt', kid: key.sha256 })
        .sign(key.privateKey),
      'token without a type': await signed(undefined, claims),
    };
  }

  const accepted = async (place: (text: string) => Promise<boolean>) => {
    const names: string[] = [];
    for (const [name, text] of Object.entries(kinds)) if (await place(text)) names.push(name);
    return names;
  };
  const asks = async (form: Record<string, string>) => {
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, form);
    assert.ok(reply.status < 500, reply.text);
    return reply.status === 200;
  };

  test('an access token alone opens a target', async () => {
    const opens = (audience: string) => async (text: string) => {
      try {
        await service.verifier.verify(text, [audience], 'by-operation');
        return true;
      } catch (error) {
        assert.ok(error instanceof TokenRejected, String(error));
        return false;
      }
    };
    assert.deepEqual(await accepted(opens(vault)), ['access token']);
    const exchange = 'fb60f99c-7a34-4190-8149-302f77469936';
    assert.deepEqual(await accepted(opens(exchange)), ['access token for the exchange']);
    const endpoint = `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`;
    for (const audience of [endpoint, app.clientId]) assert.deepEqual(await accepted(opens(audience)), []);
  });

  test('a client assertion alone proves its client', async () => {
    const proves = (clientId: string) => (text: string) =>
      asks({ ...assertionForm({ ...app, clientId: clientId as typeof app.clientId }, text) });
    assert.deepEqual(await accepted(proves(app.clientId)), ['client assertion']);
    assert.deepEqual(await accepted(proves(vm.clientId)), ['assertion of a host']);
    const nameless = (text: string) => {
      const { client_id: _, ...form } = assertionForm(app, text);
      return asks(form);
    };
    kinds = { ...kinds, 'assertion of a host': await signAssertion(service, vm, vm.key) };
    assert.deepEqual(await accepted(nameless), ['client assertion', 'assertion of a host']);
  });

  test('none is a secret, a code, a refresh token, or a person’s token to act on', async () => {
    const { clientId, secret } = app;
    const client = { client_id: clientId, client_secret: secret, scope: `${vault}/.default` };
    for (const form of [
      (text: string) => ({ ...client, grant_type: 'client_credentials', client_secret: text }),
      (text: string) => ({ ...client, grant_type: 'refresh_token', refresh_token: text }),
      (text: string) => ({
        ...client,
        grant_type: 'authorization_code',
        code: text,
        redirect_uri: 'https://a',
      }),
      (text: string) => ({
        ...client,
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        requested_token_use: 'on_behalf_of',
        assertion: text,
      }),
      (text: string) => ({
        client_id: clientId,
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: text,
      }),
      (text: string) => ({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_assertion_type: assertionType.replace('jwt', 'saml2'),
        client_assertion: text,
      }),
    ]) {
      assert.deepEqual(await accepted((text) => asks(form(text))), []);
    }
  });
});
