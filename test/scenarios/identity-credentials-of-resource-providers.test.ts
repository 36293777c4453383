import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { readyFileOf } from '../support/composed-server.ts';
import { domestic, follow } from '../support/demo-world.ts';
import { type TestDeployment, testDeployment } from '../support/deployment.ts';
import { responseSchema, violations } from '../support/openapi.ts';
import { graphOf, signInWith, type TestProvider, testProvider } from '../support/resource-provider.ts';
import { createSecondTenant, storageOf } from '../support/second-tenant.ts';
import { sharedFile } from '../support/shared.ts';
import { makeClientKey } from '../support/token-service.ts';
import { openTunnel } from '../support/tunnel.ts';

const specification = sharedFile('data/msi-credentials-data-plane.openapi.v2.json');
const day = 86_400_000;

/** Where an answer is not what the official description says. */
function wrongly(route: string, method: string, status: number, body: unknown): readonly string[] {
  if (specification === undefined) return [];
  const schema = responseSchema(specification, route, method, status);
  assert.ok(schema, `${method} ${route} ${status} is not listed`);
  return violations(schema, body);
}

/** The documented data plane of the managed identity service, over the real listener (c.1 to c.4). */
describe('a resource provider', () => {
  let deployment: TestDeployment;
  let provider: TestProvider;
  before(async () => {
    deployment = await testDeployment();
    provider = await testProvider(deployment);
    await provider.assign(deployment.groupId);
  });
  after(() => deployment?.[Symbol.asyncDispose]());

  const machineOf = (name: string) =>
    `${deployment.groupId}/providers/Microsoft.Compute/virtualMachines/${name}`;
  const identityId = (name: string) =>
    `${deployment.groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
  const makeIdentity = async (name: string) => {
    const made = await deployment.arm('PUT', `${identityId(name)}?api-version=2024-11-30`, {
      location: 'westeurope',
      properties: {},
    });
    return made['properties'] as { readonly clientId: string; readonly principalId: string };
  };
  const makeMachine = async (name: string, ...attached: readonly string[]) => {
    await deployment.arm('PUT', machineOf(name), {
      location: 'westeurope',
      identity: {
        type: attached.length === 0 ? 'SystemAssigned' : 'SystemAssigned, UserAssigned',
        ...(attached.length === 0
          ? {}
          : { userAssignedIdentities: Object.fromEntries(attached.map((id) => [id, {}])) }),
      },
      properties: {},
    });
    return await urlOf(name);
  };
  const urlOf = async (name: string) => {
    const path = `${machineOf(name)}/providers/Microsoft.ManagedIdentity/identities/default`;
    const shown = await deployment.arm('GET', `${path}?api-version=2023-01-31`);
    return String((shown['properties'] as Record<string, unknown>)['clientSecretUrl']);
  };
  const codeOf = ({ body }: { body: { error?: { code?: string } } }) => body.error?.code;

  test('gets a certificate of a resource’s own identity, which signs in with it as any client does', async (t) => {
    const url = await makeMachine('vm1');
    const host = new URL(url).hostname;
    assert.equal(host, 'control-westeurope.identity.azure.net');
    const reply = await provider.ask(url);
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    assert.equal(reply.headers['cache-control'], 'no-store');
    const { body } = reply;
    assert.deepEqual(wrongly('/', 'get', 200, body), []);
    assert.equal(body.client_secret_url, url);
    assert.deepEqual(body.explicit_identities, []);
    const times = ['not_before', 'renew_after', 'not_after', 'cannot_renew_after'].map((name) => {
      assert.match(body[name], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      return Date.parse(body[name]);
    });
    const [begun = 0, renewed = 0, ended = 0, last = 0] = times;
    const now = Date.now();
    assert.ok(
      begun <= now && Math.abs(renewed - now - 46 * day) < day && Math.abs(ended - now - 90 * day) < day,
    );
    assert.equal(last, ended);

    const claims = await signInWith(deployment, body);
    assert.equal(claims['oid'], body.object_id, JSON.stringify(claims));
    assert.equal(claims['appid'], body.client_id);
    assert.equal(String(claims['xms_mirid']).toLowerCase(), machineOf('vm1').toLowerCase());

    // as PEM, for the client that takes no other
    const file = deployment.folder.file('identity.pem');
    const store = Buffer.from(body.client_secret, 'base64');
    const opened = spawnSync('openssl', ['pkcs12', '-nodes', '-passin', 'pass:'], { input: store });
    if (opened.error !== undefined)
      return t.diagnostic('no openssl program: the official client was not run');
    assert.equal(opened.status, 0, opened.stderr.toString());
    await writeFile(file, opened.stdout);
    await using tunnel = await openTunnel(deployment.connect);
    const client = path.resolve(import.meta.dirname, '..', 'clients', 'sign-in-with-a-certificate.ts');
    const child = spawn(
      process.execPath,
      [client, body.tenant_id, body.client_id, file, body.authentication_endpoint],
      {
        stdio: 'pipe',
        env: {
          ...domestic(),
          HTTPS_PROXY: `http://127.0.0.1:${tunnel.port}`,
          NODE_EXTRA_CA_CERTS: deployment.server.caFile,
        },
      },
    );
    const { code, stdout, stderr } = await follow(child).outcome;
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).oid, body.object_id);
  });

  test('gets those of attached identities, with what it asserts written into the certificate', async () => {
    const one = await makeIdentity('one');
    await makeIdentity('unattached');
    const url = await makeMachine('vm2', identityId('one'));
    const perimeter = systemRandomness.uuid();
    const customClaims = { xms_az_tm: 'user', xms_az_nwperimid: [perimeter] };
    const body = await provider.given(url, { identityIds: [identityId('one')], customClaims });
    assert.deepEqual(wrongly('/', 'post', 200, body), []);
    const [attached, ...others] = body.explicit_identities;
    assert.deepEqual(others, []);
    assert.equal(attached?.client_id, one.clientId);
    assert.equal(attached?.object_id, one.principalId);
    assert.equal(attached?.resource_id.toLowerCase(), identityId('one').toLowerCase());
    assert.deepEqual(attached?.custom_claims, customClaims);
    const claims = await signInWith(deployment, attached ?? {});
    assert.equal(claims['oid'], one.principalId, JSON.stringify(claims));
    assert.equal(String(claims['xms_az_rid']).toLowerCase(), machineOf('vm2').toLowerCase());

    // its own URL renews it alone
    const again = await provider.given(attached?.client_secret_url ?? '');
    assert.equal(again.client_id, undefined);
    assert.equal(again.explicit_identities[0]?.client_id, one.clientId);
    assert.notEqual(again.explicit_identities[0]?.client_secret, attached?.client_secret);

    const graph = await graphOf(deployment);
    const principal = await graph('GET', `/servicePrincipals/${one.principalId}`);
    assert.equal((principal['keyCredentials'] as unknown[]).length, 2, 'as Graph shows certificates');
    const row = await deployment.arm('GET', `${identityId('one')}?api-version=2024-11-30`);
    assert.ok(!JSON.stringify(row).includes('client_secret'));

    for (const identityIds of [[identityId('unattached')], [identityId('never-was')]]) {
      const refused = await provider.ask(url, { body: { identityIds } });
      assert.deepEqual([refused.status, codeOf(refused)], [404, 'IdentityNotAssigned']);
    }
  });

  test('gets those of a source resource where it may have them there too', async () => {
    const url = await makeMachine('vm3');
    const sourceUrl = await makeMachine('source');
    const source = await provider.given(sourceUrl);
    const body = await provider.given(url, { delegatedResources: [source.internal_id] });
    assert.deepEqual(wrongly('/', 'post', 200, body), []);
    assert.equal(body.delegated_resources?.length, 1);
    assert.equal(body.delegated_resources?.[0]?.implicit_identity?.client_id, source.client_id);
    const other = await testProvider(deployment, 'narrow');
    await other.assign(machineOf('vm3'));
    const refused = await other.ask(url, { body: { delegatedResources: [source.internal_id] } });
    assert.deepEqual([refused.status, codeOf(refused)], [403, 'AuthorizationFailed']);
  });

  test('is answered over a connection with its certificate alone, and with a token of its own', async () => {
    const url = await makeMachine('vm4');
    const challenge = `Bearer authorization="https://login.microsoftonline.com/${deployment.server.operator.tenantId}"`;
    const refused = async (ask: Parameters<TestProvider['ask']>[1], status: number, code: string) => {
      const reply = await provider.ask(url, ask);
      assert.deepEqual([reply.status, codeOf(reply)], [status, code], JSON.stringify(ask));
      assert.deepEqual(wrongly('/', 'get', status, reply.body), []);
      if (status === 401) assert.equal(reply.headers['www-authenticate'], challenge);
    };
    const other = await testProvider(deployment, 'other');
    const mine = await provider.token();
    await refused({ token: '' }, 401, 'AuthenticationFailed');
    await refused({ token: '', as: 'none' }, 401, 'AuthenticationFailed');
    await refused({ as: 'none' }, 401, 'ClientCertificateRequired');
    await refused({ as: await makeClientKey() }, 401, 'InvalidClientCertificate');
    await refused({ as: other.key }, 401, 'InvalidClientCertificate');
    await refused({ token: await other.token() }, 401, 'InvalidClientCertificate');
    await refused({ token: `${mine.slice(0, -8)}AAAAAAAA` }, 401, 'InvalidAuthenticationToken');
    await refused({ token: await other.token(true) }, 401, 'InvalidAuthenticationToken');
    const second = await createSecondTenant({
      data: deployment.folder.file('data'),
      ready: readyFileOf(deployment),
    });
    await refused(
      { token: await second.token('https://identity.azure.net') },
      401,
      'InvalidAuthenticationTokenTenant',
    );
    await refused({ version: '' }, 400, 'MissingApiVersionParameter');
    await refused({ version: '2023-09-30' }, 400, 'InvalidApiVersionParameter');
    assert.equal((await provider.ask(url, { token: await provider.token(true) })).status, 200, 'bound');
    const elsewhere = url.replace(/tid=[^&]+/, `tid=${systemRandomness.uuid()}`);
    const foreign = await provider.ask(elsewhere);
    assert.deepEqual([foreign.status, codeOf(foreign)], [401, 'InvalidAuthenticationTokenTenant']);
    for (const body of [
      { identityIds: 'one' },
      { identityIds: [''] },
      { customClaims: { xms_az_tm: 'admin' } },
      { customClaims: { xms_az_nwperimid: ['../x'] } },
      { customClaims: { xms_az_nwperimid: Array(6).fill(systemRandomness.uuid()) } },
    ]) {
      const reply = await provider.ask(url, { body });
      assert.deepEqual([reply.status, codeOf(reply)], [400, 'InvalidRequestContent'], JSON.stringify(body));
    }
    const odd = await provider.ask(url, { body: { identityIds: ['/no/id'] } });
    assert.deepEqual([odd.status, codeOf(odd)], [400, 'InvalidResourceId']);
  });

  test('without the right learns nothing, and with it nothing of what never was', async () => {
    const url = await makeMachine('vm5');
    const stranger = await testProvider(deployment, 'stranger');
    const plain = ({ status, body }: Awaited<ReturnType<TestProvider['ask']>>) => {
      const text = JSON.stringify(body).replaceAll(/vm5|never-was/gi, '<name>');
      return [status, text];
    };
    const gone = url.replace('/vm5/', '/never-was/');
    assert.deepEqual(plain(await stranger.ask(url)), plain(await stranger.ask(gone)));
    assert.equal((await stranger.ask(url)).status, 403);
    const otherId = url.replace(/oid=[^&]+/, `oid=${systemRandomness.uuid()}`);
    const replies = await Promise.all(
      [
        gone,
        otherId,
        url.replace('control-westeurope', 'control-eastus'),
        url.replace(/&oid=[^&]+&aid=[^&]+/, ''),
        url.replace(/resourceGroups\/demo/i, 'resourceGroups/never'),
      ].map(async (each) => await provider.ask(each)),
    );
    for (const reply of replies.slice(0, 4)) {
      assert.deepEqual([reply.status, codeOf(reply)], [404, 'IdentityNotFound']);
      assert.deepEqual(plain(reply), plain(replies[0] as never));
    }
    assert.equal(replies[4]?.status, 403, 'beyond what it was given');
  });

  test('loses what it holds at once: with the attachment, the resource, its right, itself', async () => {
    const ids = await makeIdentity('leaving');
    const url = await makeMachine('vm6', identityId('leaving'));
    const body = await provider.given(url, { identityIds: [identityId('leaving')] });
    const [attached] = body.explicit_identities;
    assert.equal((await signInWith(deployment, attached ?? {}))['oid'], ids.principalId);
    await deployment.arm('PATCH', machineOf('vm6'), { identity: { type: 'SystemAssigned' } });
    assert.deepEqual((await signInWith(deployment, attached ?? {}))['error_codes'], [700027]);
    assert.equal((await provider.ask(attached?.client_secret_url ?? '')).status, 404);
    assert.equal((await signInWith(deployment, body))['oid'], body.object_id, 'its own stays');

    const short = await testProvider(deployment, 'short');
    const assignment = await short.assign(machineOf('vm6'));
    const held = await short.given(url);
    assert.equal((await signInWith(deployment, held))['oid'], body.object_id);
    await deployment.arm('DELETE', `${assignment}?api-version=2022-04-01`);
    assert.deepEqual((await signInWith(deployment, held))['error_codes'], [700027]);
    await short.assign(machineOf('vm6'));
    assert.equal((await signInWith(deployment, held))['oid'], body.object_id);
    const graph = await graphOf(deployment);
    await graph('PATCH', `/servicePrincipals/${short.principalId}`, { accountEnabled: false });
    assert.deepEqual((await signInWith(deployment, held))['error_codes'], [700027]);

    await graph('PATCH', `/servicePrincipals/${body.object_id}`, { accountEnabled: false });
    assert.deepEqual((await signInWith(deployment, body))['error_codes'], [7000112]);
    const disabled = await provider.ask(url);
    assert.deepEqual([disabled.status, codeOf(disabled)], [403, 'IdentityDisabled']);
    await graph('PATCH', `/servicePrincipals/${body.object_id}`, { accountEnabled: true });

    await deployment.arm('DELETE', machineOf('vm6'));
    assert.deepEqual((await signInWith(deployment, body))['error_codes'], [700016]);
    assert.equal((await provider.ask(url)).status, 404);
    await makeMachine('vm6');
    assert.equal((await provider.ask(url)).status, 404, 'a resource of the same name has another identity');
  });

  test('holds two credentials of an identity at most: a third takes the place of the oldest', async () => {
    const url = await makeMachine('vm7');
    const all = [await provider.given(url), await provider.given(url), await provider.given(url)];
    const outcomes = [];
    for (const each of all) outcomes.push((await signInWith(deployment, each))['error_codes'] ?? 'signs in');
    assert.deepEqual(outcomes, [[700027], 'signs in', 'signs in']);
  });

  test('that asks many times at once still holds two, and every answer is whole', async () => {
    const url = await makeMachine('vm13');
    const all = await Promise.all(Array.from({ length: 8 }, () => provider.given(url)));
    assert.equal(new Set(all.map((each) => each.client_secret)).size, 8);
    const outcomes = await Promise.all(all.map((each) => signInWith(deployment, each)));
    assert.equal(outcomes.filter(({ oid }) => oid === all[0]?.object_id).length, 2);
  });

  test('gets nothing of an identity that is isolated to another region, and loses what it had', async () => {
    const ids = await makeIdentity('near');
    const far = machineOf('far');
    await deployment.arm('PUT', far, {
      location: 'eastus',
      identity: {
        type: 'SystemAssigned, UserAssigned',
        userAssignedIdentities: { [identityId('near')]: {} },
      },
      properties: {},
    });
    const url = await urlOf('far');
    assert.equal(new URL(url).hostname, 'control-eastus.identity.azure.net');
    const body = { identityIds: [identityId('near')] };
    const [held] = (await provider.given(url, body)).explicit_identities;
    assert.equal((await signInWith(deployment, held ?? {}))['oid'], ids.principalId);
    await deployment.arm('PATCH', `${identityId('near')}?api-version=2024-11-30`, {
      properties: { isolationScope: 'Regional' },
    });
    assert.deepEqual((await signInWith(deployment, held ?? {}))['error_codes'], [700027]);
    const refused = await provider.ask(url, { body });
    assert.deepEqual([refused.status, codeOf(refused)], [404, 'IdentityNotAssigned']);
    assert.equal((await provider.ask(held?.client_secret_url ?? '')).status, 404);
  });

  test('ends the identity of a resource, once and again', async () => {
    const url = await makeMachine('vm8');
    const held = await provider.given(url);
    const first = await provider.ask(url, { method: 'DELETE' });
    assert.equal(first.status, 200, JSON.stringify(first.body));
    assert.equal((await provider.ask(url, { method: 'DELETE' })).status, 204);
    assert.deepEqual((await signInWith(deployment, held))['error_codes'], [700016]);
    assert.equal((await deployment.arm('GET', machineOf('vm8')))['identity'], undefined);
    const never = await provider.ask(url.replace('vm8', 'never-was'), { method: 'DELETE' });
    assert.equal(never.status, 204);

    await makeIdentity('stays');
    const two = await makeMachine('vm9', identityId('stays'));
    const { explicit_identities: explicit } = await provider.given(two, {
      identityIds: [identityId('stays')],
    });
    const one = await provider.ask(explicit[0]?.client_secret_url ?? '', { method: 'DELETE' });
    assert.deepEqual([one.status, codeOf(one)], [405, 'HttpMethodNotAllowed']);
    assert.equal((await provider.ask(two, { method: 'DELETE' })).status, 200);
    const left = (await deployment.arm('GET', machineOf('vm9')))['identity'] as { type: string };
    assert.equal(left.type, 'UserAssigned');
    const locked = await makeMachine('vm10');
    await deployment.arm(
      'PUT',
      `${machineOf('vm10')}/providers/Microsoft.Authorization/locks/still?api-version=2020-05-01`,
      { properties: { level: 'ReadOnly' } },
    );
    const refused = await provider.ask(locked, { method: 'DELETE' });
    assert.deepEqual([refused.status, codeOf(refused)], [409, 'ScopeLocked']);
    assert.equal((await provider.ask(locked)).status, 200);
  });

  test('is told where the identity is once the resource was moved, and not before', async () => {
    const url = await makeMachine('vm11');
    const held = await provider.given(url);
    const group = deployment.groupId.replace(/demo$/, 'elsewhere');
    await deployment.arm('PUT', `${group}?api-version=2021-04-01`, { location: 'westeurope' });
    await provider.assign(group);
    const targetResourceId = machineOf('vm11').replace('/demo/', '/elsewhere/');
    const moving = url.replace('/credentials?', '/credentials/proxy/move?');
    const early = await provider.ask(moving, { body: { targetResourceId } });
    assert.deepEqual([early.status, codeOf(early)], [409, 'ResourceNotMoved']);
    await deployment.arm('POST', `${deployment.groupId}/moveResources?api-version=2021-04-01`, {
      resources: [machineOf('vm11')],
      targetResourceGroup: group,
    });
    let moved = await provider.ask(moving, { body: { targetResourceId } });
    for (let tries = 0; moved.status === 409 && tries < 200; tries += 1) {
      moved = await provider.ask(moving, { body: { targetResourceId } });
    }
    assert.equal(moved.status, 200, JSON.stringify(moved.body));
    assert.deepEqual(wrongly('/proxy/move', 'post', 200, moved.body), []);
    assert.equal((await signInWith(deployment, held))['oid'], held.object_id, 'what it holds goes along');
    const after = await provider.given(moved.body.identityUrl);
    assert.equal(after.client_id, held.client_id);
    assert.equal((await provider.ask(url)).status, 404);
    assert.equal((await provider.ask(moving)).status, 405);
  });

  test('leaves no private key behind: neither in the database nor in the log', async () => {
    const url = await makeMachine('vm12');
    const { client_secret: secret = '' } = await provider.given(url);
    assert.ok(secret.length > 2000);
    assert.ok(!deployment.log.text().includes(secret.slice(100, 200)));
    assert.match(deployment.log.text(), /credentials issued to resource provider/);
    const { database } = await storageOf({ data: deployment.folder.file('data') });
    await using _database = database;
    const rows = await database.read.selectFrom('provider_credentials').selectAll().execute();
    assert.ok(rows.length > 0 && !/PRIVATE KEY/.test(JSON.stringify(rows)));
    const [row] = rows;
    assert.equal(new X509Certificate(row?.certificate ?? '').ca, false);
  });
});
