import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readDirectoryAudits } from '../../src/server/audit/directory-audits.ts';
import { updateUser } from '../../src/server/directory/user-store.ts';
import { recordChange } from '../../src/server/storage/change-log.ts';
import { type BrowserPage, TestBrowser } from '../support/browser.ts';
import {
  azureCli,
  challengeOf,
  claimsOf,
  grantForAll,
  makeApplication,
  makePerson,
  verifier,
} from '../support/people.ts';
import { testTokenService } from '../support/token-service.ts';

const arm = { appId: '797f4846-ba00-4fd7-ba43-dac1f8f63013' };

async function world() {
  const service = await testTokenService();
  const tenantId = await service.tenant('contoso.example');
  const alice = await makePerson(service, tenantId, 'alice@contoso.example');
  const browser = new TestBrowser(service.origin);
  const wish = (changes: Record<string, string | undefined> = {}, tenant: string = tenantId) => {
    const parameters: Record<string, string | undefined> = {
      client_id: azureCli,
      response_type: 'code',
      redirect_uri: 'http://localhost:8400',
      scope: 'https://management.core.windows.net//.default offline_access openid profile',
      state: 'a+b/c= &#ü',
      code_challenge: challengeOf(verifier),
      code_challenge_method: 'S256',
      client_info: '1',
      ...changes,
    };
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
    return `/${tenant}/oauth2/v2.0/authorize?${query}`;
  };
  const signIn = (page: BrowserPage, password = alice.password, name = alice.userPrincipalName) =>
    browser.submit(page, { name, password });
  return {
    ...{ service, tenantId, alice, browser, wish, signIn },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

function shownCode(page: BrowserPage): string | undefined {
  return /AADSTS(\d+)/.exec(page.text)?.[1];
}

describe('a person signs in', () => {
  test('with name and password, and the application gets a code that is good for tokens', async () => {
    await using w = await world();
    const page = await w.browser.get(w.wish());
    assert.deepEqual([page.status, page.title], [200, 'Sign in']);
    assert.match(page.text, /to go on to Azure CLI/);
    const back = await w.signIn(page);
    assert.equal(back.leftFor?.origin, 'http://localhost:8400');
    const answer = back.leftFor?.searchParams;
    assert.equal(answer?.get('state'), 'a+b/c= &#ü');
    assert.equal(answer?.get('iss'), `https://login.microsoftonline.com/${w.tenantId}/v2.0`);
    assert.ok(answer?.get('client_info'));
    const tokens = await w.service.post(`/${w.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'authorization_code',
      client_id: azureCli,
      redirect_uri: 'http://localhost:8400',
      code_verifier: verifier,
      code: String(answer?.get('code')),
    });
    assert.equal(claimsOf(tokens.body['access_token'])['aud'], 'https://management.core.windows.net/');
    // and the next application needs no password
    const again = await w.browser.get(w.wish({ state: 's2' }, 'organizations'));
    assert.equal(again.leftFor?.searchParams.get('state'), 's2');
  });

  test('and nobody learns whether a name exists: wrong name and wrong password are one page (C13)', async () => {
    await using w = await world();
    const page = await w.browser.get(w.wish());
    const wrong = await w.signIn(page, 'not the password');
    const unknown = await w.signIn(page, 'not the password', 'alicf@contoso.example');
    assert.deepEqual([wrong.status, unknown.status], [401, 401]);
    assert.equal(wrong.text.replaceAll('alice', 'alicf'), unknown.text);
    assert.match(wrong.text, /role="alert">The user name or the password is not right/);
    assert.match(wrong.text, /aria-invalid="true" aria-describedby="problem"/);
    for (const name of [
      '',
      '@',
      'x'.repeat(5000),
      'alice@fabrikam.example',
      "' or 1=1 --",
      'alice@contoso.example\0',
    ]) {
      assert.equal((await w.signIn(page, w.alice.password, name)).status, 401, name.slice(0, 20));
    }
  });

  test('ten wrong passwords make a name wait, the right one as well, and the time mends it', async () => {
    await using w = await world();
    const page = await w.browser.get(w.wish());
    for (let count = 0; count < 10; count += 1) assert.equal((await w.signIn(page, 'wrong one')).status, 401);
    assert.equal((await w.signIn(page)).status, 429);
    w.service.clock.advance(60_001);
    assert.ok((await w.signIn(page)).leftFor);
    // signed in: the count starts afresh
    const other = new TestBrowser(w.service.origin);
    const again = await other.get(w.wish());
    const reply = await other.submit(again, { name: w.alice.userPrincipalName, password: 'wrong one' });
    assert.equal(reply.status, 401);
  });

  test('who must choose a new password does, and the old one is over', async () => {
    await using w = await world();
    const bob = await makePerson(w.service, w.tenantId, 'bob@contoso.example', { mustChange: true });
    const page = await w.browser.get(w.wish());
    const choose = await w.signIn(page, bob.password, bob.userPrincipalName);
    assert.equal(choose.title, 'Choose a new password');
    const change = (fields: Record<string, string>) =>
      w.browser.submit(choose, { password: bob.password, ...fields });
    assert.match((await change({ new_password: 'a', again: 'b' })).text, /not the same/);
    assert.match((await change({ new_password: bob.password, again: bob.password })).text, /another one/);
    assert.match((await change({ new_password: 'short', again: 'short' })).text, /8 to 256 characters/);
    const chosen = 'an altogether new one';
    const guessed = await change({ password: 'wrong', new_password: chosen, again: chosen });
    assert.match(guessed.text, /not right/);
    assert.ok((await change({ new_password: chosen, again: chosen })).leftFor);
    const other = new TestBrowser(w.service.origin);
    const fresh = await other.get(w.wish());
    const old = await other.submit(fresh, { name: bob.userPrincipalName, password: bob.password });
    assert.equal(old.status, 401);
    const { rows } = await readDirectoryAudits(w.service.database.read, w.tenantId, { limit: 1 });
    assert.deepEqual(
      [rows[0]?.activity.name, rows[0]?.targets[0]?.id, rows[0]?.initiatedBy.kind],
      ['Change user password', bob.userId, 'user'],
    );
    assert.doesNotMatch(JSON.stringify(rows), /altogether/);
  });

  test('a disabled account is told so only with its right password, and its session ends at once', async () => {
    await using w = await world();
    await w.signIn(await w.browser.get(w.wish()));
    const { clock, database } = w.service;
    const key = { tenantId: w.tenantId, userId: w.alice.userId };
    await database.transaction((transaction) =>
      updateUser(transaction, { ...key, at: clock.now() }, { enabled: false }),
    );
    const page = await w.browser.get(w.wish());
    assert.equal(page.title, 'Sign in');
    assert.equal((await w.signIn(page, 'wrong one')).status, 401);
    const right = await w.signIn(page);
    assert.deepEqual([right.status, /account is disabled/.test(right.text)], [403, true]);
  });
});

describe('a session', () => {
  test('has a new id with each sign-in, which no cookie from before can fix (C14)', async () => {
    await using w = await world();
    const planted = 'A'.repeat(43);
    w.browser.cookies.set('__Host-innate-session', planted);
    await w.signIn(await w.browser.get(w.wish()));
    const first = w.browser.cookies.get('__Host-innate-session');
    assert.notEqual(first, planted);
    await w.signIn(await w.browser.get(w.wish({ prompt: 'login' })));
    const second = w.browser.cookies.get('__Host-innate-session');
    assert.notEqual(second, first);
    w.browser.cookies.set('__Host-innate-session', String(first));
    assert.equal((await w.browser.get(w.wish())).title, 'Sign in');
  });

  test('ends unused after two hours, used after twelve, with a revocation and with signing out', async () => {
    await using w = await world();
    const { clock, database } = w.service;
    const isSignedIn = async () => (await w.browser.get(w.wish())).leftFor !== undefined;
    const start = async () => w.signIn(await w.browser.get(w.wish()));
    await start();
    clock.advance(2 * 3_600_000 + 1);
    assert.equal(await isSignedIn(), false);
    await start();
    for (let hour = 1; hour < 12; hour += 1) {
      clock.advance(3_600_000);
      assert.equal(await isSignedIn(), true, `after ${hour} hours`);
    }
    clock.advance(3_600_000);
    assert.equal(await isSignedIn(), false);
    await start();
    const at = clock.now() + 1;
    const key = { tenantId: w.tenantId, userId: w.alice.userId, at };
    await database.transaction((transaction) => updateUser(transaction, key, { tokensValidFrom: at }));
    assert.equal(await isSignedIn(), false);
    clock.advance(10);
    await start();
    const out = await w.browser.get(`/${w.tenantId}/oauth2/v2.0/logout`);
    assert.equal(out.title, 'You are signed out');
    assert.equal(await isSignedIn(), false);
  });

  test('is not used where the application names somebody else, wants a fresh sign-in or a choice', async () => {
    await using w = await world();
    await w.signIn(await w.browser.get(w.wish()));
    const titles = async (changes: Record<string, string>) => (await w.browser.get(w.wish(changes))).title;
    assert.equal(await titles({ login_hint: 'bob@contoso.example' }), 'Sign in');
    assert.equal(await titles({ login_hint: 'ALICE@contoso.example' }), '');
    assert.equal(await titles({ prompt: 'login' }), 'Sign in');
    // a hint is no more: who signs in as somebody else is somebody else
    const hinted = await w.browser.get(w.wish({ login_hint: 'bob@contoso.example' }));
    assert.match(hinted.text, /value="bob@contoso\.example"/);
    assert.ok((await w.signIn(hinted)).leftFor);
    w.service.clock.advance(61_000);
    assert.equal(await titles({ max_age: '60' }), 'Sign in');
    const choose = await w.browser.get(w.wish({ prompt: 'select_account' }));
    assert.equal(choose.title, 'Choose an account');
    assert.ok((await w.browser.get(w.browser.link(choose, 'Alice'))).leftFor);
    assert.equal((await w.browser.get(w.browser.link(choose, 'another account'))).title, 'Sign in');
  });
});

describe('forms of the sign-in', () => {
  test('count only from our own pages in the same browser (C14)', async () => {
    await using w = await world();
    const page = await w.browser.get(w.wish());
    const fields = { name: w.alice.userPrincipalName, password: w.alice.password };
    for (const Origin of ['https://evil.example', 'null', 'http://127.0.0.1', '']) {
      assert.equal((await w.browser.submit(page, fields, { headers: { Origin } })).status, 403, Origin);
    }
    assert.equal((await w.browser.submit(page, { ...fields, form_token: 'x'.repeat(43) })).status, 403);
    assert.equal((await w.browser.submit(page, { ...fields, form_token: '' })).status, 403);
    const other = new TestBrowser(w.service.origin);
    assert.equal((await other.submit(page, fields)).status, 403);
    assert.equal(w.browser.cookies.has('__Host-innate-session'), false);
  });

  test('lead nowhere else: there is no open redirect', async () => {
    await using w = await world();
    const page = await w.browser.get(w.wish());
    const fields = { name: w.alice.userPrincipalName, password: w.alice.password };
    for (const onward of [
      'https://evil.example/',
      '//evil.example/x/oauth2/authorize',
      '/\\evil.example/oauth2/authorize',
      '/evil',
      '',
      'javascript:alert(1)',
      '/x/oauth2/authorize#https://evil.example',
      '/%zz/oauth2/authorize',
      '/%c3/oauth2/authorize',
    ]) {
      const answer = await w.browser.submit(page, { ...fields, continue: onward });
      assert.deepEqual([answer.status, answer.leftFor], [400, undefined], onward);
      const asked = await w.browser.get(`/sign-in?continue=${encodeURIComponent(onward)}`);
      assert.equal(asked.status, 400, onward);
    }
  });

  test('are on pages that load nothing and are framed by nobody', async () => {
    await using w = await world();
    for (const path of [w.wish(), '/device', w.wish({ client_id: 'x' })]) {
      const { headers, text } = await w.browser.get(path);
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.match(policy, /base-uri 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(headers.get('x-frame-options'), 'DENY');
      assert.equal(headers.get('referrer-policy'), 'same-origin');
      assert.match(headers.get('cache-control') ?? '', /no-store/);
      assert.doesNotMatch(text, /<script|<img|<link| src=|style="| on[a-z]+=/);
      for (const [, id] of text.matchAll(/<label for="([^"]+)"/g))
        assert.match(text, new RegExp(`id="${id}"`));
    }
  });
});

describe('an authorisation request', () => {
  test('that is not of a registered application or redirect is shown, and redirected nowhere', async () => {
    await using w = await world();
    const shown = async (changes: Record<string, string | undefined>, tenant?: string) => {
      const page = await w.browser.get(w.wish(changes, tenant));
      assert.equal(page.leftFor, undefined);
      assert.ok(page.status >= 400 && page.status < 500, String(page.status));
      return shownCode(page);
    };
    for (const redirect_uri of [
      'https://evil.example',
      'http://localhost.evil.example:8400',
      'http://localhost:8400@evil.example',
      'http://evil.example/http://localhost',
      'https://localhost:8400',
      'http://localhost:8400/other',
      'http://localhost:8400?x=1',
      'http://localhost:8400#x',
      'http://127.0.0.2:1',
      'javascript:alert(1)',
      'localhost',
      'HTTP://LOCALHOST:8400',
    ]) {
      assert.equal(await shown({ redirect_uri }), '50011', redirect_uri);
    }
    assert.equal(await shown({ redirect_uri: undefined }), '90014');
    assert.equal(await shown({ client_id: undefined }), '900144');
    assert.equal(await shown({ client_id: '11111111-1111-4111-8111-111111111111' }), '700016');
    assert.equal(await shown({ client_id: '<script>' }), '700016');
    assert.equal(await shown({}, 'nowhere.example'), '90002');
    assert.equal(await shown({}, 'no_tenant'), '900023');
    const twice = await w.browser.get(`${w.wish()}&state=again`);
    assert.equal(shownCode(twice), '9000411');
  });

  test('with any other fault is answered to the application', async () => {
    await using w = await world();
    const refused = async (changes: Record<string, string | undefined>) => {
      const { leftFor } = await w.browser.get(w.wish(changes));
      // tokens, had there been any, would have gone into the fragment, and so does their refusal
      const answer = leftFor?.hash ? new URLSearchParams(leftFor.hash.slice(1)) : leftFor?.searchParams;
      assert.equal(answer?.get('state'), 'a+b/c= &#ü');
      return `${answer?.get('error')} ${/AADSTS(\d+)/.exec(answer?.get('error_description') ?? '')?.[1]}`;
    };
    assert.equal(await refused({ response_type: 'token' }), 'unsupported_response_type 700051');
    assert.equal(await refused({ response_type: undefined }), 'invalid_request 900144');
    assert.equal(await refused({ code_challenge: undefined }), 'invalid_request 9002325');
    assert.equal(await refused({ code_challenge_method: 'plain' }), 'invalid_request 9002313');
    assert.equal(await refused({ code_challenge: 'short' }), 'invalid_request 9002313');
    assert.equal(await refused({ scope: undefined }), 'invalid_request 900144');
    assert.equal(await refused({ scope: 'https://a/b https://c/d' }), 'invalid_scope 28003');
    assert.equal(await refused({ prompt: 'none' }), 'login_required 50058');
    await w.signIn(await w.browser.get(w.wish()));
    assert.equal(await refused({ scope: 'https://nothing.example/.default' }), 'invalid_resource 500011');
    assert.equal(
      await refused({ prompt: 'none', login_hint: 'bob@contoso.example' }),
      'interaction_required 16000',
    );
    assert.ok((await w.browser.get(w.wish({ prompt: 'none' }))).leftFor?.searchParams.get('code'));
  });

  test('of a tenant’s own web application is answered by form, with an id token where it is enabled', async () => {
    await using w = await world();
    const redirect = 'https://orders.example/signin-oidc';
    const plain = await makeApplication(w.service, w.tenantId, { web: { redirectUris: [redirect] } });
    const app = await makeApplication(w.service, w.tenantId, {
      web: { redirectUris: [redirect], implicitGrantSettings: { enableIdTokenIssuance: true } },
    });
    const hybrid = {
      ...{ redirect_uri: redirect, response_type: 'code id_token', response_mode: 'form_post' },
      ...{ scope: 'openid profile', nonce: '638.x-y', code_challenge: undefined },
      code_challenge_method: undefined,
    };
    const refused = await w.browser.get(w.wish({ ...hybrid, client_id: plain.clientId }));
    assert.match(refused.text, /name="error" value="unsupported_response_type"/);
    const page = await w.signIn(
      await w.browser.get(w.wish({ ...hybrid, client_id: app.clientId }, 'common')),
    );
    assert.equal(page.status, 200);
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /script-src 'sha256-[^']+'; form-action 'self' https:\/\/orders\.example;/);
    const field = (name: string) =>
      new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)?.[1] as string;
    const id = claimsOf(field('id_token'));
    assert.deepEqual([id['aud'], id['nonce'], id['oid']], [app.clientId, '638.x-y', w.alice.userId]);
    const digest = Buffer.from(challengeOf(field('code')), 'base64url');
    assert.equal(id['c_hash'], digest.subarray(0, 16).toString('base64url'));
    assert.match(page.text, /<form method="post" action="https:\/\/orders\.example\/signin-oidc">/);
  });

  test('may come as a form of another site: it is taken up again with the browser’s own cookies', async () => {
    await using w = await world();
    await w.signIn(await w.browser.get(w.wish()));
    const [path = '', query = ''] = w.wish({ state: 'posted' }).split('?');
    const page = await w.browser.post(path, query, { Origin: 'https://orders.example' });
    assert.equal(page.leftFor?.searchParams.get('state'), 'posted');
  });

  test('asks for consent where an API leaves it to people, and sends others to the administrator', async () => {
    await using w = await world();
    const redirect_uri = 'http://localhost';
    const client = await makeApplication(w.service, w.tenantId, {
      publicClient: { redirectUris: [redirect_uri] },
    });
    const scope = (value: string, type: string) => ({
      ...{ id: `11111111-1111-4111-8111-1111111111${value.length + 10}`, value, type, isEnabled: true },
      ...{ adminConsentDisplayName: value, adminConsentDescription: value },
      userConsentDisplayName: `Read <${value}>`,
    });
    const api = await makeApplication(w.service, w.tenantId, {
      api: { oauth2PermissionScopes: [scope('Read', 'User'), scope('Everything', 'Admin')] },
    });
    const wish = (name: string, more: Record<string, string> = {}) =>
      w.wish({
        client_id: client.clientId,
        redirect_uri,
        scope: `api://${api.clientId}/${name} openid`,
        ...more,
      });
    const page = await w.signIn(await w.browser.get(wish('Read')));
    assert.equal(page.title, 'Permissions');
    assert.match(page.text, /Read &#60;Read&#62;/);
    const silent = await w.browser.get(wish('Read', { prompt: 'none' }));
    assert.equal(silent.leftFor?.searchParams.get('error'), 'consent_required');
    const declined = await w.browser.submit(page, {}, { press: ['answer', 'decline'] });
    assert.equal(declined.leftFor?.searchParams.get('error'), 'access_denied');
    const accepted = await w.browser.submit(page, {}, { press: ['answer', 'accept'] });
    assert.ok(accepted.leftFor?.searchParams.get('code'));
    assert.ok((await w.browser.get(wish('Read'))).leftFor);
    const { rows } = await readDirectoryAudits(w.service.database.read, w.tenantId, { limit: 1 });
    assert.equal(rows[0]?.activity.name, 'Consent to application');
    assert.deepEqual(
      rows[0]?.targets.map(({ id }) => id),
      [client.principalId, api.principalId],
    );
    assert.deepEqual(rows[0]?.targets[0]?.modified, [
      { name: 'ConsentAction.Permissions', newValue: '"Read"' },
    ]);
    const everything = await w.browser.get(wish('Everything'));
    assert.equal(shownCode(everything), '90094');
    await grantForAll(w.service, client, api, 'Everything');
    assert.ok((await w.browser.get(wish('Everything'))).leftFor);
    const others = await w.browser.get(w.wish({ client_id: client.clientId, redirect_uri }));
    assert.equal(shownCode(others), '90094');
    await grantForAll(w.service, client, arm, 'user_impersonation');
    assert.ok((await w.browser.get(w.wish({ client_id: client.clientId, redirect_uri }))).leftFor);
  });
});

test('each sign-in is recorded, wrong passwords with their reason, and never a password', async () => {
  await using w = await world();
  const page = await w.browser.get(w.wish());
  await w.signIn(page, 'a wrong password', 'nobody@contoso.example');
  await w.signIn(page, 'a wrong password', 'my password in the wrong field');
  await w.signIn(page);
  const rows = await w.service.database.read
    .selectFrom('sign_ins')
    .selectAll()
    .orderBy('sign_in_id')
    .execute();
  const seen = rows.map((row) => {
    const { accountName, clientName } = JSON.parse(row.details) as Record<string, unknown>;
    return [row.kind, row.error_code, accountName, clientName].join(' ');
  });
  assert.deepEqual(seen.sort(), [
    'interactiveUser 0 alice@contoso.example Azure CLI',
    'interactiveUser 50126  Azure CLI',
    'interactiveUser 50126 nobody@contoso.example Azure CLI',
  ]);
  assert.doesNotMatch(JSON.stringify(rows), /wrong password|my password|correct horse/);
});

test('an application for those who are assigned to it lets nobody else sign in', async () => {
  await using w = await world();
  const redirect_uri = 'http://localhost';
  const app = await makeApplication(w.service, w.tenantId, {
    publicClient: { redirectUris: [redirect_uri] },
  });
  const { clientId, principalId, tenantId } = app;
  await w.service.database.transaction(async (transaction) => {
    const settings = JSON.stringify({ appRoleAssignmentRequired: true });
    await transaction
      .updateTable('principals')
      .set({ manifest: settings })
      .where('tenant_id', '=', tenantId)
      .where('principal_id', '=', principalId)
      .execute();
    await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at: 1 });
  });
  const wish = w.wish({ client_id: clientId, redirect_uri, scope: 'openid' });
  const page = await w.signIn(await w.browser.get(wish));
  assert.deepEqual([shownCode(page), page.leftFor], ['50105', undefined]);
  await w.service.database.transaction(async (transaction) => {
    await transaction
      .insertInto('app_role_assignments')
      .values({
        ...{ assignment_id: 'a', tenant_id: tenantId, principal_id: w.alice.userId, principal_type: 'User' },
        ...{ resource_id: principalId, app_role_id: '00000000-0000-0000-0000-000000000000', created_at: 1 },
      })
      .execute();
    await recordChange(transaction, { tenantId, kind: 'app-roles', key: w.alice.userId, at: 1 });
  });
  assert.ok((await w.browser.get(wish)).leftFor);
});

test('signing out goes on to an address of the application that is named, and to no other', async () => {
  await using w = await world();
  const app = await makeApplication(w.service, w.tenantId, {
    web: { redirectUris: ['https://orders.example/out'] },
  });
  const out = async (parameters: Record<string, string>) =>
    (await w.browser.get(`/${w.tenantId}/oauth2/v2.0/logout?${new URLSearchParams(parameters)}`)).leftFor
      ?.href;
  const post_logout_redirect_uri = 'https://orders.example/out';
  const client_id = app.clientId;
  assert.equal(
    await out({ post_logout_redirect_uri, client_id, state: 'x y' }),
    'https://orders.example/out?state=x%20y',
  );
  assert.equal(await out({ post_logout_redirect_uri }), undefined);
  assert.equal(await out({ post_logout_redirect_uri, client_id: azureCli }), undefined);
  for (const uri of ['https://orders.example/out/', 'https://orders.example/out?x', 'https://evil.example']) {
    assert.equal(await out({ post_logout_redirect_uri: uri, client_id }), undefined);
  }
});
