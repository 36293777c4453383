import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestBrowser } from '../support/browser.ts';
import { startInnate } from '../support/innate.ts';
import { Operator, type Reply, toLogin } from '../support/operator.ts';
import { challengeOf, verifier } from '../support/people.ts';

const arm = '797f4846-ba00-4fd7-ba43-dac1f8f63013';
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const name = 'alice@innate.internal';
const password = 'several words of Alice';

test('an administrator makes a person and an application in Graph and grants it a permission; the person signs in and works, until either is taken away', async () => {
  await using innate = await startInnate();
  using operator = new Operator(innate.ready);
  const { endpoints, subscriptionId, tenantId } = innate.ready;
  const login = new URL(endpoints.login).host;

  async function graph(method: string, path: string, body?: unknown): Promise<Reply> {
    return await operator.call({
      host: new URL(endpoints.graph).host,
      ...{ method, path: `/v1.0/${path}` },
      headers: {
        authorization: `Bearer ${await operator.token(endpoints.graph)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
  const made = async (path: string, body: unknown) => {
    const reply = await graph('POST', path, body);
    assert.equal(reply.status, 201, reply.body);
    return reply.json();
  };
  const token = (form: Record<string, string>) =>
    operator.call({
      ...{ host: login, method: 'POST', path: `/${tenantId}/oauth2/v2.0/token` },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
  const subscriptions = (accessToken: string) =>
    operator.call({
      host: new URL(endpoints.management).host,
      path: '/subscriptions?api-version=2022-12-01',
      headers: { authorization: `Bearer ${accessToken}` },
    });

  const { id: userId } = await made('users', {
    ...{ accountEnabled: true, displayName: 'Alice', mailNickname: 'alice', userPrincipalName: name },
    passwordProfile: { password, forceChangePasswordNextSignIn: false },
  });
  const app = await made('applications', {
    displayName: 'Reports',
    publicClient: { redirectUris: ['http://localhost/back'] },
  });
  const client = { client_id: String(app.appId) };
  const { id: clientPrincipal } = await made('servicePrincipals', { appId: app.appId });
  const { id: resourceId } = (await graph('GET', `servicePrincipals(appId='${arm}')`)).json();
  const scope = 'https://management.azure.com/user_impersonation offline_access openid';
  const wish = `/${tenantId}/oauth2/v2.0/authorize?${new URLSearchParams({
    ...{ ...client, response_type: 'code', redirect_uri: 'http://localhost:8/back', scope },
    ...{ code_challenge: challengeOf(verifier), code_challenge_method: 'S256' },
  })}`;
  const browser = new TestBrowser(login, toLogin(operator, login));

  const early = await browser.submit(await browser.get(wish), { name, password });
  assert.match(early.text, /AADSTS90094/);
  const { id: grantId } = await made('oauth2PermissionGrants', {
    ...{ clientId: clientPrincipal, consentType: 'AllPrincipals', resourceId, scope: 'user_impersonation' },
  });
  const code = (await browser.get(wish)).leftFor?.searchParams.get('code');
  const first = await token({
    ...{ ...client, grant_type: 'authorization_code', redirect_uri: 'http://localhost:8/back' },
    ...{ code_verifier: verifier, code: String(code) },
  });
  assert.equal(first.status, 200, first.body);
  const { access_token: accessToken, refresh_token: refreshToken } = first.json();
  assert.deepEqual((await subscriptions(accessToken)).json().value, []);
  const assignment = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`;
  await operator.arm('PUT', `${assignment}?api-version=2022-04-01`, {
    properties: {
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
      ...{ principalId: userId, principalType: 'User' },
    },
  });
  assert.equal((await subscriptions(accessToken)).json().value[0].subscriptionId, subscriptionId);

  const refresh = { ...client, grant_type: 'refresh_token', refresh_token: String(refreshToken), scope };
  assert.equal((await graph('DELETE', `oauth2PermissionGrants/${grantId}`)).status, 204);
  assert.deepEqual((await token(refresh)).json().error_codes, [65001]);

  assert.equal((await graph('PATCH', `users/${userId}`, { accountEnabled: false })).status, 204);
  assert.equal((await subscriptions(accessToken)).status, 401);
  assert.deepEqual((await token(refresh)).json().error_codes, [50057]);
  assert.equal((await browser.get(wish)).title, 'Sign in');
});
