import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { formOf, TestBrowser } from '../support/browser.ts';
import { azureCli, challengeOf, makePerson, verifier } from '../support/people.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

/** What no form of ours would send. */
const nasty = [
  ...[
    '',
    ' ',
    'x',
    '%',
    '%zz',
    '%00',
    '\0',
    '\r\nSet-Cookie: a=b',
    'é',
    '\u{1f389}',
    '<script>',
    "'",
    '"',
    '&',
    '#',
  ],
  ...[
    '../..',
    '//evil.example',
    '\\\\evil.example',
    'javascript:1',
    'null',
    '-1',
    '1e999',
    '{}',
    '[]',
    'a'.repeat(5000),
  ],
  ...[
    '/%zz/oauth2/authorize',
    '/%c3/oauth2/authorize',
    '/x/oauth2/authorize',
    '/x/oauth2/authorize?client_id=%zz',
  ],
  `/organizations/oauth2/authorize?client_id=${azureCli}&redirect_uri=%zz`,
];

describe('whatever is sent to the sign-in is answered, and is no failure of ours', () => {
  let service: TestTokenService;
  let browser: TestBrowser;
  let token: string;
  before(async () => {
    service = await testTokenService();
    const tenantId = await service.tenant('contoso.example');
    await makePerson(service, tenantId, 'alice@contoso.example');
    browser = new TestBrowser(service.origin);
    token = formOf(await browser.get('/device')).fields.get('form_token') ?? '';
  });
  after(() => service[Symbol.asyncDispose]());

  const answered = (what: string, { status }: { readonly status: number }) =>
    assert.ok(status >= 200 && status < 500, `${status} to ${what}`);

  test('at the authorisation endpoint, in each parameter', async () => {
    const good = {
      ...{ client_id: azureCli, response_type: 'code', redirect_uri: 'http://localhost', scope: 'openid' },
      ...{ code_challenge: challengeOf(verifier), code_challenge_method: 'S256', state: 's', nonce: 'n' },
      ...{
        prompt: 'none',
        login_hint: 'a',
        max_age: '1',
        response_mode: 'query',
        resource: 'r',
        claims: '{}',
      },
    };
    for (const name of Object.keys(good)) {
      for (const value of nasty) {
        const query = new URLSearchParams({ ...good, [name]: value });
        answered(`${name}=${value}`, await browser.get(`/organizations/oauth2/v2.0/authorize?${query}`));
      }
    }
    for (const value of nasty) {
      const raw = value.replace(/[^!-~]/g, '');
      answered(
        `?${value}`,
        await browser.get(`/organizations/oauth2/authorize?client_id=${azureCli}&${raw}`),
      );
      const tenant = encodeURIComponent(value).slice(0, 500);
      answered(tenant, await browser.get(`/${tenant}x/oauth2/v2.0/authorize?client_id=${azureCli}`));
      const hints = new URLSearchParams({
        post_logout_redirect_uri: value,
        id_token_hint: value,
        client_id: value,
      });
      answered(`logout ${value}`, await browser.get(`/common/oauth2/logout?${hints}`));
    }
  });

  test('in each field of each form', async () => {
    const onward = `/organizations/oauth2/authorize?client_id=${azureCli}`;
    const forms: Readonly<Record<string, Record<string, string>>> = {
      '/sign-in/password': { continue: onward, name: 'a', password: 'b' },
      '/sign-in/new-password': { continue: onward, name: 'a', password: 'b', new_password: 'c', again: 'c' },
      '/sign-in/consent': { continue: onward, answer: 'accept' },
      '/device': { user_code: 'a' },
      '/device/confirm': { answer: 'approve' },
    };
    for (const [path, good] of Object.entries(forms)) {
      for (const name of ['form_token', ...Object.keys(good)]) {
        for (const value of nasty) {
          const body = new URLSearchParams({ form_token: token, ...good, [name]: value });
          answered(`${path} ${name}=${value}`, await browser.post(path, body.toString()));
        }
      }
    }
  });

  test('at the token endpoint and for devices, in each parameter of a person’s grants', async () => {
    const shared = { client_id: azureCli, scope: 'openid', client_info: '1', claims: '{}', resource: 'r' };
    const grants: readonly Record<string, string>[] = [
      { grant_type: 'authorization_code', code: 'c', redirect_uri: 'r', code_verifier: 'v' },
      { grant_type: 'refresh_token', refresh_token: 'r' },
      { grant_type: 'device_code', device_code: 'd', code: 'd' },
      {
        ...{ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', requested_token_use: 'on_behalf_of' },
        ...{ assertion: 'a', client_secret: 's' },
      },
    ];
    for (const grant of grants) {
      for (const name of Object.keys({ ...shared, ...grant })) {
        for (const value of nasty) {
          const form = { ...shared, ...grant, [name]: value };
          for (const tenant of ['organizations', 'contoso.example']) {
            const reply = await service.post(`/${tenant}/oauth2/v2.0/token`, form);
            answered(`${grant['grant_type']} ${name}=${value}`, reply);
          }
        }
      }
    }
    for (const name of Object.keys(shared)) {
      for (const value of nasty) {
        service.clock.advance(1000);
        const reply = await service.post('/contoso.example/oauth2/v2.0/devicecode', {
          ...shared,
          [name]: value,
        });
        answered(`devicecode ${name}=${value}`, reply);
      }
    }
  });
});
