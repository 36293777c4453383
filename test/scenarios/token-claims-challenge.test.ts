import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { revokeTokens } from '../../src/server/directory/directory-store.ts';
import { TokenRejected } from '../../src/server/http/bearer.ts';
import { type TestClient, type TestTokenService, testTokenService } from '../support/token-service.ts';

const audience = 'https://vault.azure.net';
const capable = { access_token: { xms_cc: { values: ['cp1'] } } };

describe('a claims request at the token endpoint (c.2 rule 7, g.2)', () => {
  let service: TestTokenService;
  let app: TestClient & { readonly secret: string };
  before(async () => {
    service = await testTokenService();
    app = await service.application(await service.tenant());
  });
  after(() => service?.[Symbol.asyncDispose]());

  const ask = async (claims?: unknown) =>
    await service.post(`/${app.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      client_secret: app.secret,
      scope: `${audience}/.default`,
      ...(claims === undefined
        ? {}
        : { claims: typeof claims === 'string' ? claims : JSON.stringify(claims) }),
    });
  const tokenFor = async (claims?: unknown) => {
    const { status, body, text } = await ask(claims);
    assert.equal(status, 200, text);
    const token = String(body['access_token']);
    return { token, payload: JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) };
  };
  const now = () => Math.floor(service.clock.now() / 1000);
  const rejectionOf = async (token: string) => {
    const error = await service.verifier.verify(token, [audience]).catch((reason: unknown) => reason);
    assert.ok(error instanceof TokenRejected);
    return error;
  };

  test('for a time is answered with a token whose nbf reaches it, and whose age stays what it is', async () => {
    const plain = await tokenFor();
    assert.equal(plain.payload.nbf, now() - 300);
    const value = String(now());
    const answered = await tokenFor({
      access_token: { nbf: { essential: true, value }, acrs: { value: 'c1' } },
    });
    assert.equal(answered.payload.nbf, now());
    assert.equal(answered.payload.iat, now() - 300, 'a later revocation is held against it');
    assert.equal(answered.payload.acrs, undefined);
    assert.ok(await service.verifier.verify(answered.token, [audience]));
    service.clock.advance(10_000);
    await service.database.transaction((transaction) =>
      revokeTokens(transaction, { ...app, at: service.clock.now() }),
    );
    assert.equal((await rejectionOf(answered.token)).reason, 'revoked');
  });

  test('is refused where it is malformed, or for a time that lies ahead', async () => {
    const ahead = { access_token: { nbf: { essential: true, value: String(now() + 3600) } } };
    const odd = '{"access_token":{"xms_cc":{"values":{"length":{"toString":0}}}}}';
    const hostile = ['{', '[]', '"x"', odd, '{"access_token":1}', `{"a":"${'x'.repeat(9000)}"}`];
    const nbf = ['-1', '1e9', '', 'x', null, {}, 1.5, '9'.repeat(400)];
    for (const claims of [ahead, ...hostile, ...nbf.map((value) => ({ access_token: { nbf: { value } } }))]) {
      const { status, refusal } = await ask(claims);
      assert.equal(status, 400, JSON.stringify(claims));
      assert.deepEqual([refusal.error, refusal.error_codes], ['invalid_request', [9002313]]);
    }
  });

  test('for capabilities puts them into the token, and only then is its end answered with a challenge', async () => {
    const plain = await tokenFor();
    const ready = await tokenFor(capable);
    assert.equal(plain.payload.xms_cc, undefined);
    assert.deepEqual(ready.payload.xms_cc, ['CP1']);
    service.clock.advance(5000);
    const at = service.clock.now();
    await service.database.transaction((transaction) => revokeTokens(transaction, { ...app, at }));
    assert.equal((await rejectionOf(plain.token)).renewFrom, undefined);
    const { renewFrom } = await rejectionOf(ready.token);
    assert.equal(renewFrom, Math.ceil(at / 1000));
    const value = String(renewFrom);
    const fresh = await tokenFor({ access_token: { ...capable.access_token, nbf: { value } } });
    assert.ok(fresh.payload.nbf >= Number(value));
    assert.ok(await service.verifier.verify(fresh.token, [audience]));
  });

  test('is what a token of a revoked key is answered with, and a new key makes it good (V6)', async () => {
    const { token } = await tokenFor(capable);
    const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
    service.clock.advance(5000);
    await service.keeper.revoke(app.tenantId, kid);
    const rejection = await rejectionOf(token);
    assert.equal(rejection.reason, 'signature');
    assert.ok(
      rejection.renewFrom !== undefined && rejection.renewFrom <= Math.ceil(service.clock.now() / 1000),
    );
    const forged = `${token.split('.').slice(0, 2).join('.')}.AAAA`;
    assert.equal((await rejectionOf(forged)).reason, 'signature');
    assert.ok(await service.verifier.verify((await tokenFor(capable)).token, [audience]));
  });
});
