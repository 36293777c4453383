import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { signClaims } from '../../src/agent/jws.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { type BrowserPage, type BrowserTransport, TestBrowser } from '../support/browser.ts';
import { type ComposedServer, composedServer, surfaceHosts } from '../support/composed-server.ts';
import { type Operator, type Reply, toLogin } from '../support/operator.ts';
import { azureCli, challengeOf } from '../support/people.ts';

const redirect = 'http://localhost:1234';
const canary = (name: string) => `canary-${name}-${systemRandomness.uuid()}`;

/** Whatever was secret in this run, by what it is, and whatever the server said when it refused. */
class Watch {
  readonly secrets = new Map<string, string>();
  readonly refusals: string[] = [];

  keep(name: string, text: unknown): string {
    assert.ok(typeof text === 'string' && text.length >= 8, `there is no ${name}: ${text}`);
    this.secrets.set(name, text);
    return text;
  }

  refused(reply: { readonly status: number; readonly body: string }): void {
    assert.ok(reply.status >= 400 && reply.status < 500, `${reply.status} ${reply.body}`);
    this.refusals.push(reply.body);
  }

  page({ text, status }: BrowserPage): void {
    this.refusals.push(`${status} ${text}`);
  }
}

test('no secret of a person or an application is in the log, the database, or an answer that refuses (H8)', async () => {
  await using server = await composedServer();
  const watch = new Watch();
  await people(server, watch);
  await devices(server, watch);
  await applications(server, watch);
  await strangers(server, watch);

  const log = server.deployment.log.text();
  const rows = everyValue(server.deployment.folder.file('data/innate.db'));
  assert.ok(watch.secrets.size >= 25, `only ${[...watch.secrets.keys()]}`);
  // what is no secret is there to be found
  assert.ok(log.includes('token-refused') && rows.some((text) => text.includes('bea@innate.internal')));
  const found: string[] = [];
  for (const [name, text] of watch.secrets) {
    const forms = formsOf(text);
    const within = (texts: readonly string[]) =>
      texts.some((one) => forms.some((form) => one.includes(form)));
    if (within([log])) found.push(`${name} in the log`);
    if (within(rows)) found.push(`${name} in the database`);
    if (within(watch.refusals)) found.push(`${name} in an answer that refuses`);
  }
  assert.deepEqual(found, []);
});

/** A person is made, mistypes, signs in, chooses another password, and their program gets and renews tokens. */
async function people({ operator, send }: ComposedServer, watch: Watch): Promise<void> {
  const first = watch.keep('first password', canary('first'));
  const made = await graph(operator, 'users', {
    ...{ accountEnabled: true, displayName: 'Bea', mailNickname: 'bea' },
    userPrincipalName: 'bea@innate.internal',
    passwordProfile: { password: first, forceChangePasswordNextSignIn: true },
  });
  assert.equal(made.status, 201, made.body);
  const weak = await graph(operator, 'users', {
    ...{ accountEnabled: true, displayName: 'x', mailNickname: 'x', userPrincipalName: 7 },
    passwordProfile: { password: watch.keep('password of nobody', canary('nobody')) },
  });
  watch.refused(weak);

  const transport: BrowserTransport = toLogin(operator, surfaceHosts.login);
  const browser = new TestBrowser(surfaceHosts.login, transport);
  const verifier = watch.keep('verifier', canary('verifier').padEnd(64, 'v'));
  const asked = new URLSearchParams({
    ...{ client_id: azureCli, response_type: 'code', redirect_uri: redirect, state: 's', prompt: 'login' },
    scope: 'https://management.azure.com/.default openid offline_access',
    ...{ code_challenge: challengeOf(verifier), code_challenge_method: 'S256' },
  });
  const begin = await browser.get(`/${operator.ready.tenantId}/oauth2/v2.0/authorize?${asked}`);
  const name = 'bea@innate.internal';
  const wrong = watch.keep('mistyped password', canary('mistyped'));
  const again = await browser.submit(begin, { name, password: wrong });
  watch.page(again);
  const expired = await browser.submit(again, { name, password: first });
  watch.page(expired);
  const second = watch.keep('chosen password', canary('chosen'));
  const differs = watch.keep('password that differs', canary('differs'));
  const retry = await browser.submit(expired, {
    name,
    password: first,
    new_password: second,
    again: differs,
  });
  watch.page(retry);
  const left = await browser.submit(retry, { name, password: first, new_password: second, again: second });
  const code = watch.keep('code', left.leftFor?.searchParams.get('code'));
  for (const [cookie, value] of browser.cookies) {
    // that of forms is on every page that holds one
    if (!cookie.endsWith('-form')) watch.keep(`cookie ${cookie}`, value);
  }

  const redeem = (form: Record<string, string>) => token(operator, { client_id: azureCli, ...form });
  const byCode = { grant_type: 'authorization_code', redirect_uri: redirect, code };
  watch.refused(await redeem({ ...byCode, code_verifier: canary('other').padEnd(64, 'v') }));
  const tokens = (await redeem({ ...byCode, code_verifier: verifier })).json();
  for (const kind of ['access_token', 'refresh_token', 'id_token'])
    watch.keep(`person’s ${kind}`, tokens[kind]);
  const renewal = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
  const renewed = (await redeem(renewal)).json();
  for (const kind of ['access_token', 'refresh_token']) watch.keep(`renewed ${kind}`, renewed[kind]);
  watch.refused(await redeem({ ...byCode, code_verifier: verifier }));
  watch.refused(await redeem({ ...renewal, refresh_token: `${tokens.refresh_token}x` }));
  watch.refused(await redeem({ ...renewal, scope: 'https://nowhere.example/.default' }));
  const { status, text } = await send({
    ...{
      host: surfaceHosts.graph,
      method: 'GET',
      path: `/oidc/userinfo?access_token=${tokens.access_token}`,
    },
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  watch.refused({ status, body: text });
}

async function devices({ operator }: ComposedServer, watch: Watch): Promise<void> {
  const started = await form(operator, `/${operator.ready.tenantId}/oauth2/v2.0/devicecode`, {
    client_id: azureCli,
    scope: 'openid',
  });
  const { device_code: deviceCode, user_code: userCode } = started.json();
  watch.keep('device code', deviceCode);
  watch.keep('user code', userCode);
  const grant = { grant_type: 'device_code', client_id: azureCli };
  watch.refused(await token(operator, { ...grant, device_code: deviceCode }));
  watch.refused(await token(operator, { ...grant, device_code: `${deviceCode}x` }));
  const browser = new TestBrowser(surfaceHosts.login, toLogin(operator, surfaceHosts.login));
  const page = await browser.get('/device');
  watch.page(await browser.submit(page, { user_code: 'BBBBBBBBB' }));
  assert.notEqual((await browser.submit(page, { user_code: userCode })).title, page.title);
}

/** An application’s secret, and what it shows in its place. */
async function applications({ operator }: ComposedServer, watch: Watch): Promise<void> {
  const application = (await graph(operator, 'applications', { displayName: 'orders' })).json();
  assert.equal((await graph(operator, 'servicePrincipals', { appId: application.appId })).status, 201);
  const added = (await graph(operator, `applications/${application.id}/addPassword`, {})).json();
  const secret = watch.keep('secret of an application', added.secretText);
  const client = { grant_type: 'client_credentials', client_id: application.appId };
  const vault = { ...client, scope: 'https://vault.azure.net/.default' };
  const good = await token(operator, { ...vault, client_secret: secret });
  watch.keep('token of an application', good.json().access_token);
  watch.refused(await token(operator, { ...vault, client_secret: watch.keep('guess', canary('guess')) }));
  watch.refused(await token(operator, { ...vault, scope: 'x y', client_secret: secret }));
  watch.refused(await token(operator, { ...client, client_secret: secret, client_assertion: secret }));
  const basic = Buffer.from(`${application.appId}:${watch.keep('guess in Basic', canary('basic'))}`).toString(
    'base64',
  );
  watch.refused(await token(operator, vault, { authorization: `Basic ${basic}` }));
  watch.keep('whole Basic', basic);

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const now = Math.floor(systemClock.now() / 1000);
  const claims = { sub: application.appId, jti: systemRandomness.uuid(), nbf: now, exp: now + 300 };
  const audience = `https://${surfaceHosts.login}/${operator.ready.tenantId}/v2.0`;
  const header = { typ: 'JWT', kid: 'k', 'x5t#S256': 'A'.repeat(43) };
  const assertions = {
    'client assertion': { ...claims, iss: application.appId, aud: audience },
    'token of another issuer': {
      ...claims,
      iss: 'https://issuer.example',
      aud: 'api://AzureADTokenExchange',
    },
  };
  for (const [name, shown] of Object.entries(assertions)) {
    const assertion = watch.keep(name, await signClaims(privateKey, header, shown));
    const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const proof = { client_assertion_type: jwtBearer, client_assertion: assertion };
    watch.refused(await token(operator, { ...vault, ...proof }));
    watch.refused(await token(operator, { ...vault, ...proof, client_assertion: `${assertion}.x` }));
  }

  const subject = await signClaims(privateKey, header, { ...claims, aud: application.appId });
  watch.refused(
    await token(operator, {
      ...{ ...vault, client_secret: secret, requested_token_use: 'on_behalf_of' },
      ...{ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' },
      assertion: watch.keep('token to act on behalf of', subject),
    }),
  );
  for (const action of ['introspect', 'revoke']) {
    const path = `/${operator.ready.tenantId}/oauth2/v2.0/${action}`;
    watch.refused(
      await form(operator, path, { client_id: application.appId, token: subject, client_secret: 'x' }),
    );
  }
}

/** What is no credential here, and bodies that are broken where the secret stands. */
async function strangers({ operator, send }: ComposedServer, watch: Watch): Promise<void> {
  const places = [
    [surfaceHosts.management, '/subscriptions?api-version=2022-12-01'],
    [surfaceHosts.graph, '/v1.0/users'],
    [surfaceHosts.vault, '/secrets/greeting?api-version=7.4'],
    [surfaceHosts.agents, `/machines/${systemRandomness.uuid()}/identities`],
    [surfaceHosts.login, `/${operator.ready.tenantId}/ssf/streams`],
    [surfaceHosts.login, `/${operator.ready.tenantId}/openid/userinfo`],
  ] as const;
  const secret = watch.keep('what is no token', canary('stranger'));
  const essence = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: secret })).toString(
    'base64url',
  );
  for (const [host, path] of places) {
    for (const scheme of ['Bearer', 'Basic', 'Proof', '']) {
      for (const text of [secret, `${essence}.${essence}.${secret}`]) {
        const request = { host, method: 'GET', path, headers: { authorization: `${scheme} ${text}`.trim() } };
        const { status, text: body } = await send(request);
        watch.refused({ status, body });
      }
    }
  }
  const value = watch.keep('value in a broken body', canary('value'));
  const vault = await operator.token('https://vault.azure.net');
  const directory = await operator.token('https://graph.microsoft.com');
  const bodies = [`{"value":"${value}"`, `{"value":"${value}",}`, `"${value}`, `["${value}"]`, value];
  for (const body of bodies) {
    for (const [host, method, path, bearer] of [
      [surfaceHosts.vault, 'PUT', '/secrets/other?api-version=7.4', vault],
      [surfaceHosts.graph, 'POST', '/v1.0/users', directory],
      [surfaceHosts.login, 'POST', `/${operator.ready.tenantId}/ssf/streams`, directory],
    ] as const) {
      const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
      const { status, text } = await send({ host, method, path, headers, body });
      watch.refused({ status, body: text });
    }
  }
}

async function graph(operator: Operator, path: string, body: object): Promise<Reply> {
  const authorization = `Bearer ${await operator.token('https://graph.microsoft.com')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const request = { host: surfaceHosts.graph, method: 'POST', path: `/v1.0/${path}`, headers };
  return await operator.call({ ...request, body: JSON.stringify(body) });
}

async function form(
  operator: Operator,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return await operator.call({
    ...{ host: surfaceHosts.login, method: 'POST', path },
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
}

async function token(operator: Operator, fields: Record<string, string>, headers = {}): Promise<Reply> {
  return await form(operator, `/${operator.ready.tenantId}/oauth2/v2.0/token`, fields, headers);
}

/** As it stands, and as it would stand inside other texts; of a signed text, what makes it one. */
function formsOf(text: string): readonly string[] {
  const [, signature] = /^[\w-]+\.[\w-]+\.([\w-]+)$/.exec(text) ?? [];
  const essential = signature ?? text;
  const octets = Buffer.from(essential);
  return [
    essential,
    octets.toString('base64').replace(/=+$/, ''),
    octets.toString('hex'),
    encodeURIComponent(essential),
  ];
}

/** Every value of every table, octets as Latin-1. */
function everyValue(file: string): readonly string[] {
  using database = new DatabaseSync(file, { readOnly: true });
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
  assert.ok(tables.length > 20);
  return tables.flatMap(({ name }) =>
    database
      .prepare(`select * from "${name}"`)
      .all()
      .flatMap((row) => Object.values(row))
      .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value))),
  );
}
