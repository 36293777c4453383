import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testTenant } from '../../../test/support/sealer.ts';
import type { ApplicationChange } from '../../contract/graph-application.ts';
import type { DomainError } from '../../foundation/domain-error.ts';
import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import type { Database, Transaction } from '../storage/database.ts';
import {
  changeApplication,
  changeServicePrincipal,
  createServicePrincipal,
  registerApplication,
} from './application-changes.ts';
import { selectIdentifierOwner } from './application-identifiers.ts';
import { type Application, selectApplication } from './application-store.ts';
import { selectClient } from './client-store.ts';
import { insertPrincipal, selectPrincipal } from './directory-store.ts';

describe('an application of the directory', () => {
  let database: Database;
  let tenantId: TenantId;
  before(async () => {
    database = await testDatabase();
    tenantId = await testTenant(database);
  });
  after(() => database[Symbol.asyncDispose]());

  const at = 1_000_000;
  const rules = {
    randomness: systemRandomness,
    isReserved: (name: string) => name === 'https://vault.azure.net',
    at,
  };
  const change = <T>(work: (transaction: Transaction) => Promise<T>) => database.transaction(work);
  const register = (members: ApplicationChange & { displayName: string }) =>
    change((tx) => registerApplication(tx, tenantId, members, rules));
  const edit = (application: Application, members: ApplicationChange) =>
    change((tx) => changeApplication(tx, application, members, rules));
  const principalFor = (appId: ClientId, more = {}) =>
    change((tx) => createServicePrincipal(tx, tenantId, { appId, change: more }, rules));
  const refused = (work: Promise<unknown>, kind: string, code?: string) =>
    assert.rejects(
      work,
      (error: DomainError) => error.kind === kind && (code === undefined || error.code === code),
    );

  test('signs in for nobody until it has its principal, and has one only', async () => {
    const app = await register({ displayName: 'first' });
    assert.notEqual(app.objectId, app.clientId);
    assert.equal(await selectClient(database.read, tenantId, app.clientId), undefined);
    const principal = await principalFor(app.clientId, { accountEnabled: false, tags: ['x'] });
    assert.equal(principal.displayName, 'first');
    const client = await selectClient(database.read, tenantId, app.clientId);
    assert.equal(client?.principal.enabled, false);
    assert.deepEqual(client?.settings, { tags: ['x'] });
    await refused(principalFor(app.clientId), 'already-exists');
    const nobody = guid<ClientId>(systemRandomness.uuid());
    await refused(principalFor(nobody), 'invalid-value', 'NoBackingApplicationObject');
  });

  test('is found by object id, client id and unique name, in its own tenant', async () => {
    const app = await register({ displayName: 'named', uniqueName: 'named-1' });
    const other = await testTenant(database);
    for (const name of [{ objectId: app.objectId }, { clientId: app.clientId }, { uniqueName: 'named-1' }]) {
      assert.equal((await selectApplication(database.read, tenantId, name))?.clientId, app.clientId);
      assert.equal(await selectApplication(database.read, other, name), undefined);
    }
    await refused(register({ displayName: 'again', uniqueName: 'named-1' }), 'already-exists');
  });

  test('of before, without an object id, goes by its client id', async () => {
    const clientId = guid<ClientId>(systemRandomness.uuid());
    await change((tx) =>
      tx
        .insertInto('applications')
        .values({ tenant_id: tenantId, client_id: clientId, display_name: 'old', created_at: 1 })
        .execute(),
    );
    const objectId = guid<PrincipalId>(clientId);
    assert.equal((await selectApplication(database.read, tenantId, { objectId }))?.objectId, objectId);
  });

  test('takes identifiers that are free, and gives them up', async () => {
    const app = await register({ displayName: 'ids', identifierUris: ['api://ids'] });
    const rival = await register({ displayName: 'rival' });
    await refused(edit(rival, { identifierUris: ['API://ids/'] }), 'already-exists');
    await refused(edit(rival, { identifierUris: ['https://vault.azure.net/'] }), 'already-exists');
    await refused(edit(rival, { identifierUris: [`api://${app.clientId}`] }), 'invalid-value');
    const own = await edit(app, { identifierUris: ['api://other', `api://${app.clientId}`] });
    assert.equal(await selectIdentifierOwner(database.read, tenantId, 'api://ids'), undefined);
    await edit(rival, { identifierUris: ['api://ids'] });
    const kept = await edit(own, { notes: 'x' });
    assert.deepEqual(kept.manifest.identifierUris, ['api://other', `api://${app.clientId}`]);
    assert.equal(await selectIdentifierOwner(database.read, tenantId, 'api://other'), app.clientId);
  });

  test('gives its principal its new name', async () => {
    const app = await register({ displayName: 'before' });
    const { principalId } = await principalFor(app.clientId);
    await edit(app, { displayName: 'after' });
    assert.equal((await selectPrincipal(database.read, tenantId, principalId))?.displayName, 'after');
  });

  test('changes settings of its principal one by one; a managed identity only may be disabled', async () => {
    const app = await register({ displayName: 'settings' });
    const principal = await principalFor(app.clientId, { notes: 'n', tags: ['a'] });
    await change((tx) => changeServicePrincipal(tx, principal, { notes: null, homepage: 'https://h' }, at));
    const client = await selectClient(database.read, tenantId, app.clientId);
    assert.deepEqual(client?.settings, { tags: ['a'], homepage: 'https://h' });

    const resource = '/subscriptions/s/resourcegroups/g/providers/p/t/locked';
    const identity = {
      tenantId,
      principalId: guid<PrincipalId>(systemRandomness.uuid()),
      clientId: guid<ClientId>(systemRandomness.uuid()),
      displayName: 'locked',
      principalType: 'ManagedIdentity' as const,
      identity: {
        kind: 'SystemAssigned' as const,
        resourceId: resource,
        resourceCanonical: resource as CanonicalId,
      },
      at,
    };
    await change((tx) => insertPrincipal(tx, identity));
    const locked = await selectPrincipal(database.read, tenantId, identity.principalId);
    assert.ok(locked);
    await refused(
      change((tx) => changeServicePrincipal(tx, locked, { accountEnabled: false, tags: ['x'] }, at)),
      'forbidden',
    );
    assert.equal((await selectPrincipal(database.read, tenantId, identity.principalId))?.enabled, true);
    await change((tx) => changeServicePrincipal(tx, locked, { accountEnabled: false }, at));
    assert.equal((await selectPrincipal(database.read, tenantId, identity.principalId))?.enabled, false);
  });
});
