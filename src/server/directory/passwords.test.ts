import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { guid, type TenantId, type UserId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { hashPassword, passwordMatches, selectNamedUser, setPassword } from './passwords.ts';
import { createTenant } from './tenants.ts';
import { insertUser, selectUser } from './user-store.ts';

const tenantId = guid<TenantId>('11111111-1111-4111-8111-111111111111');
const userId = guid<UserId>('22222222-2222-4222-8222-222222222222');

describe('a password', () => {
  test('is kept as Argon2id with its parameters, never the same twice', async () => {
    const [one, two] = await Promise.all([
      hashPassword('correct horse', systemRandomness),
      hashPassword('correct horse', systemRandomness),
    ]);
    assert.match(one, /^\$argon2id\$v=19\$m=47104,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(one, two);
    assert.equal(await passwordMatches(one, 'correct horse'), true);
    assert.equal(await passwordMatches(one, 'correct horsf'), false);
    assert.equal(await passwordMatches(one, ''), false);
  });

  test('is the same in either spelling of its letters', async () => {
    const stored = await hashPassword('p\u00e4sswort', systemRandomness);
    assert.equal(await passwordMatches(stored, 'pa\u0308sswort'), true);
  });

  test('has bounds', async () => {
    for (const password of ['', 'short67', 'x'.repeat(257)]) {
      await assert.rejects(hashPassword(password, systemRandomness), { kind: 'invalid-value' });
    }
    const longest = await hashPassword('x'.repeat(256), systemRandomness);
    assert.equal(await passwordMatches(longest, 'x'.repeat(257)), false);
    assert.equal(await passwordMatches(longest, 'x'.repeat(100_000)), false);
  });

  test('of nobody never matches, not even the decoy’s own hash (C13)', async () => {
    assert.equal(await passwordMatches(undefined, 'anything at all'), false);
  });

  test('that changes ends what was signed in before', async () => {
    await using database = await testDatabase();
    const hash = await hashPassword('first password', systemRandomness);
    await database.transaction(async (transaction) => {
      await createTenant(transaction, { tenantId, displayName: 'T', defaultDomain: 'a.example' }, 1);
      await insertUser(transaction, {
        tenantId,
        userId,
        userPrincipalName: 'alice@a.example',
        displayName: 'Alice',
        at: 1000,
      });
      assert.equal(
        await setPassword(transaction, { tenantId, userId, hash, mustChange: true, at: 5000 }),
        true,
      );
    });
    const named = await selectNamedUser(database.read, tenantId, 'ALICE@a.example');
    assert.deepEqual([named?.user.userId, named?.hash, named?.mustChange], [userId, hash, true]);
    assert.equal((await selectUser(database.read, tenantId, { userId }))?.tokensValidFrom, 5000);
  });

  test('is for users that exist', async () => {
    await using database = await testDatabase();
    const hash = await hashPassword('first password', systemRandomness);
    const change = { tenantId, userId, hash, mustChange: false, at: 1 };
    assert.equal(await database.transaction((transaction) => setPassword(transaction, change)), false);
    assert.equal(await selectNamedUser(database.read, tenantId, 'alice@a.example'), undefined);
  });
});
