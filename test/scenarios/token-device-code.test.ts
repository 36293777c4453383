import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestBrowser } from '../support/browser.ts';
import { azureCli, claimsOf, makeApplication, makePerson } from '../support/people.ts';
import { testTokenService } from '../support/token-service.ts';

const scope = 'https://management.core.windows.net//.default offline_access openid profile';

async function world() {
  const service = await testTokenService();
  const tenantId = await service.tenant('contoso.example');
  const alice = await makePerson(service, tenantId, 'alice@contoso.example');
  const browser = new TestBrowser(service.origin);
  const ask = (tenant: string = 'organizations', form: Record<string, string> = {}) =>
    service.post(`/${tenant}/oauth2/v2.0/devicecode`, { client_id: azureCli, scope, ...form });
  const poll = (deviceCode: unknown, form: Record<string, string> = {}, tenant = 'organizations') =>
    service.post(`/${tenant}/oauth2/v2.0/token`, {
      grant_type: 'device_code',
      client_id: azureCli,
      device_code: String(deviceCode),
      client_info: '1',
      scope,
      ...form,
    });
  /** Enters a code, signs in where asked, and stands before the question. */
  const enter = async (userCode: unknown) => {
    const page = await browser.submit(await browser.get('/device'), { user_code: String(userCode) });
    if (page.title !== 'Sign in') return page;
    return await browser.submit(page, { name: alice.userPrincipalName, password: alice.password });
  };
  return {
    ...{ service, tenantId, alice, browser, ask, poll, enter },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

describe('a device', () => {
  test('gets tokens once its person has typed the code elsewhere and agreed', async () => {
    await using w = await world();
    const { body } = await w.ask();
    const { user_code: userCode, device_code: deviceCode } = body;
    assert.match(String(userCode), /^[BCDFGHJKLMNPQRSTVWXZ2-9]{9}$/);
    assert.deepEqual(
      [body['verification_uri'], body['expires_in'], body['interval']],
      ['https://login.microsoftonline.com/device', 900, 5],
    );
    assert.ok(String(body['message']).includes(String(userCode)));
    const pending = await w.poll(deviceCode);
    assert.deepEqual([pending.status, pending.refusal.error], [400, 'authorization_pending']);
    assert.deepEqual(pending.refusal.error_codes, [70016]);
    const question = await w.enter(
      ` ${String(userCode).toLowerCase().slice(0, 4)}-${String(userCode).slice(4)} `,
    );
    assert.equal(question.title, 'Confirm');
    for (const shown of ['Azure CLI', '127.0.0.1', 'https://management.core.windows.net/', 'alice@contoso']) {
      assert.ok(question.text.includes(shown), shown);
    }
    assert.equal((await w.poll(deviceCode)).refusal.error, 'authorization_pending');
    const done = await w.browser.submit(question, {}, { press: ['answer', 'approve'] });
    assert.equal(done.title, 'You are signed in');
    const tokens = await w.poll(deviceCode);
    const access = claimsOf(tokens.body['access_token']);
    assert.deepEqual(
      [access['oid'], access['tid'], access['aud'], access['scp']],
      [w.alice.userId, w.tenantId, 'https://management.core.windows.net/', 'user_impersonation'],
    );
    const id = claimsOf(tokens.body['id_token']);
    assert.deepEqual([id['aud'], id['preferred_username']], [azureCli, 'alice@contoso.example']);
    assert.deepEqual((await w.poll(deviceCode)).refusal.error_codes, [54005]);
  });

  test('is given a code for a form that comes without its type, as Java’s azure-identity sends it', async () => {
    await using w = await world();
    const ask = async (headers: Record<string, string>) => {
      const form = new URLSearchParams({ client_id: azureCli, scope });
      // octets, for which fetch tells no type
      const body = new TextEncoder().encode(form.toString());
      const url = `${w.service.origin}/organizations/oauth2/v2.0/devicecode`;
      const response = await fetch(url, { method: 'POST', body, headers });
      return [response.status, Object.keys((await response.json()) as object).includes('user_code')];
    };
    assert.deepEqual(await ask({}), [200, true]);
    assert.deepEqual(await ask({ 'content-type': 'text/plain' }), [400, false]);
  });

  test('that many poll for gets one set of tokens (T12)', async () => {
    await using w = await world();
    const { body } = await w.ask(w.tenantId);
    await w.browser.submit(await w.enter(body['user_code']), {}, { press: ['answer', 'approve'] });
    const replies = await Promise.all(
      Array.from({ length: 40 }, () => w.poll(body['device_code'], {}, w.tenantId)),
    );
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
  });

  test('is served under both names of the grant, with either name of the code, and by v1', async () => {
    await using w = await world();
    const urn = 'urn:ietf:params:oauth:grant-type:device_code';
    const approved = async () => {
      const { body } = await w.ask();
      await w.browser.submit(await w.enter(body['user_code']), {}, { press: ['answer', 'approve'] });
      return String(body['device_code']);
    };
    const code = await approved();
    assert.equal((await w.poll(code, { grant_type: urn, code })).status, 200);
    const asked = await w.service.post('/organizations/oauth2/devicecode', {
      client_id: azureCli,
      resource: 'https://management.core.windows.net/',
    });
    assert.deepEqual([asked.body['expires_in'], asked.body['interval']], ['900', '5']);
    assert.equal(asked.body['verification_url'], 'https://login.microsoftonline.com/device');
    await w.browser.submit(await w.enter(asked.body['user_code']), {}, { press: ['answer', 'approve'] });
    const tokens = await w.service.post('/common/oauth2/token', {
      grant_type: 'device_code',
      client_id: azureCli,
      code: String(asked.body['device_code']),
      resource: 'https://management.core.windows.net/',
    });
    assert.equal(claimsOf(tokens.body['access_token'])['aud'], 'https://management.core.windows.net/');
    assert.equal(claimsOf(tokens.body['id_token'])['upn'], 'alice@contoso.example');
    assert.ok(tokens.body['refresh_token']);
  });

  test('is told when its person declines, and when the code is too old or wrong', async () => {
    await using w = await world();
    const first = await w.ask();
    const question = await w.enter(first.body['user_code']);
    const declined = await w.browser.submit(question, {}, { press: ['answer', 'decline'] });
    assert.equal(declined.title, 'Cancelled');
    assert.equal(
      (await w.poll(first.body['device_code'], {}, w.tenantId)).refusal.error,
      'authorization_declined',
    );
    assert.equal((await w.poll(first.body['device_code'])).refusal.error, 'authorization_declined');
    const second = await w.ask();
    w.service.clock.advance(900_001);
    assert.deepEqual((await w.poll(second.body['device_code'])).refusal.error_codes, [70020]);
    const late = await w.enter(second.body['user_code']);
    assert.match(late.text, /not right, or it is too old/);
    for (const wrong of ['x', 'x'.repeat(1000), String(first.body['user_code'])]) {
      assert.deepEqual((await w.poll(wrong)).refusal.error_codes, [70018]);
    }
    const third = await w.ask();
    const other = { client_id: '1950a258-227b-4e31-a9cf-717495945fc2' };
    assert.deepEqual((await w.poll(third.body['device_code'], other)).refusal.error_codes, [70018]);
  });

  test('is answered by people of the tenant it named, and by nobody who guesses', async () => {
    await using w = await world();
    const fabrikam = await w.service.tenant('fabrikam.example');
    const { body } = await w.ask(fabrikam);
    const page = await w.enter(body['user_code']);
    assert.deepEqual([page.status, page.title], [403, 'Sign in']);
    assert.match(page.text, /people of another directory/);
    for (let count = 0; count < 60; count += 1) {
      const form = await w.browser.get('/device');
      const guess = await w.browser.submit(form, { user_code: 'BBBBBBBBB' });
      assert.ok([400].includes(guess.status));
    }
    const form = await w.browser.get('/device');
    const refused = await w.browser.submit(form, { user_code: String(body['user_code']) });
    assert.match(refused.text, /AADSTS50053/);
  });

  test('must be a registered public application', async () => {
    await using w = await world();
    const confidential = await makeApplication(w.service, w.tenantId, {});
    const open = await makeApplication(w.service, w.tenantId, { isFallbackPublicClient: true });
    const codes = async (tenant: string, form: Record<string, string>) =>
      (await w.ask(tenant, form)).body['error_codes'];
    assert.deepEqual(await codes(w.tenantId, { client_id: confidential.clientId }), [7000218]);
    assert.deepEqual(await codes('organizations', { client_id: open.clientId }), [50059]);
    assert.deepEqual(await codes(w.tenantId, { client_id: open.clientId }), undefined);
    assert.deepEqual(await codes(w.tenantId, { client_id: 'x' }), [700016]);
    assert.deepEqual(await codes(w.tenantId, { client_id: '' }), [900144]);
    assert.deepEqual(await codes(w.tenantId, { scope: '' }), [900144]);
    assert.deepEqual(await codes(w.tenantId, { scope: 'a/b c/d' }), [28003]);
    assert.deepEqual(await codes('nowhere.example', {}), [90002]);
  });
});
