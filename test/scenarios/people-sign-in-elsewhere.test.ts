import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { systemClock } from '../../src/foundation/clock.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import { readDirectoryAudits } from '../../src/server/audit/directory-audits.ts';
import { updateUser } from '../../src/server/directory/user-store.ts';
import { readUpstreamFile, type UpstreamProvider } from '../../src/server/sign-in/upstream-config.ts';
import { TestBrowser } from '../support/browser.ts';
import { type OpenidProvider, openidProvider } from '../support/openid-provider.ts';
import { azureCli, challengeOf, makePerson, verifier } from '../support/people.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testTokenService } from '../support/token-service.ts';

async function world(changes: Partial<UpstreamProvider> = {}) {
  await using stack = new AsyncDisposableStack();
  const provider = stack.use(await openidProvider(changes));
  const service = stack.use(await testTokenService({ upstream: [provider.upstream] }));
  service.clock.set(systemClock.now());
  const tenantId = await service.tenant('contoso.example');
  const parts = stack.move();
  return { provider, service, tenantId, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

function wishOf(tenantId: TenantId): string {
  return `/${tenantId}/oauth2/v2.0/authorize?${new URLSearchParams({
    ...{ client_id: azureCli, response_type: 'code', redirect_uri: 'http://localhost:1', scope: 'openid' },
    ...{ code_challenge: challengeOf(verifier), code_challenge_method: 'S256', prompt: 'login' },
  })}`;
}

/** Goes to the provider by the button, and stops there. */
async function toProvider(browser: TestBrowser, tenantId: TenantId): Promise<URL> {
  const page = await browser.get(wishOf(tenantId));
  const { leftFor } = await browser.get(browser.link(page, 'Example Corp'));
  assert.ok(leftFor);
  return leftFor;
}

async function signIn(
  w: { service: { origin: string }; provider: OpenidProvider; tenantId: TenantId },
  browser = new TestBrowser(w.service.origin),
) {
  return await browser.get(w.provider.visit(await toProvider(browser, w.tenantId)));
}

describe('a person with an account elsewhere', () => {
  test('signs in by it, is linked by issuer and subject, and stays the same when the address changes', async () => {
    await using w = await world();
    const alice = await makePerson(w.service, w.tenantId, 'alice@contoso.example');
    w.provider.account = { sub: 's-1', email: 'Alice@contoso.example', email_verified: true };
    const page = await signIn(w);
    assert.ok(page.leftFor?.searchParams.get('code'), page.text);
    const sessions = await w.service.database.read.selectFrom('sign_in_sessions').selectAll().execute();
    assert.deepEqual([sessions[0]?.user_id, sessions[0]?.methods], [alice.userId, '["fed"]']);
    w.provider.account = { sub: 's-1', email: 'bob@contoso.example', email_verified: true };
    assert.ok((await signIn(w)).leftFor);
    const linked = await w.service.database.read.selectFrom('upstream_accounts').selectAll().execute();
    assert.deepEqual(
      linked.map(({ subject, user_id }) => [subject, user_id]),
      [['s-1', alice.userId]],
    );
    const { rows } = await readDirectoryAudits(w.service.database.read, w.tenantId, { limit: 10 });
    const linking = rows.filter(({ targets }) => targets[0]?.id === alice.userId);
    assert.deepEqual(
      linking.map(({ activity, targets }) => [activity.name, targets[0]?.modified[0]?.name]),
      [['Update user', 'UpstreamAccount']],
    );
  });

  test('is sent with PKCE, a nonce and a state', async () => {
    await using w = await world();
    const { searchParams } = await toProvider(new TestBrowser(w.service.origin), w.tenantId);
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.equal(
      searchParams.get('redirect_uri'),
      'https://login.microsoftonline.com/sign-in/upstream/corp/callback',
    );
    for (const name of ['code_challenge', 'nonce', 'state'])
      assert.ok((searchParams.get(name) ?? '').length >= 43);
  });

  test('is nobody here without a verified address of a domain that the provider vouches for', async () => {
    await using w = await world({ createUsers: true });
    await makePerson(w.service, w.tenantId, 'alice@contoso.example');
    for (const account of [
      { sub: 'a', email: 'alice@contoso.example' },
      { sub: 'b', email: 'alice@contoso.example', email_verified: 'true' },
      { sub: 'c', email: 'alice@evil.example', email_verified: true },
      { sub: 'd', email: 'alice@contoso.example@evil.example', email_verified: true },
      { sub: 'e', preferred_username: 'alice@contoso.example' },
      { sub: 'f', email: '\u0430lice@contoso.example', email_verified: true },
      { sub: 'g', email: '@contoso.example', email_verified: true },
      { sub: 'h', email: 'a b@contoso.example', email_verified: true },
      { sub: 'alice@contoso.example' },
    ]) {
      w.provider.account = account;
      const page = await signIn(w);
      assert.deepEqual([page.status, page.leftFor], [403, undefined], JSON.stringify(account));
      assert.match(page.text, /not known in this directory/);
    }
  });

  test('is put into the directory where that is wanted, and not where it is not', async () => {
    await using closed = await world();
    closed.provider.account = { sub: 'n', email: 'new@contoso.example', email_verified: true, name: 'New' };
    assert.equal((await signIn(closed)).status, 403);
    await using open = await world({ createUsers: true });
    open.provider.account = closed.provider.account;
    assert.ok((await signIn(open)).leftFor);
    const users = await open.service.database.read.selectFrom('users').selectAll().execute();
    assert.deepEqual(
      users.map(({ user_principal_name, display_name }) => [user_principal_name, display_name]),
      [['new@contoso.example', 'New']],
    );
  });

  test('does not get in while the account here is disabled', async () => {
    await using w = await world();
    const { tenantId, userId } = await makePerson(w.service, w.tenantId, 'alice@contoso.example');
    await w.service.database.transaction((transaction) =>
      updateUser(transaction, { tenantId, userId, at: 1 }, { enabled: false }),
    );
    w.provider.account = { sub: 's-1', email: 'alice@contoso.example', email_verified: true };
    assert.match((await signIn(w)).text, /AADSTS50057/);
  });
});

test('a provider that does not answer is said to be out of reach, and asked again the next time', async () => {
  await using w = await world();
  await makePerson(w.service, w.tenantId, 'alice@contoso.example');
  const browser = new TestBrowser(w.service.origin);
  const button = async () => browser.link(await browser.get(wishOf(w.tenantId)), 'Example Corp');
  w.provider.spoil = { status: 500 };
  const page = await browser.get(await button());
  assert.deepEqual([page.status, /cannot be reached/.test(page.text)], [503, true]);
  w.provider.spoil = {};
  assert.ok((await browser.get(await button())).leftFor);
});

describe('an answer of a provider', () => {
  test('that is altered, stale, for another or signed by a stranger is refused', async () => {
    await using w = await world();
    await makePerson(w.service, w.tenantId, 'alice@contoso.example');
    w.provider.account = { sub: 's-1', email: 'alice@contoso.example', email_verified: true };
    const past = Math.floor(systemClock.now() / 1000) - 3600;
    for (const spoil of [
      { claims: { nonce: 'another' } },
      { claims: { aud: 'another' } },
      { claims: { iss: 'https://evil.example' } },
      { claims: { exp: past } },
      { claims: { sub: '' } },
      { signer: 'stranger' as const },
    ]) {
      w.provider.spoil = spoil;
      const page = await signIn(w);
      assert.deepEqual([page.status, page.leftFor], [400, undefined], JSON.stringify(spoil));
      assert.match(page.text, /does not hold/);
    }
  });

  test('counts only in the browser that asked, once, and with the state it was asked with (C14)', async () => {
    await using w = await world();
    await makePerson(w.service, w.tenantId, 'alice@contoso.example');
    w.provider.account = { sub: 's-1', email: 'alice@contoso.example', email_verified: true };
    const browser = new TestBrowser(w.service.origin);
    const back = w.provider.visit(await toProvider(browser, w.tenantId));
    const other = new TestBrowser(w.service.origin);
    assert.equal((await other.get(back)).status, 400);
    const planted = new TestBrowser(w.service.origin);
    await toProvider(planted, w.tenantId);
    assert.equal((await planted.get(back)).status, 400);
    const url = new URL(back, 'https://x.example');
    const [onward = '', digest] = (url.searchParams.get('state') ?? '').split('.');
    const elsewhere = Buffer.from(Buffer.from(onward, 'base64url').toString().replace('openid', 'profile'));
    url.searchParams.set('state', `${elsewhere.toString('base64url')}.${digest}`);
    assert.equal((await browser.get(`${url.pathname}${url.search}`)).status, 400);
    const again = w.provider.visit(await toProvider(browser, w.tenantId));
    assert.ok((await browser.get(again)).leftFor);
    assert.equal((await browser.get(again)).status, 400);
    assert.equal((await browser.get('/sign-in/upstream/nobody?continue=%2Fdevice%2Fconfirm')).status, 404);
    assert.equal((await browser.get('/sign-in/upstream/corp')).status, 400);
  });
});

test('the file of providers is read with the secrets it names, and refused in one sentence', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('secret'), 'hush\n');
  const provider = {
    ...{ name: 'corp', label: 'Corp', issuer: 'https://idp.example', clientId: 'c' },
    ...{ clientSecretFile: 'secret', domains: ['contoso.example'] },
  };
  const read = async (document: unknown) => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    await writeFile(folder.file('upstream.json'), text);
    return await readUpstreamFile(folder.file('upstream.json'));
  };
  const [good] = await read({ providers: [provider] });
  assert.deepEqual([good?.clientSecret, good?.createUsers, good?.ca], ['hush', false, undefined]);
  for (const [document, sentence] of [
    ['{', /is not JSON/],
    [{ providers: [] }, /'providers'/],
    [{ providers: [{ ...provider, issuer: 'http://idp.example' }] }, /'providers\.0\.issuer'/],
    [{ providers: [{ ...provider, clientSecret: 'x' }] }, /'providers\.0'/],
    [{ providers: [{ ...provider, domains: ['*'] }] }, /is a domain/],
    [{ providers: [provider, provider] }, /one name/],
    [{ providers: [{ ...provider, clientSecretFile: 'nothing' }] }, /cannot be read/],
  ] as const) {
    await assert.rejects(read(document), sentence);
  }
  await assert.rejects(readUpstreamFile(folder.file('nothing')), /cannot be read/);
});
