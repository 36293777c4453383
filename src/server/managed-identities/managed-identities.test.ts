import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testTenant } from '../../../test/support/sealer.ts';
import { canonicalId, parseScope } from '../../contract/resource-id.ts';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { insertPrincipal, selectPrincipal } from '../directory/directory-store.ts';
import type { Database } from '../storage/database.ts';
import { removeIdentitiesOfResources, removeSystemAssigned } from './identity-end.ts';
import { identitiesOf, systemAssignedOf } from './identity-store.ts';
import { type IdentitySelector, selectIdentity } from './selection.ts';
import { createSystemAssigned } from './system-assigned.ts';

const group = '/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/demo';
const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
const vmCanonical = canonicalId(parseScope(vm));
const at = Date.UTC(2026, 10, 1);

async function enable(database: Database, tenantId: TenantId) {
  const identity = { tenantId, resourceId: vm, resourceCanonical: vmCanonical, displayName: 'vm1', at };
  return await database.transaction((tx) => createSystemAssigned(tx, identity, systemRandomness));
}

async function attach(database: Database, tenantId: TenantId, name: string) {
  const resourceId = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
  const resourceCanonical = canonicalId(parseScope(resourceId));
  const principalId = guid<PrincipalId>(systemRandomness.uuid());
  const clientId = guid<ClientId>(systemRandomness.uuid());
  await database.transaction(async (tx) => {
    await insertPrincipal(tx, {
      tenantId,
      principalId,
      clientId,
      displayName: name,
      principalType: 'ManagedIdentity',
      identity: { kind: 'UserAssigned', resourceId, resourceCanonical },
      at,
    });
    await tx
      .insertInto('identity_attachments')
      .values({
        tenant_id: tenantId,
        resource_canonical: vmCanonical,
        identity_canonical: resourceCanonical,
        identity_id: resourceId,
        principal_id: principalId,
        created_at: at,
      })
      .execute();
  });
  return { principalId, clientId, resourceId };
}

async function changes(database: Database): Promise<readonly string[]> {
  const rows = await database.read.selectFrom('change_log').select(['kind', 'key']).orderBy('seq').execute();
  return rows.map(({ kind, key }) => `${kind} ${key}`);
}

describe('a system-assigned identity', () => {
  test('is a managed identity of the tenant, named as its resource', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const { principalId, clientId } = await enable(database, tenantId);
    const identity = await systemAssignedOf(database.read, tenantId, vmCanonical);
    assert.equal(identity?.principalId, principalId);
    assert.equal(identity.clientId, clientId);
    assert.notEqual(principalId, clientId);
    assert.equal(identity.displayName, 'vm1');
    assert.deepEqual(identity.identity, {
      kind: 'SystemAssigned',
      resourceId: vm,
      resourceCanonical: vmCanonical,
    });
  });

  test('stays the same when it is asked for again', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    assert.deepEqual(await enable(database, tenantId), await enable(database, tenantId));
  });

  test('is another one after it was removed', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const first = await enable(database, tenantId);
    const removed = await database.transaction((tx) =>
      removeSystemAssigned(tx, { tenantId, resourceCanonical: vmCanonical, at }),
    );
    assert.deepEqual(removed, first);
    assert.equal(await selectPrincipal(database.read, tenantId, first.principalId), undefined);
    const second = await enable(database, tenantId);
    assert.notEqual(second.principalId, first.principalId);
    assert.notEqual(second.clientId, first.clientId);
  });

  test('is nothing where there is none, and of no other tenant', async () => {
    await using database = await testDatabase();
    const [tenantId, other] = [await testTenant(database), await testTenant(database)];
    await enable(database, tenantId);
    assert.equal(await systemAssignedOf(database.read, other, vmCanonical), undefined);
    const removed = await database.transaction((tx) =>
      removeSystemAssigned(tx, { tenantId: other, resourceCanonical: vmCanonical, at }),
    );
    assert.equal(removed, undefined);
    assert.ok(await systemAssignedOf(database.read, tenantId, vmCanonical));
  });

  test('tells caches and hosts of its birth and its end', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const { principalId, clientId } = await enable(database, tenantId);
    const told = [`principal ${principalId}`, `client ${clientId}`, `machine ${vmCanonical}`];
    assert.deepEqual(await changes(database), told);
    await database.transaction((tx) =>
      removeIdentitiesOfResources(tx, { tenantId, resourceCanonicals: [vmCanonical], at }),
    );
    assert.deepEqual(await changes(database), [...told, ...told]);
  });
});

describe('the identities of a resource', () => {
  test('are its own first, then those attached, without those that are gone', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const b = await attach(database, tenantId, 'b');
    const a = await attach(database, tenantId, 'a');
    const own = await enable(database, tenantId);
    const gone = await attach(database, tenantId, 'gone');
    await database.transaction((tx) =>
      tx.deleteFrom('principals').where('principal_id', '=', gone.principalId).execute(),
    );
    const carried = await identitiesOf(database.read, tenantId, vmCanonical);
    assert.deepEqual(
      carried.map(({ principalId }) => principalId),
      [own.principalId, a.principalId, b.principalId],
    );
  });

  test('end or are detached with the resource; attached ones live on', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const a = await attach(database, tenantId, 'a');
    await enable(database, tenantId);
    await database.transaction((tx) =>
      removeIdentitiesOfResources(tx, { tenantId, resourceCanonicals: [vmCanonical], at }),
    );
    assert.deepEqual(await identitiesOf(database.read, tenantId, vmCanonical), []);
    assert.ok(await selectPrincipal(database.read, tenantId, a.principalId));
  });
});

describe('which identity a question means', () => {
  test('without a name: its own, else the only one, else none is guessed', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const ask = async (selector?: IdentitySelector) => {
      const found = selectIdentity(await identitiesOf(database.read, tenantId, vmCanonical), selector);
      return typeof found === 'string' ? found : found.principalId;
    };
    assert.equal(await ask(), 'none');
    const a = await attach(database, tenantId, 'a');
    assert.equal(await ask(), a.principalId);
    const b = await attach(database, tenantId, 'b');
    assert.equal(await ask(), 'ambiguous');
    const own = await enable(database, tenantId);
    assert.equal(await ask(), own.principalId);

    assert.equal(await ask({ by: 'clientId', value: a.clientId.toUpperCase() }), a.principalId);
    assert.equal(await ask({ by: 'objectId', value: b.principalId }), b.principalId);
    assert.equal(
      await ask({ by: 'resourceId', value: b.resourceId.toUpperCase().replace('/SUBSCR', '/subscr') }),
      b.principalId,
    );
    assert.equal(await ask({ by: 'clientId', value: own.clientId }), own.principalId);
    const strangers: readonly IdentitySelector[] = [
      { by: 'clientId', value: a.principalId },
      { by: 'objectId', value: 'x' },
      { by: 'resourceId', value: vm },
      { by: 'resourceId', value: '/%' },
    ];
    for (const selector of strangers) assert.equal(await ask(selector), 'none', JSON.stringify(selector));
  });
});
