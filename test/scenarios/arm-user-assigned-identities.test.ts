import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ManagedServiceIdentityClient } from '@azure/arm-msi';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import { type ClientId, guid, type PrincipalId } from '../../src/foundation/ids.ts';
import { readDirectoryAudits } from '../../src/server/audit/directory-audits.ts';
import { selectPrincipal } from '../../src/server/directory/directory-store.ts';
import { selectFederatedCredentials } from '../../src/server/federation/credential-store.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { testDatabase } from '../support/database.ts';
import {
  type Reply,
  type TestManagement,
  type TestManagementOptions,
  type TestPrincipal,
  testManagement,
} from '../support/management.ts';

const version = '?api-version=2024-11-30';
const facts = {
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'repo:contoso/orders:ref:refs/heads/main',
  audiences: ['api://AzureADTokenExchange'],
};

function paths(m: TestManagement) {
  const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/demo`;
  const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-1`;
  return {
    group,
    identity,
    credential: (name: string) => `${identity}/federatedIdentityCredentials/${name}`,
  };
}

/** A group with an identity in it. */
async function world(options: TestManagementOptions = {}) {
  const m = await testManagement(options);
  const p = paths(m);
  const { owner } = m.home;
  const as = (who: TestPrincipal) => (method: string, path: string, body?: unknown) =>
    m.ask(method, `${path}${version}`, { as: who, ...(body === undefined ? {} : { body }) });
  const ask = as(owner);
  assert.equal(
    (await m.ask('PUT', `${p.group}?api-version=2022-09-01`, { as: owner, body: { location: 'westus' } }))
      .status,
    201,
  );
  const made = await ask('PUT', p.identity, { location: 'westus' });
  return { m, ...p, as, ask, made, [Symbol.asyncDispose]: () => m[Symbol.asyncDispose]() };
}

function refused(reply: Reply, status: number, code: string, message?: RegExp): void {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.body.error.code, code);
  if (message !== undefined) assert.match(reply.body.error.message, message);
}

describe('user-assigned identities', () => {
  test('are made, changed, listed and deleted by the official client, with their credentials', async () => {
    await using m = await testManagement();
    const { subscriptionId, owner, tenantId } = m.home;
    await m.ask('PUT', `/subscriptions/${subscriptionId}/resourceGroups/demo?api-version=2022-09-01`, {
      as: owner,
      body: { location: 'westus' },
    });
    const credential = {
      getToken: async () => ({ token: owner.token, expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
    };
    const client = new ManagedServiceIdentityClient(credential, subscriptionId, {
      retryOptions: { maxRetries: 0 },
      additionalPolicies: [
        {
          position: 'perRetry',
          policy: {
            name: 'redirect',
            sendRequest(request, next) {
              const url = new URL(request.url);
              assert.equal(url.origin, 'https://management.azure.com');
              request.headers.set('host', url.host);
              request.url = `http://127.0.0.1:${m.port}${request.url.slice(url.origin.length)}`;
              request.allowInsecureConnection = true;
              return next(request);
            },
          },
        },
      ],
    });
    const { userAssignedIdentities: identities, federatedIdentityCredentials: credentials } = client;
    const made = await identities.createOrUpdate('demo', 'id-1', { location: 'westus', tags: { a: 'b' } });
    assert.equal(made.tenantId, tenantId);
    assert.ok(made.principalId && made.clientId && made.principalId !== made.clientId);
    const again = await identities.createOrUpdate('demo', 'id-1', { location: 'westus' });
    assert.equal(again.principalId, made.principalId);
    assert.equal(again.clientId, made.clientId);
    const updated = await identities.update('demo', 'id-1', { tags: { c: 'd' }, isolationScope: 'Regional' });
    assert.deepEqual(updated.tags, { c: 'd' });
    assert.equal(updated.isolationScope, 'Regional');
    assert.equal(updated.principalId, made.principalId);

    const first = await credentials.createOrUpdate('demo', 'id-1', 'main', facts);
    assert.deepEqual({ issuer: first.issuer, subject: first.subject, audiences: first.audiences }, facts);
    await credentials.createOrUpdate('demo', 'id-1', 'main', { ...facts, subject: 'another' });
    await credentials.createOrUpdate('demo', 'id-1', 'second', facts);
    assert.equal((await credentials.get('demo', 'id-1', 'MAIN')).subject, 'another');
    const names: (string | undefined)[] = [];
    for await (const each of credentials.list('demo', 'id-1', { top: 1 })) names.push(each.name);
    assert.deepEqual(names, ['main', 'second']);
    await credentials.delete('demo', 'id-1', 'main');
    await assert.rejects(credentials.get('demo', 'id-1', 'main'), { statusCode: 404 });

    for (const list of [identities.listBySubscription(), identities.listByResourceGroup('demo')]) {
      const found: (string | undefined)[] = [];
      for await (const each of list) found.push(each.name);
      assert.deepEqual(found, ['id-1']);
    }
    await identities.delete('demo', 'id-1');
    await assert.rejects(identities.get('demo', 'id-1'), { statusCode: 404, code: 'ResourceNotFound' });
    const anew = await identities.createOrUpdate('demo', 'id-1', { location: 'westus' });
    assert.notEqual(anew.principalId, made.principalId);
    assert.notEqual(anew.clientId, made.clientId);
    const none: unknown[] = [];
    for await (const each of credentials.list('demo', 'id-1')) none.push(each);
    assert.deepEqual(none, []);
  });

  test('leave an audit when they come and go, and for each credential that opens them (C20)', async () => {
    await using w = await world();
    const { principalId } = w.made.body.properties;
    await w.ask('PUT', w.credential('main'), { properties: facts });
    await w.ask('PUT', w.credential('main'), { properties: { ...facts, subject: 'another' } });
    assert.equal((await w.ask('DELETE', w.credential('main'))).status, 200);
    assert.equal((await w.ask('DELETE', w.credential('main'))).status, 204);
    assert.equal((await w.ask('PUT', w.credential('main'), { properties: {} })).status, 400);
    await w.ask('DELETE', w.identity);
    const where = { kind: 'lists', column: 'target_ids', id: principalId } as const;
    const { tenantId, owner } = w.m.home;
    const { rows } = await readDirectoryAudits(w.m.database.read, tenantId, { where, limit: 10 });
    const seen = rows
      .toReversed()
      .map(({ activity, initiatedBy, targets: [target] }) => [
        activity.name,
        initiatedBy.kind === 'application' && (initiatedBy.principalId ?? initiatedBy.displayName),
        target?.modified.find(({ name }) => name === 'subject')?.newValue,
      ]);
    assert.deepEqual(seen, [
      ['Add service principal', 'Managed Service Identity', undefined],
      ['Add federated identity credential', owner.principalId, `"${facts.subject}"`],
      ['Update federated identity credential', owner.principalId, '"another"'],
      ['Remove federated identity credential', owner.principalId, undefined],
      ['Remove service principal', 'Managed Service Identity', undefined],
    ]);
  });

  test('are told apart from a resource’s own, whose client id the resource’s extension shows', async () => {
    await using w = await world();
    const vm = `${w.group}/providers/Microsoft.Compute/virtualMachines/vm1`;
    const extension = '/providers/Microsoft.ManagedIdentity/identities/default';
    const as = w.m.home.owner;
    const put = (identity: object) =>
      w.m.ask('PUT', `${vm}?api-version=2024-07-01`, {
        as,
        body: { location: 'westus', identity, properties: {} },
      });
    const made = await put({ type: 'SystemAssigned' });
    const shown = await w.ask('GET', `${vm}${extension}`);
    assert.equal(shown.status, 200, shown.text);
    assert.equal(shown.body.id, `${vm}${extension}`);
    assert.equal(shown.body.properties.principalId, made.body.identity.principalId);
    assert.match(shown.body.properties.clientId, /^[0-9a-f-]{36}$/);
    const nobody = await w.m.application(w.m.home, 'nobody');
    refused(await w.as(nobody)('GET', `${vm}${extension}`), 403, 'AuthorizationFailed');
    await put({ type: 'None' });
    refused(await w.ask('GET', `${vm}${extension}`), 404, 'ResourceNotFound', /no system-assigned identity/);
    refused(await w.ask('GET', `${w.identity}${extension}`), 404, 'ResourceNotFound');
    refused(await w.ask('GET', `${w.group}${extension}`), 404, 'ResourceNotFound');
  });

  test('answer as Azure answered: 201 with a relative Location, 200 the second time, then 204', async () => {
    await using w = await world();
    const { made, m } = w;
    const id = w.identity.replace('/resourceGroups/', '/resourcegroups/');
    assert.equal(made.status, 201);
    assert.equal(made.headers.location, id);
    assert.deepEqual(Object.keys(made.body), ['id', 'name', 'type', 'location', 'tags', 'properties']);
    assert.equal(made.body.id, id);
    assert.deepEqual(made.body.tags, {});
    assert.deepEqual(Object.keys(made.body.properties), ['tenantId', 'principalId', 'clientId']);
    const again = await w.ask('PUT', w.identity, { location: 'West US' });
    assert.deepEqual([again.status, again.headers.location, again.body], [200, undefined, made.body]);
    const credential = await w.ask('PUT', w.credential('fic1'), { properties: facts });
    assert.equal(credential.status, 201);
    assert.equal(credential.headers.location, `${id}/federatedIdentityCredentials/fic1`);
    assert.deepEqual(credential.body, {
      id: `${id}/federatedIdentityCredentials/fic1`,
      name: 'fic1',
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials',
      properties: facts,
    });
    assert.deepEqual((await w.ask('GET', `${w.identity}/federatedIdentityCredentials`)).body, {
      value: [credential.body],
    });
    assert.equal((await w.ask('PUT', w.credential('fic1'), { properties: facts })).status, 200);
    assert.equal((await w.ask('DELETE', w.credential('fic1'))).status, 200);
    assert.equal((await w.ask('DELETE', w.credential('fic1'))).status, 204);
    const deleted = await w.ask('DELETE', w.identity);
    assert.deepEqual([deleted.status, deleted.text], [200, '']);
    assert.equal((await w.ask('DELETE', w.identity)).status, 204);
    assert.equal((await w.ask('DELETE', w.credential('fic1'))).status, 204);
    assert.equal(m.home.tenantId, made.body.properties.tenantId);
  });

  test('principal, rights and credentials end with the identity, also where its group is deleted (T16)', async () => {
    for (const how of ['identity', 'group'] as const) {
      await using w = await world();
      const { m } = w;
      const { tenantId } = m.home;
      const principalId = guid<PrincipalId>(w.made.body.properties.principalId);
      const clientId = guid<ClientId>(w.made.body.properties.clientId);
      await m.assign(m.home, { principalId }, 'Reader', w.group);
      await w.ask('PUT', w.credential('main'), { properties: facts });
      const principal = await selectPrincipal(m.database.read, tenantId, principalId);
      assert.equal(principal?.principalType, 'ManagedIdentity');
      assert.equal(
        principal?.principalType === 'ManagedIdentity' && principal.identity.resourceCanonical,
        canonicalId(parseScope(w.identity)),
      );
      assert.equal((await selectFederatedCredentials(m.database.read, { tenantId, clientId })).length, 1);
      if (how === 'identity') await w.ask('DELETE', w.identity);
      else await m.ask('DELETE', `${w.group}?api-version=2022-09-01`, { as: m.home.owner });
      await m.operations.settled();
      assert.equal(await selectPrincipal(m.database.read, tenantId, principalId), undefined);
      assert.deepEqual(await selectFederatedCredentials(m.database.read, { tenantId, clientId }), []);
      const left = await m.database.read
        .selectFrom('role_assignments')
        .select('assignment_id')
        .where('principal_id', '=', principalId)
        .execute();
      assert.deepEqual(left, []);
    }
  });

  test('tell which resources carry them, of those that the caller may read', async () => {
    await using w = await world();
    const { m } = w;
    const owner = m.home.owner;
    const machine = (name: string) => `${w.group}/providers/Microsoft.Compute/virtualMachines/${name}`;
    const list = async (query = '', as = owner) => {
      const path = `${w.identity}/listAssociatedResources?api-version=2022-01-31-preview${query}`;
      const reply = await m.ask('POST', path, { as });
      assert.equal(reply.status, 200, reply.text);
      return reply.body;
    };
    const ids = ({ value }: { value: { id: string }[] }) => value.map(({ id }) => id);
    assert.deepEqual(await list(), { totalCount: 0, value: [] });
    const attached = { type: 'UserAssigned', userAssignedIdentities: { [w.identity]: {} } };
    for (const [name, identity] of [
      ['vm1', attached],
      ['vm2', attached],
      ['vm3', attached],
      ['gone', attached],
      ['bare', { type: 'SystemAssigned' }],
    ] as const) {
      const reply = await m.ask('PUT', `${machine(name)}?api-version=2024-07-01`, {
        as: owner,
        body: { location: 'westus', identity, properties: {} },
      });
      assert.equal(reply.status, 201, reply.text);
    }
    await m.ask('DELETE', `${machine('gone')}?api-version=2024-07-01`, { as: owner });
    const body = await list();
    assert.equal(body.totalCount, 3);
    assert.equal(body.nextLink, undefined);
    assert.deepEqual(body.value[0], {
      id: machine('vm1'),
      type: 'microsoft.compute/virtualmachines',
      resourceGroup: 'demo',
      subscriptionId: m.home.subscriptionId,
      subscriptionDisplayName: 'home',
    });

    const operator = await m.application(m.home, 'operator');
    await m.assign(m.home, operator, 'Contributor', w.identity);
    assert.deepEqual(await list('', operator), { totalCount: 0, value: [] });
    await m.assign(m.home, operator, 'Reader', machine('vm2'));
    assert.deepEqual(ids(await list('', operator)), [machine('vm2')]);

    const filtered = async (filter: string) => ids(await list(`&$filter=${encodeURIComponent(filter)}`));
    assert.equal((await filtered("contains(type,'microsoft.compute/VIRTUALMACHINES')")).length, 3);
    assert.deepEqual(await filtered("contains(id, 'VM2')"), [machine('vm2')]);
    assert.deepEqual(await filtered("contains(type,'microsoft.web')"), []);
    for (const odd of ["type eq 'x'", "contains(name,'x')", 'contains(type,x)']) {
      const path = `${w.identity}/listAssociatedResources${version}&$filter=${encodeURIComponent(odd)}`;
      refused(await m.ask('POST', path, { as: owner }), 400, 'BadRequest');
    }

    const seen: string[] = [];
    let query = '&$top=2';
    for (let page = await list(query); ; page = await list(query)) {
      seen.push(...ids(page));
      assert.equal(page.totalCount, 3);
      if (page.nextLink === undefined) break;
      query = `&$top=2&$skiptoken=${encodeURIComponent(new URL(page.nextLink).searchParams.get('$skiptoken') ?? '')}`;
    }
    assert.deepEqual(seen, [machine('vm1'), machine('vm2'), machine('vm3')]);
    await m.ask('PATCH', `${machine('vm1')}?api-version=2024-07-01`, {
      as: owner,
      body: { identity: { type: 'None' } },
    });
    assert.deepEqual(ids(await list()), [machine('vm2'), machine('vm3')]);
  });

  test('name their rights to every caller', async () => {
    await using w = await world();
    const nobody = await w.m.application(w.m.home, 'nobody');
    const { status, body } = await w.as(nobody)('GET', '/providers/Microsoft.ManagedIdentity/operations');
    assert.equal(status, 200);
    const names = body.value.map(({ name }: { readonly name: string }) => name);
    assert.ok(names.includes('Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'));
    for (const { operations, namespace } of w.m.types) {
      if (namespace !== 'Microsoft.ManagedIdentity') continue;
      for (const { action } of operations) assert.ok(names.includes(action), action);
    }
  });

  test('need the rights that roles name', async () => {
    await using w = await world();
    const { m } = w;
    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', w.group);
    const contributor = await m.application(m.home, 'contributor');
    await m.assign(m.home, contributor, 'Managed Identity Contributor', w.group);
    await w.ask('PUT', w.credential('main'), { properties: facts });
    const read = w.as(reader);
    assert.equal((await read('GET', w.identity)).status, 200);
    assert.equal((await read('GET', w.credential('main'))).status, 200);
    for (const [method, path, body] of [
      ['PUT', w.identity, { location: 'westus' }],
      ['PATCH', w.identity, { tags: {} }],
      ['DELETE', w.identity, undefined],
      ['POST', `${w.identity}/revokeTokens`, undefined],
      ['PUT', w.credential('more'), { properties: facts }],
      ['DELETE', w.credential('main'), undefined],
    ] as const) {
      refused(await read(method, path, body), 403, 'AuthorizationFailed');
    }
    const write = w.as(contributor);
    assert.equal((await write('PUT', w.credential('main'), { properties: facts })).status, 200);
    assert.equal((await write('POST', `${w.identity}/revokeTokens`)).status, 200);
    assert.equal((await write('DELETE', w.identity)).status, 200);
    const foreign = w.as(m.foreign.owner);
    assert.ok([401, 403, 404].includes((await foreign('GET', w.credential('main'))).status));
  });

  test('refuse what cannot be, in Azure’s words', async () => {
    await using w = await world();
    const put = (name: string, properties: unknown) => w.ask('PUT', w.credential(name), { properties });
    refused(
      await w.ask('PUT', w.identity.replace('id-1', 'no'), { location: 'westus' }),
      400,
      'InvalidResourceName',
    );
    refused(await w.ask('PUT', w.identity.replace('id-1', 'id-2'), {}), 400, 'LocationRequired');
    refused(
      await w.ask('PUT', w.identity, { location: 'westus', properties: { isolationScope: 'Global' } }),
      400,
      'InvalidRequestContent',
    );
    refused(
      await put('-a', facts),
      400,
      'BadRequest',
      /^Federated Identity Credential name '-a' is invalid\.$/,
    );
    refused(await put('main', { ...facts, audiences: [] }), 400, 'BadRequest', /exactly one audience\.$/);
    refused(
      await put('main', { ...facts, audiences: ['a', 'b'] }),
      400,
      'BadRequest',
      /exactly one audience\.$/,
    );
    refused(await put('main', {}), 400, 'BadRequest', /has empty properties$/);
    refused(await put('main', undefined), 400, 'BadRequest', /has empty properties$/);
    refused(await put('main', { ...facts, issuer: ` ${facts.issuer}` }), 400, 'BadRequest', /white space/);
    refused(await put('main', { ...facts, subject: 7 }), 400, 'InvalidRequestContent');
    refused(
      await w.ask('PUT', w.credential('main').replace('id-1', 'id-9'), { properties: facts }),
      404,
      'ParentResourceNotFound',
    );
    refused(await w.ask('GET', w.credential('main')), 404, 'ResourceNotFound');
    const issuer = `https://login.microsoftonline.com/${w.m.home.tenantId}/v2.0`;
    const { principalId } = w.made.body.properties;
    for (const subject of ['orders', w.m.foreign.owner.principalId]) {
      refused(
        await put('own', { ...facts, issuer, subject }),
        400,
        'BadRequest',
        /object id of a service principal/,
      );
    }
    assert.equal((await put('own', { ...facts, issuer, subject: principalId })).status, 201);
    assert.equal((await w.ask('DELETE', w.credential('own'))).status, 200);
    assert.equal((await put('main', facts)).status, 201);
    refused(
      await put('other', facts),
      400,
      'BadRequest',
      /^Issuer and subject combination already exists for this Managed Identity\.$/,
    );
    for (let at = 1; at < 20; at += 1)
      assert.equal((await put(`more-${at}`, { ...facts, subject: `${at}` })).status, 201);
    refused(await put('more-20', { ...facts, subject: '20' }), 400, 'BadRequest', /20\.$/);
    const { m } = w;
    const old = await m.ask('GET', `${w.credential('main')}?api-version=2018-11-30`, { as: m.home.owner });
    refused(old, 400, 'NoRegisteredProviderFound');
  });

  test('a second write under one identity, while the first is under way, is refused', async () => {
    await using database = await testDatabase();
    let gate: Promise<void> = Promise.resolve();
    const slow: Database = {
      ...database,
      transaction: async (work) => {
        await gate;
        return await database.transaction(work);
      },
    };
    await using w = await world({ database: slow });
    const answered = Promise.withResolvers<void>();
    gate = answered.promise;
    const replies: Reply[] = [];
    const put = async (name: string) => {
      replies.push(await w.ask('PUT', w.credential(name), { properties: { ...facts, subject: name } }));
      // whoever is answered first is the refused one: the other waits for the database
      answered.resolve();
    };
    await Promise.all([put('one'), put('two')]);
    refused(
      replies[0] as Reply,
      409,
      'ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity',
      new RegExp(`for the managed identity '${w.identity.toLowerCase()}'`),
    );
    assert.equal(replies[1]?.status, 201);
    assert.equal((await w.ask('PUT', w.credential('three'), { properties: facts })).status, 201);
  });

  test('what is trusted beyond the internet is kept and shown', async () => {
    await using w = await world();
    const innateTrust = {
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
          kid: 'one',
        },
      ],
    };
    const made = await w.ask('PUT', w.credential('main'), { properties: { ...facts, innateTrust } });
    assert.equal(made.status, 201, made.text);
    assert.deepEqual((await w.ask('GET', w.credential('main'))).body.properties, { ...facts, innateTrust });
    refused(
      await w.ask('PUT', w.credential('main'), {
        properties: { ...facts, innateTrust: { keys: [{ kty: 'oct' }] } },
      }),
      400,
      'BadRequest',
      /pinned keys/,
    );
  });
});
