import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testTenant } from '../../../test/support/sealer.ts';
import type { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, guid, type TenantId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { checkIdentifier, replaceIdentifiers, selectIdentifierOwner } from './application-identifiers.ts';

const id = <T extends ClientId | TenantId>() => guid<T>(systemRandomness.uuid());
const tenantId = id<TenantId>();
const clientId = id<ClientId>();
const isReserved = (canonical: string) => canonical === 'https://vault.azure.net';

describe('an application ID URI', () => {
  const check = (identifier: string) => checkIdentifier(identifier, { tenantId, clientId }, isReserved);

  test('is an absolute URI', () => {
    for (const identifier of [
      'api://orders',
      'api://orders.example/Things',
      `api://${clientId}`,
      `api://${clientId.toUpperCase()}/x`,
      `api://${tenantId}/orders`,
      'https://orders.example/api',
      'https://orders.example/api/',
      'urn:orders:api',
    ]) {
      check(identifier);
    }
  });

  test('takes nothing that stands for another, or for nobody (C4)', () => {
    for (const identifier of [
      '',
      'orders',
      'api://',
      'api:orders',
      `api://${id<ClientId>()}`,
      `api://${id<ClientId>()}/x`,
      `api://${tenantId}`,
      'https://orders.example//',
      'https://orders.example/*',
      'https://*.example',
      'https://a@orders.example',
      'https://orders.example/?x',
      'https://orders.example/#x',
      'https://orders.example/.default',
      'https://orders.example/.default/',
      'https://orders.example /',
      'https://orders.exämple/',
      'https://orders.example/\u200b',
      'https://orders.example/ı',
      'javascript://orders',
      `https://${'x'.repeat(260)}`,
    ]) {
      assert.throws(
        () => check(identifier),
        (error: DomainError) => error.kind === 'invalid-value',
        identifier,
      );
    }
    for (const identifier of ['https://vault.azure.net', 'HTTPS://Vault.azure.net/']) {
      assert.throws(
        () => check(identifier),
        (error: DomainError) => error.kind === 'already-exists',
        identifier,
      );
    }
  });

  test("is one application's in its tenant, in every spelling, until it gives it up", async () => {
    await using database = await testDatabase();
    const [tenant, other] = [await testTenant(database), await testTenant(database)];
    const [first, second] = [id<ClientId>(), id<ClientId>()];
    const give = (tenantId: TenantId, clientId: ClientId, identifiers: readonly string[]) =>
      database.transaction((tx) => replaceIdentifiers(tx, { tenantId, clientId, identifiers, at: 1 }));
    await give(tenant, first, ['api://Orders']);
    await give(tenant, first, ['api://orders/', 'api://more']);
    for (const identifier of ['api://orders', 'API://ORDERS/']) {
      assert.equal(await selectIdentifierOwner(database.read, tenant, identifier), first);
      await assert.rejects(
        give(tenant, second, ['api://free', identifier]),
        (error: DomainError) => error.kind === 'already-exists',
      );
    }
    assert.equal(await selectIdentifierOwner(database.read, tenant, 'api://free'), undefined);
    await assert.rejects(
      give(tenant, second, ['api://free', 'API://free/']),
      (error: DomainError) => error.kind === 'invalid-value',
    );
    await give(other, second, ['api://orders']);
    assert.equal(await selectIdentifierOwner(database.read, other, 'api://orders'), second);
    await give(tenant, first, []);
    await give(tenant, second, ['api://orders']);
    assert.equal(await selectIdentifierOwner(database.read, tenant, 'api://orders'), second);
  });
});
