import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testFollower } from '../../../test/support/feed.ts';
import type { DomainError } from '../../foundation/domain-error.ts';
import { guid, type TenantId } from '../../foundation/ids.ts';
import { Directory } from './directory.ts';
import { createTenant, parseTenantName } from './tenants.ts';

const tenantId = guid<TenantId>('aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee');

test('a tenant segment is a GUID, a domain, or a word for any tenant, in whatever case', () => {
  assert.deepEqual(parseTenantName(tenantId.toUpperCase()), { kind: 'guid', tenantId });
  assert.deepEqual(parseTenantName('Contoso.EXAMPLE'), { kind: 'domain', defaultDomain: 'contoso.example' });
  assert.deepEqual(parseTenantName('Common'), { kind: 'alias', alias: 'common' });
  for (const segment of [
    '',
    'x',
    'a_b.example',
    '-a.example',
    'a..b',
    '.',
    '..',
    'a.example/',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(130)}example`,
    'a.example\n',
  ]) {
    assert.equal(parseTenantName(segment), undefined, JSON.stringify(segment));
  }
});

test('a tenant is found by its GUID and by its domain from the commit on', async () => {
  await using database = await testDatabase();
  await using follower = await testFollower(database);
  const directory = new Directory(database, follower);
  const byGuid = { kind: 'guid', tenantId } as const;
  const byDomain = { kind: 'domain', defaultDomain: 'contoso.example' } as const;
  assert.equal(await directory.tenant(byGuid), undefined);
  assert.equal(await directory.tenant(byDomain), undefined);
  const names = { tenantId, displayName: 'Contoso', defaultDomain: 'Contoso.example' };
  const tenant = await database.transaction((transaction) => createTenant(transaction, names, 1));
  assert.deepEqual(tenant, { tenantId, displayName: 'Contoso', defaultDomain: 'contoso.example' });
  assert.deepEqual(await directory.tenant(byGuid), tenant);
  assert.deepEqual(await directory.tenant(byDomain), tenant);
});

test('a tenant has a domain that is a DNS name', async () => {
  await using database = await testDatabase();
  const names = { tenantId, displayName: 'x', defaultDomain: 'one' };
  await assert.rejects(
    database.transaction((transaction) => createTenant(transaction, names, 1)),
    (error: DomainError) => error.kind === 'invalid-value',
  );
});
