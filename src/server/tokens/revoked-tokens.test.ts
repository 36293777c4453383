import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testFollower } from '../../../test/support/feed.ts';
import { guid, type TenantId } from '../../foundation/ids.ts';
import { denyToken, RevokedTokens } from './revoked-tokens.ts';

const tenantId = guid<TenantId>('11111111-1111-4111-8111-111111111111');
const other = guid<TenantId>('22222222-2222-4222-8222-222222222222');

test('a revoked token is known from the commit on, in its own tenant, and forgotten once it has expired', async () => {
  await using database = await testDatabase();
  await using follower = await testFollower(database);
  const revoked = new RevokedTokens(database, follower);
  const deny = (tokenId: string, expiresAt: number, at: number) =>
    database.transaction((transaction) => denyToken(transaction, { tenantId, tokenId, expiresAt, at }));

  assert.equal(await revoked.has(tenantId, 'Aone'), false);
  await deny('Aone', 10_000, 0);
  await deny('Aone', 10_000, 1);
  assert.equal(await revoked.has(tenantId, 'Aone'), true);
  assert.equal(await revoked.has(tenantId, 'Atwo'), false);
  assert.equal(await revoked.has(other, 'Aone'), false);

  // a verifier whose clock is behind may still meet it
  await deny('Atwo', 900_000, 60_000);
  assert.equal(await revoked.has(tenantId, 'Aone'), true);
  await deny('Athree', 900_000, 800_000);
  assert.equal(await revoked.has(tenantId, 'Aone'), false);
  assert.equal(await revoked.has(tenantId, 'Atwo'), true);
});
