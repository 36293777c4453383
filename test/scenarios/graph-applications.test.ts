import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import type { TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import { makeClientKey, type TestTokenService, testTokenService } from '../support/token-service.ts';

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-/;

describe('applications through Graph', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let graph: TestGraph;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    graph = await testGraph(service, tenantId);
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const call: TestGraph['call'] = (...args) => graph.call(...args);
  const done = async (...args: Parameters<TestGraph['call']>) => {
    const reply = await call(...args);
    assert.ok(reply.status < 300, `${args[0]} ${args[1]}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  const refused = async (
    status: number,
    code: string | undefined,
    ...args: Parameters<TestGraph['call']>
  ): Promise<void> => {
    const reply = await call(...args);
    const shown = `${args[0]} ${args[1]}: ${JSON.stringify(reply.body)}`;
    assert.equal(reply.status, status, shown);
    if (code !== undefined) assert.equal(reply.body.error.code, code, shown);
  };
  const make = async (displayName: string, more: object = {}) =>
    await done('POST', '/v1.0/applications', { body: { displayName, ...more } });
  /** An application with its principal. */
  const makeClient = async (displayName: string, more: object = {}) => {
    const app = await make(displayName, more);
    const principal = await done('POST', '/v1.0/servicePrincipals', { body: { appId: app.appId } });
    return { app, principal };
  };
  const signIn = (clientId: string, secret: string, resource = 'https://vault.azure.net') =>
    service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret,
      scope: `${resource}/.default`,
    });

  test('are made, read by each of their names, changed and deleted', async () => {
    const created = await call('POST', '/v1.0/applications', {
      body: {
        displayName: 'orders',
        uniqueName: 'orders-1',
        web: { redirectUris: ['https://a.example/cb'] },
      },
    });
    assert.equal(created.status, 201);
    const app = created.body;
    assert.match(app.id, guid);
    assert.notEqual(app.id, app.appId);
    assert.equal(created.headers.get('location'), `https://graph.microsoft.com/v1.0/applications/${app.id}`);
    assert.equal(app.signInAudience, 'AzureADMyOrg');
    assert.deepEqual([app.passwordCredentials, app.keyCredentials], [[], []]);

    const [byAppId, byName] = [`(appId='${app.appId}')`, "(uniqueName='orders-1')"];
    for (const name of [`/${app.id}`, `/${app.id.toUpperCase()}`, byAppId, byName]) {
      assert.equal((await done('GET', `/v1.0/applications${name}`)).id, app.id);
    }
    const changed = await call('PATCH', `/v1.0/applications${byAppId}`, {
      body: { displayName: 'Orders', notes: 'n', web: { homePageUrl: 'https://a.example' } },
    });
    assert.equal(changed.status, 204);
    const read = await done('GET', `/beta/applications/${app.id}?$select=displayName,notes,web`);
    assert.deepEqual(Object.keys(read).sort(), ['@odata.context', 'displayName', 'notes', 'web']);
    assert.equal(read.web.homePageUrl, 'https://a.example');
    assert.deepEqual(read.web.redirectUris, ['https://a.example/cb']);

    assert.equal((await call('DELETE', `/v1.0/applications/${app.id}`)).status, 204);
    for (const name of [`/${app.id}`, byAppId, byName]) {
      await refused(404, 'Request_ResourceNotFound', 'GET', `/v1.0/applications${name}`);
      await refused(404, 'Request_ResourceNotFound', 'DELETE', `/v1.0/applications${name}`);
    }
  });

  test('are found by names in any script, in any case', async () => {
    const { app } = await makeClient('Bücher Ärger');
    for (const name of ['Bücher Ärger', 'BÜCHER ärger']) {
      const filter = encodeURIComponent(`displayName eq '${name}'`);
      for (const collection of ['applications', 'servicePrincipals']) {
        const [found] = (await done('GET', `/v1.0/${collection}?$filter=${filter}`)).value;
        assert.equal(found?.appId, app.appId, `${collection} ${name}`);
      }
    }
  });

  test('are made by a unique name where there is none yet, and changed where there is', async () => {
    const path = "/v1.0/applications(uniqueName='app-7')";
    const headers = { prefer: 'create-if-missing' };
    await refused(404, undefined, 'PATCH', path, { body: { displayName: 'seven' } });
    const made = await call('PATCH', path, { body: { displayName: 'seven' }, headers });
    assert.deepEqual([made.status, made.body.uniqueName], [201, 'app-7']);
    const again = await call('PATCH', path, { body: { displayName: 'Seven' }, headers });
    assert.equal(again.status, 204);
    const { appId, displayName } = await done('GET', path);
    assert.equal(displayName, 'Seven');

    const principal = `/v1.0/servicePrincipals(appId='${appId}')`;
    await refused(404, undefined, 'PATCH', principal, { body: { notes: 'n' } });
    const born = await call('PATCH', principal, { body: { notes: 'n' }, headers });
    assert.deepEqual([born.status, born.body.notes, born.body.appId], [201, 'n', appId]);
    assert.equal((await call('PATCH', principal, { body: { notes: 'm' }, headers })).status, 204);
    const nobody = `/v1.0/servicePrincipals(appId='${systemRandomness.uuid()}')`;
    await refused(400, 'NoBackingApplicationObject', 'PATCH', nobody, { body: {}, headers });
  });

  test('are found by the filters that tools use', async () => {
    const app = await make('findable app', { identifierUris: ['api://findable'], tags: ['one', 'two'] });
    await make("it's another", { tags: ['two'] });
    const found = async (filter: string, more = '') =>
      (await done('GET', `/v1.0/applications?$filter=${encodeURIComponent(filter)}${more}`)).value.map(
        (one: { id: string }) => one.id,
      );
    for (const filter of [
      `appId eq '${app.appId}'`,
      `appId in ('${app.appId}','x')`,
      `id eq '${app.id}'`,
      "displayName eq 'FINDABLE app'",
      "startswith(displayName,'findable')",
      "startsWith(displayName,'find') and tags/any(t:t eq 'one')",
      "identifierUris/any(s:s eq 'api://findable')",
      "identifierUris/any(x:startswith(x,'api://find'))",
      "tags/any(t: t eq 'one')",
      `not (displayName ne 'findable app')`,
      "identifierUris/$count gt 0 and displayName eq 'findable app'",
    ]) {
      assert.deepEqual(await found(filter), [app.id], filter);
    }
    assert.equal((await found("displayName eq 'it''s another'")).length, 1);
    assert.deepEqual(await found("identifierUris/any(s:s eq 'api://nobody')"), []);
    const search = encodeURIComponent('"displayName:findable"');
    assert.equal((await done('GET', `/v1.0/applications?$search=${search}`)).value[0].id, app.id);

    const counted = await done('GET', '/v1.0/applications?$count=true&$top=1');
    assert.equal(counted.value.length, 1);
    const count = await call('GET', '/v1.0/applications/$count');
    assert.deepEqual(
      [count.headers.get('content-type'), count.body],
      ['text/plain', String(counted['@odata.count'])],
    );

    const names: string[] = [];
    let next: string | undefined = '/v1.0/applications?$orderby=displayName%20desc&$top=2';
    while (next !== undefined) {
      const page: { value: { displayName: string }[]; '@odata.nextLink'?: string } = await done('GET', next);
      names.push(...page.value.map(({ displayName }) => displayName.toLowerCase()));
      next = page['@odata.nextLink']?.replace('https://graph.microsoft.com', '');
    }
    assert.deepEqual(names, [...names].sort().reverse());
    assert.equal(names.length, counted['@odata.count']);

    for (const filter of [
      'x',
      "appId eq 'a' or 1 eq 1",
      "nothing eq 'x'",
      "displayName eq 'a' and",
      "displayName eq ''' or ''''",
      `${'('.repeat(40)}displayName eq 'a'${')'.repeat(40)}`,
      'displayName eq',
      "displayName/x/y eq 'a'",
    ]) {
      const path = `/v1.0/applications?$filter=${encodeURIComponent(filter)}`;
      await refused(400, 'Request_UnsupportedQuery', 'GET', path);
    }
    await refused(400, undefined, 'GET', '/v1.0/applications?$orderby=displayName&$skiptoken=kx');
  });

  test('are shown with what they lead to where that is asked for, and not where it cannot be', async () => {
    const { app, principal } = await makeClient('expanded');
    const path = `/v1.0/applications/${app.id}`;
    const read = await done('GET', `${path}?$select=id&$expand=owners($select=id)`);
    assert.deepEqual(
      read.owners.map(({ id }: { id: string }) => id),
      [graph.administrator.principalId],
    );
    assert.deepEqual(Object.keys(read.owners[0]).sort(), ['@odata.type', 'id']);
    const filter = encodeURIComponent(`appId eq '${app.appId}'`);
    const [listed] = (
      await done('GET', `/v1.0/servicePrincipals?$filter=${filter}&$expand=appRoleAssignments,memberOf`)
    ).value;
    assert.deepEqual([listed.id, listed.appRoleAssignments, listed.memberOf], [principal.id, [], []]);
    for (const target of [
      `${path}?$expand=nothing`,
      `${path}?$expand=owners($filter=x)`,
      `${path}/owners?$expand=memberOf`,
    ]) {
      await refused(400, 'Request_UnsupportedQuery', 'GET', target);
    }
  });

  test('refuse what breaks their rules, and then nothing is done', async () => {
    const taken = await make('taken', { identifierUris: ['api://taken'] });
    const bad = 'Request_BadRequest';
    for (const [body, code] of [
      [{}, bad],
      [{ displayName: 7 }, bad],
      [{ displayName: 'x', appId: taken.appId }, bad],
      [{ displayName: 'x', nothing: 1 }, bad],
      [{ displayName: 'x', identifierUris: ['API://TAKEN/'] }, 'Request_MultipleObjectsWithSameKeyValue'],
      [{ displayName: 'x', identifierUris: [`api://${taken.appId}`] }, bad],
      [
        { displayName: 'x', identifierUris: ['https://Vault.Azure.net'] },
        'Request_MultipleObjectsWithSameKeyValue',
      ],
      [
        { displayName: 'x', identifierUris: ['https://acc.blob.core.windows.net'] },
        'Request_MultipleObjectsWithSameKeyValue',
      ],
      [{ displayName: 'x', web: { redirectUris: ['javascript:alert(1)'] } }, bad],
      [
        { displayName: 'x', keyCredentials: [{ type: 'AsymmetricX509Cert', usage: 'Verify', key: 'AAAA' }] },
        'InvalidCertificate',
      ],
      [[], bad],
      ['x', bad],
    ] as const) {
      await refused(400, code, 'POST', '/v1.0/applications', { body });
    }
    const role = {
      id: systemRandomness.uuid(),
      value: 'R',
      displayName: 'r',
      description: 'r',
      allowedMemberTypes: ['Application'],
      isEnabled: true,
    };
    const path = `/v1.0/applications/${taken.id}`;
    await done('PATCH', path, { body: { appRoles: [role] } });
    await refused(400, 'CannotDeleteOrUpdateEnabledEntitlement', 'PATCH', path, {
      body: { displayName: 'renamed', appRoles: [] },
    });
    assert.equal((await done('GET', path)).displayName, 'taken');
    assert.deepEqual((await done('GET', "/v1.0/applications?$filter=displayName eq 'x'")).value, []);
  });

  test('asked for at once under one name, or restored at once, come to be once', async () => {
    const statuses = async (count: number, ask: () => Promise<{ readonly status: number }>) =>
      (await Promise.all(Array.from({ length: count }, ask))).map(({ status }) => status).sort();
    const body = { displayName: 'raced', identifierUris: ['api://raced'], uniqueName: 'raced' };
    const made = await statuses(12, () => call('POST', '/v1.0/applications', { body }));
    assert.deepEqual(made, [201, ...Array(11).fill(400)]);
    const app = await done('GET', "/v1.0/applications(uniqueName='raced')");
    const principals = await statuses(8, () =>
      call('POST', '/v1.0/servicePrincipals', { body: { appId: app.appId } }),
    );
    assert.deepEqual(principals, [201, ...Array(7).fill(400)]);
    const secrets = await statuses(24, () =>
      call('POST', `/v1.0/applications/${app.id}/addPassword`, { body: {} }),
    );
    assert.deepEqual(secrets, [...Array(20).fill(200), ...Array(4).fill(409)]);
    await done('DELETE', `/v1.0/applications/${app.id}`);
    const path = `/v1.0/directory/deletedItems/${app.id}/restore`;
    assert.deepEqual(await statuses(8, () => call('POST', path)), [200, ...Array(7).fill(404)]);
    const { passwordCredentials } = await done('GET', `/v1.0/applications/${app.id}`);
    assert.equal(passwordCredentials.length, 20);
  });

  test('have secrets that open them, shown once, until they are taken away', async () => {
    const { app } = await makeClient('secret holder');
    const path = `/v1.0/applications/${app.id}`;
    const made = await done('POST', `${path}/addPassword`, {
      body: { passwordCredential: { displayName: 'first' } },
    });
    assert.equal(made.displayName, 'first');
    assert.equal(made.hint, made.secretText.slice(0, 3));
    assert.equal((await signIn(app.appId, made.secretText)).status, 200);
    const [shown] = (await done('GET', path)).passwordCredentials;
    assert.deepEqual([shown.keyId, shown.secretText, shown.hint], [made.keyId, null, made.hint]);

    const second = await done('POST', `${path}/addPassword`, { body: {} });
    await done('POST', `${path}/removePassword`, { body: { keyId: made.keyId } });
    assert.match((await signIn(app.appId, made.secretText)).refusal.error_description, /^AADSTS7000215/);
    assert.equal((await signIn(app.appId, second.secretText)).status, 200);
    await refused(400, undefined, 'POST', `${path}/removePassword`, { body: { keyId: made.keyId } });

    const ended = { passwordCredential: { endDateTime: '2001-01-01T00:00:00Z' } };
    await refused(400, undefined, 'POST', `${path}/addPassword`, { body: ended });
    const never = { passwordCredential: { endDateTime: '2999-01-01T00:00:00Z' } };
    await refused(400, undefined, 'POST', `${path}/addPassword`, { body: never });
    await refused(400, undefined, 'PATCH', path, {
      body: { passwordCredentials: [{ displayName: 'mine' }] },
    });
    await done('PATCH', path, { body: { passwordCredentials: [] } });
    assert.match((await signIn(app.appId, second.secretText)).refusal.error_description, /^AADSTS7000215/);

    const whole = await make('born with one', { passwordCredentials: [{ displayName: 'first' }] });
    await done('POST', '/v1.0/servicePrincipals', { body: { appId: whole.appId } });
    assert.equal((await signIn(whole.appId, whole.passwordCredentials[0].secretText)).status, 200);
  });

  test("have certificates, the principal's beside the application's own", async () => {
    const { app, principal } = await makeClient('certificate holder');
    const keyOf = async () => {
      const { certificate } = await makeClientKey('ec');
      return { type: 'AsymmetricX509Cert', usage: 'Verify', key: certificate.raw.toString('base64') };
    };
    const path = `/v1.0/applications/${app.id}`;
    await done('PATCH', path, { body: { keyCredentials: [await keyOf()] } });
    const [first] = (await done('GET', path)).keyCredentials;
    assert.equal(first.key, null);
    assert.match(first.customKeyIdentifier, /^[0-9A-F]{40}$/);
    await done('PATCH', path, { body: { keyCredentials: [first, await keyOf()] } });
    const two = (await done('GET', path)).keyCredentials;
    assert.equal(two.length, 2);
    assert.ok(two.some(({ keyId }: { keyId: string }) => keyId === first.keyId));
    const own = `/v1.0/servicePrincipals/${principal.id}`;
    await done('PATCH', own, { body: { keyCredentials: [await keyOf()] } });
    assert.equal((await done('GET', own)).keyCredentials.length, 1);
    await done('PATCH', path, { body: { keyCredentials: [] } });
    assert.deepEqual((await done('GET', path)).keyCredentials, []);
    assert.equal((await done('GET', own)).keyCredentials.length, 1);
    const stranger = { ...first, keyId: systemRandomness.uuid() };
    await refused(400, undefined, 'PATCH', path, { body: { keyCredentials: [stranger] } });
  });

  test('turn their own certificates, by a proof that is signed with one that stands', async () => {
    const { app } = await makeClient('turns keys');
    const path = `/v1.0/applications/${app.id}`;
    const [first, second, foreign] = [
      await makeClientKey(),
      await makeClientKey('ec'),
      await makeClientKey(),
    ];
    const entry = (key: typeof first) => ({
      type: 'AsymmetricX509Cert',
      usage: 'Verify',
      key: key.certificate.raw.toString('base64'),
    });
    const proofBy = async (key: typeof first, claims: object = {}, alg = 'RS256') => {
      const now = Math.floor(service.clock.now() / 1000);
      const whole = { aud: '00000002-0000-0000-c000-000000000000', iss: app.id, nbf: now, exp: now + 600 };
      return await new jose.SignJWT({ ...whole, ...claims }).setProtectedHeader({ alg }).sign(key.privateKey);
    };
    await done('PATCH', path, { body: { keyCredentials: [entry(first)] } });
    const add = async (proof: string) =>
      await call('POST', `${path}/addKey`, {
        body: { keyCredential: entry(second), passwordCredential: null, proof },
      });
    const past = Math.floor(service.clock.now() / 1000) - 4000;
    for (const proof of [
      'x',
      await proofBy(foreign),
      await proofBy(first, { aud: 'https://graph.microsoft.com' }),
      await proofBy(first, { iss: systemRandomness.uuid() }),
      await proofBy(first, { nbf: past, exp: past + 600 }),
      await proofBy(first, { exp: Math.floor(service.clock.now() / 1000) + 7200 }),
      `${(await proofBy(first)).slice(0, -8)}AAAAAAAA`,
    ]) {
      const { status, body } = await add(proof);
      assert.deepEqual([status, body.error.code], [403, 'Authorization_RequestDenied'], proof.slice(0, 40));
    }
    const added = await add(await proofBy(first));
    assert.equal(added.status, 200, JSON.stringify(added.body));
    const [standing] = (await done('GET', path)).keyCredentials.filter(
      ({ keyId }: { keyId: string }) => keyId !== added.body.keyId,
    );
    const proof = await proofBy(second, { iss: app.appId }, 'ES256');
    await done('POST', `${path}/removeKey`, { body: { keyId: standing.keyId, proof } });
    await refused(400, undefined, 'POST', `${path}/removeKey`, { body: { keyId: standing.keyId, proof } });
    await refused(403, undefined, 'POST', `${path}/removeKey`, {
      body: { keyId: added.body.keyId, proof: await proofBy(first) },
    });
  });

  test('lose everything with their deletion, and a restore brings them back as they were but for their rights (T16)', async () => {
    const { app, principal } = await makeClient('phoenix', { identifierUris: ['api://phoenix'] });
    const secret = (await done('POST', `/v1.0/applications/${app.id}/addPassword`, { body: {} })).secretText;
    const graphToken = await graph.tokenFor(graph.administrator);
    assert.ok(graphToken);
    const token = (await signIn(app.appId, secret, 'https://graph.microsoft.com')).body['access_token'];
    const byId = `/v1.0/directory/deletedItems/${app.id}`;
    await refused(404, undefined, 'GET', byId);
    await done('DELETE', `/v1.0/applications/${app.id}`);
    assert.match((await signIn(app.appId, secret)).refusal.error_description, /^AADSTS700016/);
    await assert.rejects(service.verifier.verify(String(token), ['https://graph.microsoft.com']), /./);
    const successor = await makeClient('phoenix');
    assert.match((await signIn(successor.app.appId, secret)).refusal.error_description, /^AADSTS7000215/);

    assert.equal((await done('GET', byId))['@odata.type'], '#microsoft.graph.application');
    for (const [kind, id] of [
      ['application', app.id],
      ['servicePrincipal', principal.id],
    ]) {
      const listed = await done('GET', `/v1.0/directory/deletedItems/microsoft.graph.${kind}`);
      assert.ok(listed.value.some((one: { id: string }) => one.id === id));
    }
    assert.equal((await done('POST', `${byId}/restore`)).id, app.id);
    assert.equal((await signIn(app.appId, secret)).status, 200);
    assert.equal((await done('GET', `/v1.0/servicePrincipals/${principal.id}`)).appId, app.appId);
    await refused(404, undefined, 'POST', `${byId}/restore`);

    await done('DELETE', `/v1.0/applications/${app.id}`);
    await done('DELETE', byId);
    await refused(404, undefined, 'POST', `${byId}/restore`);
  });

  test('declare roles that clients are given, and tokens name them', async () => {
    const roleId = systemRandomness.uuid();
    const api = await makeClient('orders api', {
      identifierUris: ['api://orders-api'],
      appRoles: [
        {
          id: roleId,
          value: 'Orders.Read',
          displayName: 'read',
          description: 'read',
          allowedMemberTypes: ['Application'],
        },
      ],
    });
    const client = await service.application(tenantId);
    const roles = async () => {
      const reply = await signIn(client.clientId, client.secret, 'api://orders-api');
      return jose.decodeJwt(String(reply.body['access_token']))['roles'];
    };
    assert.equal(await roles(), undefined);
    const path = `/v1.0/servicePrincipals/${client.principalId}/appRoleAssignments`;
    const body = { principalId: client.principalId, resourceId: api.principal.id, appRoleId: roleId };
    const given = await call('POST', path, { body });
    assert.equal(given.status, 201);
    assert.equal(given.body.resourceDisplayName, 'orders api');
    assert.equal(given.body.principalType, 'ServicePrincipal');
    assert.deepEqual(await roles(), ['Orders.Read']);
    const again = await call('POST', path, { body });
    assert.equal(again.status, 400);
    assert.equal(again.body.error.message, 'Permission being assigned already exists on the object');
    await refused(400, undefined, 'POST', path, { body: { ...body, appRoleId: systemRandomness.uuid() } });
    await refused(400, undefined, 'POST', path, { body: { ...body, principalId: api.principal.id } });
    await refused(404, undefined, 'POST', path, { body: { ...body, resourceId: systemRandomness.uuid() } });
    const to = `/v1.0/servicePrincipals/${api.principal.id}/appRoleAssignedTo`;
    assert.equal((await done('GET', to)).value[0].id, given.body.id);
    assert.equal((await done('GET', `${path}/${given.body.id}`)).appRoleId, roleId);
    await done('DELETE', `${to}/${given.body.id}`);
    assert.equal(await roles(), undefined);
    await refused(404, undefined, 'DELETE', `${path}/${given.body.id}`);
  });

  test('are given permissions to act as people, all of them or one', async () => {
    const client = await makeClient('acts as people');
    const resource = (
      await done('GET', "/v1.0/servicePrincipals?$filter=appId eq '00000003-0000-0000-c000-000000000000'")
    ).value[0];
    const body = {
      clientId: client.principal.id,
      consentType: 'AllPrincipals',
      resourceId: resource.id,
      scope: ' User.Read  User.Read Group.Read.All',
    };
    const made = await call('POST', '/v1.0/oAuth2PermissionGrants', { body });
    assert.deepEqual([made.status, made.body.scope], [201, 'User.Read Group.Read.All']);
    await refused(400, undefined, 'POST', '/v1.0/oauth2PermissionGrants', { body });
    await refused(400, undefined, 'POST', '/v1.0/oauth2PermissionGrants', {
      body: { ...body, consentType: 'Principal' },
    });
    const path = `/v1.0/oauth2PermissionGrants/${made.body.id}`;
    await done('PATCH', path, { body: { scope: 'User.Read' } });
    const filter = encodeURIComponent(`clientId eq '${client.principal.id}'`);
    const [listed] = (await done('GET', `/v1.0/oauth2PermissionGrants?$filter=${filter}`)).value;
    assert.deepEqual([listed.id, listed.scope, listed.principalId], [made.body.id, 'User.Read', null]);
    await done('DELETE', path);
    await refused(404, undefined, 'GET', path);
  });

  test('trust tokens of other issuers by federated credentials', async () => {
    const app = await make('federated');
    const path = `/v1.0/applications/${app.id}/federatedIdentityCredentials`;
    const body = {
      name: 'Main',
      issuer: 'https://issuer.example',
      subject: 'system:serviceaccount:a:b',
      audiences: ['api://AzureADTokenExchange'],
    };
    const made = await call('POST', path, { body });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.match(made.body.id, guid);
    await refused(400, undefined, 'POST', path, { body });
    await refused(400, undefined, 'POST', path, { body: { ...body, name: 'other' } });
    await refused(400, undefined, 'POST', path, { body: { ...body, name: 'two', audiences: ['a', 'b'] } });
    const own = { ...body, name: 'own', issuer: 'https://login.microsoftonline.com/a/v2.0' };
    await refused(400, undefined, 'POST', path, { body: own });
    await done('PATCH', `${path}/Main`, { body: { subject: 'x', description: 'd' } });
    const read = await done('GET', `${path}(name='main')`);
    assert.deepEqual([read.subject, read.issuer, read.description], ['x', body.issuer, 'd']);
    await refused(400, undefined, 'PATCH', `${path}/Main`, { body: { name: 'renamed' } });

    const expression = {
      value: "claims['sub'] matches 'repo:a/*' and claims['repository_id'] eq '1'",
      languageVersion: 1,
    };
    const flexible = {
      name: 'flexible',
      issuer: 'https://token.actions.githubusercontent.com',
      audiences: body.audiences,
      claimsMatchingExpression: expression,
    };
    await refused(400, undefined, 'POST', path, { body: flexible });
    const beta = path.replace('/v1.0/', '/beta/');
    assert.deepEqual((await done('POST', beta, { body: flexible })).claimsMatchingExpression, expression);
    const headers = { prefer: 'create-if-missing' };
    const upsert = await call('PATCH', `${path}(name='third')`, {
      body: { ...body, name: undefined },
      headers,
    });
    assert.equal(upsert.status, 201);
    assert.equal((await done('GET', path)).value.length, 3);
    for (const name of ['Main', 'flexible', 'third']) await done('DELETE', `${path}/${name}`);
    assert.deepEqual((await done('GET', path)).value, []);
    await refused(404, undefined, 'DELETE', `${path}/Main`);
  });
});
