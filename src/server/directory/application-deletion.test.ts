import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testTenant } from '../../../test/support/sealer.ts';
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
  deleteApplication,
  deleteServicePrincipal,
  restoreApplication,
  restoreServicePrincipal,
} from './application-deletion.ts';
import { selectIdentifierOwner } from './application-identifiers.ts';
import { changedManifest, emptyManifest } from './application-manifest.ts';
import { selectApplication } from './application-store.ts';
import { checkSecret, createApplication, createSecret } from './applications.ts';
import { selectClient } from './client-store.ts';
import { keptDeleted, selectDeletedObjects } from './deleted-objects.ts';
import { insertPrincipal, selectPrincipal } from './directory-store.ts';

describe('a deleted application', () => {
  let database: Database;
  let tenantId: TenantId;
  before(async () => {
    database = await testDatabase();
    tenantId = await testTenant(database);
  });
  after(() => database[Symbol.asyncDispose]());

  const at = 1_000_000;
  const change = <T>(work: (transaction: Transaction) => Promise<T>) => database.transaction(work);
  const create = (name: string, more: Parameters<typeof changedManifest>[1] = {}) =>
    change(async (transaction) => {
      const manifest = changedManifest(emptyManifest, { identifierUris: [`api://${name}`], ...more });
      const ids = await createApplication(
        transaction,
        { tenantId, displayName: name, manifest },
        systemRandomness,
        at,
      );
      const facts = { tenantId, clientId: ids.clientId, expiresAt: at * 9, at };
      const { secret } = await createSecret(transaction, facts, systemRandomness);
      return { ...ids, secret };
    });
  const remove = (clientId: ClientId, when = at) =>
    change((transaction) => deleteApplication(transaction, { tenantId, clientId, at: when }));
  const restore = (objectId: PrincipalId, when = at + 10) =>
    change((transaction) => restoreApplication(transaction, { tenantId, objectId, at: when }));
  const refused = (work: Promise<unknown>, kind: string) =>
    assert.rejects(work, (error: DomainError) => error.kind === kind);

  const assignmentsOf = async (principalId: string) =>
    (
      await database.read
        .selectFrom('app_role_assignments')
        .select('assignment_id')
        .where((e) => e.or([e('principal_id', '=', principalId), e('resource_id', '=', principalId)]))
        .execute()
    ).length;
  const assign = (principalId: string, resourceId: string) =>
    change((transaction) =>
      transaction
        .insertInto('app_role_assignments')
        .values({
          assignment_id: systemRandomness.uuid(),
          tenant_id: tenantId,
          principal_id: principalId,
          principal_type: 'ServicePrincipal',
          resource_id: resourceId,
          app_role_id: systemRandomness.uuid(),
          created_at: at,
        })
        .execute(),
    );

  test('leaves nothing for one of the same name to inherit (T16)', async () => {
    const old = await create('twice');
    const peer = await create('peer');
    await assign(old.principalId, peer.principalId);
    await assign(peer.principalId, old.principalId);
    await remove(old.clientId);
    assert.equal(await assignmentsOf(old.principalId), 0);
    const successor = await create('twice');
    const known = new Set<string>([old.clientId, old.principalId, old.applicationId]);
    for (const id of [successor.clientId, successor.principalId, successor.applicationId]) {
      assert.ok(!known.has(id));
    }
    const client = await selectClient(database.read, tenantId, successor.clientId);
    assert.equal(checkSecret(client?.secrets, old.secret, at), 'wrong');
    assert.equal(await selectIdentifierOwner(database.read, tenantId, 'api://twice'), successor.clientId);
  });

  test('comes back with its principal, credentials and owners, without its rights, and without tokens of before', async () => {
    const app = await create('back');
    const owner = await create('owner');
    const gone = systemRandomness.uuid();
    for (const ownerId of [owner.principalId, gone]) {
      await change((transaction) =>
        transaction
          .insertInto('object_owners')
          .values({
            tenant_id: tenantId,
            object_id: app.applicationId,
            owner_id: ownerId,
            owner_type: 'ServicePrincipal',
            created_at: at,
          })
          .execute(),
      );
    }
    const federated = {
      credential_id: systemRandomness.uuid(),
      tenant_id: tenantId,
      client_id: app.clientId,
      name: 'main',
      name_canonical: 'main',
      issuer: 'https://issuer.example',
      subject: 'a',
      expression: null,
      audience: 'b',
      description: null,
      trust: null,
      match_hash: 'hash',
      created_at: at,
    };
    await change((transaction) =>
      transaction.insertInto('federated_credentials').values(federated).execute(),
    );
    const federatedNow = () =>
      database.read
        .selectFrom('federated_credentials')
        .selectAll()
        .where('client_id', '=', app.clientId)
        .execute();
    await assign(app.principalId, owner.principalId);
    await remove(app.clientId);
    assert.deepEqual(await federatedNow(), []);
    assert.equal(await selectApplication(database.read, tenantId, { clientId: app.clientId }), undefined);
    const back = await restore(app.applicationId);
    assert.equal(back?.clientId, app.clientId);
    const client = await selectClient(database.read, tenantId, app.clientId);
    assert.equal(client?.principal.principalId, app.principalId);
    assert.equal(client?.principal.tokensValidFrom, at + 10);
    assert.equal(checkSecret(client?.secrets, app.secret, at), 'valid');
    assert.equal(await selectIdentifierOwner(database.read, tenantId, 'api://back'), app.clientId);
    assert.deepEqual(
      (await federatedNow()).map((row) => row.credential_id),
      [federated.credential_id],
    );
    assert.equal(await assignmentsOf(app.principalId), 0);
    const owners = await database.read
      .selectFrom('object_owners')
      .select('owner_id')
      .where('object_id', '=', app.applicationId)
      .execute();
    assert.deepEqual(owners, [{ owner_id: owner.principalId }]);
    assert.equal(await restore(app.applicationId), undefined);
  });

  test('does not come back where its names are taken, and stays to be restored', async () => {
    const app = await create('taken', { uniqueName: 'taken' });
    await remove(app.clientId);
    const second = await create('taken');
    await refused(restore(app.applicationId), 'already-exists');
    await remove(second.clientId);
    const third = await create('elsewhere', { uniqueName: 'taken' });
    await refused(restore(app.applicationId), 'already-exists');
    await remove(third.clientId);
    assert.equal((await restore(app.applicationId))?.clientId, app.clientId);
  });

  test('is let go of after thirty days', async () => {
    const app = await create('late');
    await remove(app.clientId);
    assert.equal(await restore(app.applicationId, at + keptDeleted), undefined);
    const list = (now: number) =>
      selectDeletedObjects(database.read, { tenantId, kind: 'application', limit: 999, now });
    assert.ok((await list(at + 1)).some(({ objectId }) => objectId === app.applicationId));
    assert.deepEqual(await list(at + keptDeleted), []);
    const last = await create('last');
    await remove(last.clientId, at + keptDeleted);
    const rows = await database.read.selectFrom('deleted_objects').select('object_id').execute();
    assert.deepEqual(
      new Set(rows.map((row) => row.object_id)),
      new Set([last.applicationId, last.principalId]),
    );
  });

  test('has a principal that comes back only where the application stands without another', async () => {
    const app = await create('alone');
    const { principalId } = app;
    const key = { tenantId, principalId, at: at + 1 };
    await change((transaction) => deleteServicePrincipal(transaction, { ...key, at }));
    assert.equal(await selectPrincipal(database.read, tenantId, principalId), undefined);
    assert.ok(await selectApplication(database.read, tenantId, { clientId: app.clientId }));
    const other = await testTenant(database);
    assert.equal(
      await change((transaction) => restoreServicePrincipal(transaction, { ...key, tenantId: other })),
      undefined,
    );
    const successor = guid<PrincipalId>(systemRandomness.uuid());
    await change((transaction) =>
      insertPrincipal(transaction, {
        tenantId,
        principalId: successor,
        clientId: app.clientId,
        displayName: 'alone',
        principalType: 'Application',
        at,
      }),
    );
    await refused(
      change((transaction) => restoreServicePrincipal(transaction, key)),
      'conflict',
    );
    await change((transaction) => deleteServicePrincipal(transaction, { ...key, principalId: successor }));
    const back = await change((transaction) => restoreServicePrincipal(transaction, key));
    assert.equal(back?.principalId, principalId);
    await remove(app.clientId);
    await refused(
      change((transaction) => restoreServicePrincipal(transaction, key)),
      'conflict',
    );
  });

  test('is never a managed identity, which does not come back', async () => {
    const principalId = guid<PrincipalId>(systemRandomness.uuid());
    const resource = '/subscriptions/s/resourcegroups/g/providers/p/t/gone';
    await change((transaction) =>
      insertPrincipal(transaction, {
        tenantId,
        principalId,
        clientId: guid<ClientId>(systemRandomness.uuid()),
        displayName: 'gone',
        principalType: 'ManagedIdentity',
        identity: {
          kind: 'SystemAssigned',
          resourceId: resource,
          resourceCanonical: resource as CanonicalId,
        },
        at,
      }),
    );
    await change((transaction) => deleteServicePrincipal(transaction, { tenantId, principalId, at }));
    await refused(
      change((transaction) => restoreServicePrincipal(transaction, { tenantId, principalId, at })),
      'forbidden',
    );
  });
});
