import type { Selectable } from 'kysely';
import { guid, type PrincipalId, type TenantId, type UserId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import type { UsersTable } from '../storage/directory-tables.ts';
import type { UpstreamAccountsTable, UserPasswordsTable } from '../storage/people-tables.ts';
import { insertDeletedObject, selectDeletedObject, takeDeletedObject } from './deleted-objects.ts';
import { removeReferences } from './references.ts';
import { validFromAfter } from './tokens-valid-from.ts';
import { asUser, deleteUser, type User } from './user-store.ts';
import { assertNameFree } from './users.ts';

/** What is kept of a deleted user: with it comes back how it signed in, and nothing that it was allowed. */
export interface UserSnapshot {
  readonly user: Selectable<UsersTable>;
  readonly password: Selectable<UserPasswordsTable> | null;
  readonly accounts: readonly Selectable<UpstreamAccountsTable>[];
}

interface UserAt {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Deletes a user with all it may and all that is signed in as it. It is kept for thirty days; its name is free at once.
 *
 * @returns the user as it was, `undefined` where the tenant has none of that id
 */
export async function removeUser(
  transaction: Transaction,
  { tenantId, userId, at }: UserAt,
): Promise<User | undefined> {
  const user = await transaction
    .selectFrom('users')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (user === undefined) return undefined;
  for (const table of [
    'sign_in_sessions',
    'refresh_tokens',
    'authorization_codes',
    'device_codes',
  ] as const) {
    await transaction
      .deleteFrom(table)
      .where('tenant_id', '=', tenantId)
      .where('user_id', '=', userId)
      .execute();
  }
  const password = await transaction
    .deleteFrom('user_passwords')
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .returningAll()
    .executeTakeFirst();
  const accounts = await transaction
    .deleteFrom('upstream_accounts')
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .returningAll()
    .execute();
  await removeReferences(transaction, { tenantId, objectIds: [userId], at });
  const deleted = await deleteUser(transaction, { tenantId, userId, at });
  const snapshot: UserSnapshot = { user, password: password ?? null, accounts };
  await insertDeletedObject(transaction, {
    tenantId,
    objectId: guid<PrincipalId>(userId),
    kind: 'user',
    displayName: user.display_name,
    snapshot,
    deletedAt: at,
  });
  return deleted;
}

/**
 * Brings a deleted user back with its password. Whatever was signed in before stays ended; rights are given anew.
 *
 * @returns `undefined` where the tenant has no deleted user of that id
 * @throws DomainError `already-exists` where somebody has the name by now
 */
export async function restoreUser(
  transaction: Transaction,
  { tenantId, userId, at }: UserAt,
): Promise<User | undefined> {
  const key = { tenantId, objectId: guid<PrincipalId>(userId), now: at };
  const found = await selectDeletedObject(transaction, key);
  if (found?.kind !== 'user') return undefined;
  const { user, password, accounts } = found.snapshot as UserSnapshot;
  await assertNameFree(transaction, tenantId, user.user_principal_name);
  await takeDeletedObject(transaction, key);
  const row = { ...user, tokens_valid_from: validFromAfter(user.tokens_valid_from, at) };
  await transaction.insertInto('users').values(row).execute();
  if (password !== null) await transaction.insertInto('user_passwords').values(password).execute();
  for (const account of accounts) {
    // somebody else may have been given the account meanwhile, who keeps it
    await transaction
      .insertInto('upstream_accounts')
      .values(account)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  await recordChange(transaction, { tenantId, kind: 'user', key: userId, at });
  return asUser(row);
}
