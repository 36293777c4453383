import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import * as jose from 'jose';
import { eventTypes, pollMethod, pushMethod, verificationEvent } from '../../src/contract/shared-signals.ts';
import { type TestDeployment, testDeployment } from '../support/deployment.ts';
import { eventually } from '../support/eventually.ts';
import { type HttpsSite, httpsSite } from '../support/https-site.ts';

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers of every shape
  readonly body: any;
}

interface Received {
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly set: string;
}

describe('the Shared Signals transmitter (SSF 1.0, RFC 8935, RFC 8936)', () => {
  let site: HttpsSite;
  let deployment: TestDeployment;
  let tenantId: string;
  const received: Received[] = [];
  /** Statuses that the receiver answers next; 202 when there are none. */
  const statuses: number[] = [];
  before(async () => {
    site = await httpsSite(async (request, response) => {
      let set = '';
      request.on('data', (part) => (set += part));
      await once(request, 'end');
      const { authorization } = request.headers;
      const status = statuses.shift() ?? 202;
      if (status === 202) received.push({ authorization, contentType: request.headers['content-type'], set });
      response.writeHead(status).end();
    });
    setDefaultCACertificates([...getCACertificates(), site.ca]);
    deployment = await testDeployment({ allowIssuer: `localhost:${site.port}` });
    tenantId = deployment.server.operator.tenantId;
  });
  after(async () => {
    await deployment?.[Symbol.asyncDispose]();
    await site?.[Symbol.asyncDispose]();
  });

  const login = 'login.microsoftonline.com';

  async function tokenFor(
    { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string },
    resource = 'https://graph.microsoft.com',
  ): Promise<string> {
    const answer = await deployment.call({
      name: login,
      method: 'POST',
      path: `/${tenantId}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${resource}/.default`,
      }).toString(),
    });
    return String(JSON.parse(answer.body)['access_token']);
  }

  async function call(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
    const bearer = token ?? (await tokenFor(deployment.server.operator));
    const answer = await deployment.call({
      name: login,
      method,
      path: path.startsWith('/.') ? path : `/${tenantId}/ssf/${path}`,
      headers: {
        ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: answer.status, body: answer.body === '' ? undefined : JSON.parse(answer.body) };
  }

  /** What a receiver does: the key set by the metadata, then signature, type, issuer and audience. */
  async function verified(
    set: string,
  ): Promise<jose.JWTPayload & { readonly sub_id: { readonly sub: string } }> {
    const { body: metadata } = await call(
      'GET',
      `/.well-known/ssf-configuration/${tenantId}/v2.0`,
      undefined,
      '',
    );
    const { pathname } = new URL(metadata.jwks_uri);
    const keys = await deployment.call({ name: login, method: 'GET', path: pathname });
    const { payload } = await jose.jwtVerify(set, jose.createLocalJWKSet(JSON.parse(keys.body)), {
      typ: 'secevent+jwt',
      issuer: metadata.issuer,
      audience: deployment.server.operator.clientId,
      algorithms: ['RS256'],
    });
    assert.ok(payload.jti !== undefined && payload.iat !== undefined);
    assert.equal(payload.exp ?? payload.sub, undefined);
    return payload as never;
  }
  const typesOf = (payload: jose.JWTPayload) => Object.keys(payload['events'] as object);

  const createStream = async (delivery: object, more: object = {}) => {
    const { status, body } = await call('POST', 'streams', { delivery, ...more });
    assert.equal(status, 201, JSON.stringify(body));
    return body as { stream_id: string; delivery: { endpoint_url: string }; aud: string };
  };
  const revokeTokens = (principalId: string) =>
    deployment.arm('POST', '/providers/Innate.Tokens/revokeTokens?api-version=2026-11-01', { principalId });

  test('a receiver has the event of a deleted machine pushed to it, through failures, and verifies it (V7)', async () => {
    const secret = 'Bearer of-the-receiver-alone';
    const { resourceId, principalId } = await deployment.virtualMachine('told');
    const stream = await createStream({
      method: pushMethod,
      endpoint_url: `https://localhost:${site.port}/events`,
      authorization_header: secret,
    });
    const shown = await call('GET', `streams?stream_id=${stream.stream_id}`);
    assert.deepEqual(Object.keys(shown.body.delivery), ['method', 'endpoint_url'], 'its secret is not shown');
    statuses.push(503);
    await deployment.arm('DELETE', resourceId);
    const events = await eventually(async () => {
      const sets = await Promise.all(received.map(({ set }) => verified(set)));
      const about = sets.filter(({ sub_id }) => sub_id.sub === principalId);
      return about.length >= 2 ? about : undefined;
    });
    assert.deepEqual(
      events.flatMap(typesOf).sort(),
      [eventTypes.accountPurged, eventTypes.sessionRevoked].sort(),
    );
    assert.equal(new Set(events.map(({ jti }) => jti)).size, 2, 'each once');
    for (const { authorization, contentType } of received) {
      assert.deepEqual([authorization, contentType], [secret, 'application/secevent+jwt']);
    }
    assert.ok(!deployment.log.text().includes(secret));
    assert.ok(!readFileSync(deployment.folder.file('data/innate.db')).includes(secret), 'sealed at rest');
    assert.equal((await call('DELETE', `streams?stream_id=${stream.stream_id}`)).status, 204);
  });

  test('an event token is no access token anywhere (T9)', async () => {
    const [{ set } = { set: '' }] = received;
    await verified(set);
    for (const [name, path] of [
      ['management.azure.com', '/subscriptions?api-version=2022-12-01'],
      ['graph.microsoft.com', '/v1.0/servicePrincipals'],
      [login, `/${tenantId}/ssf/streams`],
    ] as const) {
      const answer = await deployment.call({
        name,
        method: 'GET',
        path,
        headers: { authorization: `Bearer ${set}` },
      });
      assert.equal(answer.status, 401, name);
    }
  });

  test('a receiver comes for events, gets each until it acknowledges it, and waits for the next', async () => {
    const { resourceId, principalId } = await deployment.virtualMachine('polled');
    const stream = await createStream({ method: pollMethod });
    const poll = async (request: object) => {
      const { status, body } = await call('POST', `poll/${stream.stream_id}`, request);
      assert.equal(status, 200, JSON.stringify(body));
      return body as { sets: Record<string, string>; moreAvailable: boolean };
    };
    assert.deepEqual(await poll({ returnImmediately: true }), { sets: {}, moreAvailable: false });

    const waiting = poll({});
    await revokeTokens(principalId);
    const first = await waiting;
    const [[jti, set] = ['', '']] = Object.entries(first.sets);
    const payload = await verified(set);
    assert.equal(payload.jti, jti);
    assert.deepEqual([typesOf(payload), payload.sub_id.sub], [[eventTypes.sessionRevoked], principalId]);
    assert.deepEqual(Object.keys((await poll({ returnImmediately: true })).sets), [jti]);
    assert.deepEqual(await poll({ ack: [jti], maxEvents: 0 }), { sets: {}, moreAvailable: false });

    const role = `${deployment.groupId}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`;
    await deployment.arm('PUT', `${role}?api-version=2022-04-01`, {
      properties: {
        roleDefinitionId:
          '/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7',
        principalId,
        principalType: 'ServicePrincipal',
      },
    });
    await deployment.arm('DELETE', `${role}?api-version=2022-04-01`);
    await deployment.arm('DELETE', resourceId);
    const all = await eventually(async () => {
      const { sets } = await poll({ returnImmediately: true });
      const found = await Promise.all(Object.values(sets).map(verified));
      return found.flatMap(typesOf).includes(eventTypes.accountPurged) ? found : undefined;
    });
    const types = new Set(all.flatMap(typesOf));
    assert.ok(types.has(eventTypes.tokenClaimsChange) || types.has(eventTypes.accountPurged));
    const one = await poll({ maxEvents: 1, returnImmediately: true });
    assert.deepEqual([Object.keys(one.sets).length, one.moreAvailable], [1, true]);
    const setErrs = Object.fromEntries(all.map((event) => [event.jti, { err: 'invalid_request' }]));
    assert.deepEqual(await poll({ setErrs, returnImmediately: true }), { sets: {}, moreAvailable: false });
    assert.equal((await call('DELETE', `streams?stream_id=${stream.stream_id}`)).status, 204);
  });

  test('a receiver chooses events and subjects, pauses, and verifies its stream', async () => {
    const { principalId } = await deployment.virtualMachine('chosen');
    const { stream_id } = await createStream(
      { method: pollMethod },
      { events_requested: [eventTypes.sessionRevoked, 'https://example.com/unknown'] },
    );
    const sets = async () =>
      Object.values(
        (await call('POST', `poll/${stream_id}`, { returnImmediately: true })).body.sets as object,
      );
    const shown = (await call('GET', `streams?stream_id=${stream_id}`)).body;
    assert.deepEqual(shown.events_delivered, [eventTypes.sessionRevoked]);

    const subject = { format: 'opaque', id: principalId };
    assert.equal((await call('POST', 'subjects/remove', { stream_id, subject })).status, 204);
    await revokeTokens(principalId);
    const state = 'a state';
    assert.equal((await call('POST', 'verify', { stream_id, state })).status, 204);
    assert.equal((await call('POST', 'verify', { stream_id, state })).status, 429);
    const [verification = ''] = await eventually(async () => {
      const found = await sets();
      return found.length > 0 ? found : undefined;
    });
    const events = (await verified(verification))['events'] as Record<string, unknown>;
    assert.deepEqual(events, { [verificationEvent]: { state } });

    assert.equal((await call('POST', 'subjects/add', { stream_id, subject })).status, 200);
    assert.equal((await call('POST', 'status', { stream_id, status: 'paused' })).status, 200);
    await revokeTokens(principalId);
    assert.deepEqual(await sets(), [], 'nothing is given out, and nothing is lost');
    assert.equal((await call('GET', `status?stream_id=${stream_id}`)).body.status, 'paused');
    assert.equal((await call('POST', 'status', { stream_id, status: 'enabled' })).status, 200);
    await eventually(async () => {
      const found = await Promise.all((await sets()).map((set) => verified(String(set))));
      return found.some((event) => typesOf(event).includes(eventTypes.sessionRevoked)) || undefined;
    });
    const changed = await call('PATCH', 'streams', { stream_id, description: 'ours' });
    assert.deepEqual([changed.body.description, changed.body.events_delivered.length], ['ours', 1]);
    const replaced = await call('PUT', 'streams', { stream_id, delivery: { method: pollMethod } });
    assert.deepEqual([replaced.body.description, replaced.body.events_delivered.length], [undefined, 6]);
    assert.equal((await call('DELETE', `streams?stream_id=${stream_id}`)).status, 204);
    assert.equal((await call('GET', `streams?stream_id=${stream_id}`)).status, 404);
  });

  test('nobody hears of a tenant without the permission, and no application sees the streams of another', async () => {
    const { stream_id } = await createStream({ method: pollMethod });
    const { resourceId } = await deployment.virtualMachine('outsider');
    await using agent = await deployment.agent();
    await agent.enrol(await deployment.joinToken(resourceId));
    await using endpoint = await agent.openEndpoint(resourceId, { kind: 'tcp' });
    const query = new URLSearchParams({
      'api-version': '2018-02-01',
      resource: 'https://graph.microsoft.com',
    });
    const answer = await fetch(`${endpoint.origin}/metadata/identity/oauth2/token?${query}`, {
      headers: { metadata: 'true' },
    });
    const { access_token: outsider } = (await answer.json()) as { access_token: string };
    const vault = await tokenFor(deployment.server.operator, 'https://vault.azure.net');
    for (const [token, status] of [
      ['', 401],
      [vault, 401],
      [outsider, 403],
    ] as const) {
      assert.equal(
        (await call('GET', `streams?stream_id=${stream_id}`, undefined, token)).status,
        status || 401,
      );
      assert.equal((await call('POST', 'streams', '{', token)).status, status, 'whatever the body is');
      assert.equal((await call('POST', `poll/${stream_id}`, {}, token)).status, status);
    }
    assert.equal((await call('GET', 'streams')).body.length, 1);
  });

  test('what is no request is refused with its reason, and nothing is half done', async () => {
    const push = (endpoint_url: unknown) => ({ delivery: { method: pushMethod, endpoint_url } });
    for (const body of [
      push('http://localhost/events'),
      push('nonsense'),
      push(`https://x/${'a'.repeat(3000)}`),
      { delivery: { method: 'urn:other' } },
      { events_requested: 'all' },
      { delivery: { ...push('https://localhost/').delivery, authorization_header: 'a\r\nb: c' } },
    ]) {
      assert.equal((await call('POST', 'streams', body)).status, 400, JSON.stringify(body));
    }
    const before = (await call('GET', 'streams')).body.length;
    for (let made = before; made < 10; made += 1) await createStream({ method: pollMethod });
    assert.equal((await call('POST', 'streams', {})).status, 400, 'an eleventh');
    assert.equal((await call('POST', 'status', { stream_id: 'x', status: 'paused' })).status, 404);
    assert.equal((await call('GET', 'status')).status, 400);
  });
});
