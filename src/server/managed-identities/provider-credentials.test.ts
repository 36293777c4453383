import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testFollower } from '../../../test/support/feed.ts';
import { testSealer, testTenant } from '../../../test/support/sealer.ts';
import { canonicalId, parseScope } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { guid, type PrincipalId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { setPrincipalEnabled } from '../directory/directory-store.ts';
import type { Database } from '../storage/database.ts';
import { removeCredentials } from './credential-store.ts';
import { makeIdentityKey } from './identity-keys.ts';
import { systemAssignedOf } from './identity-store.ts';
import { InstanceAuthorities } from './instance-authority.ts';
import { issueToProvider, ProviderCredentials, type ProviderRequest } from './provider-credentials.ts';
import { createSystemAssigned } from './system-assigned.ts';

const vm =
  '/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm1';
const canonical = canonicalId(parseScope(vm));
const providerId = guid<PrincipalId>('55555555-5555-4555-8555-555555555555');
const at = Date.UTC(2026, 10, 1, 12, 0, 0, 500);
const day = 86_400_000;
const key = await makeIdentityKey();

async function world(database: Database) {
  const tenantId = await testTenant(database);
  const { clientId, principalId } = await database.transaction((tx) =>
    createSystemAssigned(
      tx,
      { tenantId, resourceId: vm, resourceCanonical: canonical, displayName: 'vm1', at },
      systemRandomness,
    ),
  );
  const randomness = systemRandomness;
  const authorities = new InstanceAuthorities({ sealer: testSealer(database), randomness });
  const issue = async (change: Partial<ProviderRequest> = {}) =>
    await database.transaction(async (tx) => {
      const identity = await systemAssignedOf(tx, tenantId, canonical);
      assert.ok(identity);
      const resource = { resourceId: vm, canonical, changedAt: at - day };
      const request = { tenantId, providerId, identity, resource, key, assertions: [], tokenId: 't', at };
      return await issueToProvider(tx, { ...request, ...change }, { authorities, randomness });
    });
  const rows = async () =>
    await database.read.selectFrom('provider_credentials').selectAll().orderBy('issued_at').execute();
  return { tenantId, clientId, principalId, issue, rows };
}

const refusedAs = (code: string) => (error: unknown) =>
  error instanceof DomainError && error.kind === 'forbidden' && error.code === code;

describe('the credentials of a resource provider', () => {
  test('live 90 days, are renewed from the 46th on, and name identity, provider, resource and assertions', async () => {
    await using database = await testDatabase();
    const { tenantId, clientId, issue, rows } = await world(database);
    const issued = await issue({ assertions: ['xms_az_tm/user'] });
    assert.equal(issued.notAfter, at - 500 + 90 * day);
    assert.equal(issued.renewAfter, at - 500 + 46 * day);
    assert.equal(issued.cannotRenewAfter, issued.notAfter);
    const [row] = await rows();
    const certificate = new X509Certificate(row?.certificate ?? '');
    assert.deepEqual(certificate.subjectAltName?.split(', '), [
      `URI:innate://${tenantId}/clients/${clientId}`,
      `URI:innate://${tenantId}/providers/${providerId}`,
      `URI:innate://${tenantId}${vm}`,
      `URI:innate://${tenantId}/assertions/xms_az_tm/user`,
    ]);
  });

  test('are renewed until the last has ended, and then once the resource was written', async () => {
    await using database = await testDatabase();
    const { issue } = await world(database);
    const { cannotRenewAfter } = await issue();
    const late = cannotRenewAfter;
    await assert.rejects(issue({ at: late }), refusedAs('CredentialRenewalWindowPassed'));
    const other = guid<PrincipalId>('66666666-6666-4666-8666-666666666666');
    await issue({ at: late, providerId: other });
    const written = { resourceId: vm, canonical, changedAt: late + 1 };
    const renewed = await issue({ at: late + 2, resource: written });
    await issue({ at: renewed.cannotRenewAfter - 1 });
  });

  test('are two at most for each provider, and none of a disabled identity', async () => {
    await using database = await testDatabase();
    const { tenantId, principalId, issue, rows } = await world(database);
    const other = guid<PrincipalId>('66666666-6666-4666-8666-666666666666');
    await issue({ providerId: other });
    for (const later of [1, 2, 3]) await issue({ at: at + later });
    const held = (await rows()).map((row) => [row.provider_id, Number(row.issued_at) - at]);
    assert.deepEqual(held, [
      [other, 0],
      [providerId, 2],
      [providerId, 3],
    ]);
    await database.transaction((tx) =>
      setPrincipalEnabled(tx, { tenantId, principalId, enabled: false, at: at + 4 }),
    );
    await assert.rejects(issue({ at: at + 5 }), refusedAs('IdentityDisabled'));
  });

  test('are found by either thumbprint while the provider may hold them, and not once they ended', async () => {
    await using database = await testDatabase();
    await using follower = await testFollower(database);
    const { tenantId, clientId, principalId, issue, rows } = await world(database);
    let may = true;
    const credentials = new ProviderCredentials(database, follower, async () => may);
    await issue();
    const { raw } = new X509Certificate((await rows())[0]?.certificate ?? '');
    const value = (name: string) => createHash(name).update(raw).digest('base64url');
    const thumbprints = [
      { algorithm: 'sha-256', value: value('sha256') },
      { algorithm: 'sha-1', value: value('sha1') },
    ] as const;
    const found = async () =>
      await Promise.all(
        thumbprints.map(async (each) => (await credentials.find(tenantId, clientId, each))?.providerId),
      );
    assert.deepEqual(await found(), [providerId, providerId]);
    may = false;
    assert.deepEqual(await found(), [undefined, undefined]);
    may = true;
    assert.deepEqual(await found(), [providerId, providerId]);
    const stranger = guid<typeof clientId>('77777777-7777-4777-8777-777777777777');
    assert.equal(await credentials.find(tenantId, stranger, thumbprints[0]), undefined);
    await database.transaction((tx) => removeCredentials(tx, { tenantId, principalId, at: at + 1 }));
    assert.deepEqual(await found(), [undefined, undefined]);
  });
});
