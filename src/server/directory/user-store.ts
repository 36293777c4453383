import type { Selectable } from 'kysely';
import { guid, parseGuid, type TenantId, type UserId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { UsersTable } from '../storage/directory-tables.ts';
import { validFromAfter } from './tokens-valid-from.ts';

/** A person of the directory. The object id is never given to another. */
export interface User {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  /** As displayed, `name@domain`. */
  readonly userPrincipalName: string;
  readonly displayName: string;
  readonly enabled: boolean;
  /** Milliseconds since the epoch; tokens issued before are refused. */
  readonly tokensValidFrom: number;
  /** What Graph shows beside: mail, givenName, surname, … */
  readonly profile: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

interface UserKey {
  readonly tenantId: TenantId;
  readonly userId: UserId;
}

/** A name as it is compared: without regard to case. */
export function canonicalName(userPrincipalName: string): string {
  return userPrincipalName.toLowerCase();
}

/** Makes a user, enabled unless told. Fails where the tenant has the name already. */
export async function insertUser(
  transaction: Transaction,
  user: UserKey & {
    readonly userPrincipalName: string;
    readonly displayName: string;
    readonly enabled?: boolean;
    readonly profile?: Readonly<Record<string, unknown>>;
    /** Milliseconds since the epoch. */
    readonly at: number;
  },
): Promise<void> {
  const { tenantId, userId, at } = user;
  await transaction
    .insertInto('users')
    .values({
      user_id: userId,
      tenant_id: tenantId,
      user_principal_name: user.userPrincipalName,
      name_canonical: canonicalName(user.userPrincipalName),
      display_name: user.displayName,
      enabled: user.enabled === false ? 0 : 1,
      tokens_valid_from: at,
      profile: JSON.stringify(user.profile ?? {}),
      created_at: at,
    })
    .execute();
  await recordChange(transaction, { tenantId, kind: 'user', key: userId, at });
}

/** What of a user may change. */
export interface UserChange {
  readonly userPrincipalName?: string;
  readonly displayName?: string;
  readonly enabled?: boolean;
  /** Milliseconds since the epoch. */
  readonly tokensValidFrom?: number;
  readonly profile?: Readonly<Record<string, unknown>>;
}

/** @returns whether the tenant has the user */
export async function updateUser(
  transaction: Transaction,
  { tenantId, userId, at }: UserKey & { readonly at: number },
  change: UserChange,
): Promise<boolean> {
  const { userPrincipalName, displayName, enabled, tokensValidFrom, profile } = change;
  const row = await transaction
    .updateTable('users')
    .set({
      ...(userPrincipalName === undefined
        ? {}
        : { user_principal_name: userPrincipalName, name_canonical: canonicalName(userPrincipalName) }),
      ...(displayName === undefined ? {} : { display_name: displayName }),
      ...(enabled === undefined ? {} : { enabled: enabled ? 1 : 0 }),
      ...(tokensValidFrom === undefined ? {} : { tokens_valid_from: tokensValidFrom }),
      ...(profile === undefined ? {} : { profile: JSON.stringify(profile) }),
    })
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .returning('user_id')
    .executeTakeFirst();
  if (row === undefined) return false;
  await recordChange(transaction, { tenantId, kind: 'user', key: userId, at });
  return true;
}

/** Refuses whatever was signed in before the transaction is committed, tokens and sessions. @returns whether the tenant has the user */
export async function revokeSignIns(
  transaction: Transaction,
  { tenantId, userId, at }: UserKey & { readonly at: number },
): Promise<boolean> {
  const user = await selectUser(transaction, tenantId, { userId });
  if (user === undefined) return false;
  const tokensValidFrom = validFromAfter(user.tokensValidFrom, at);
  return await updateUser(transaction, { tenantId, userId, at }, { tokensValidFrom });
}

/**
 * Ends a user: tokens are refused from the commit on. What refers to the user (memberships, roles, sessions) is the
 * caller's to end in the same transaction.
 *
 * @returns the user as it was, `undefined` where the tenant has none of that id
 */
export async function deleteUser(
  transaction: Transaction,
  { tenantId, userId, at }: UserKey & { readonly at: number },
): Promise<User | undefined> {
  const row = await transaction
    .deleteFrom('users')
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await recordChange(transaction, { tenantId, kind: 'user', key: userId, at });
  return asUser(row);
}

/** The user of an object id or of a user principal name, in any case. */
export async function selectUser(
  queries: Queries,
  tenantId: TenantId,
  name: { readonly userId: UserId } | { readonly userPrincipalName: string },
): Promise<User | undefined> {
  const query = queries.selectFrom('users').selectAll().where('tenant_id', '=', tenantId);
  const row = await ('userId' in name
    ? query.where('user_id', '=', name.userId)
    : query.where('name_canonical', '=', canonicalName(name.userPrincipalName))
  ).executeTakeFirst();
  return row && asUser(row);
}

/** The users of these object ids, in the tenant; ids of others are left out. */
export async function selectUsersOf(
  queries: Queries,
  tenantId: TenantId,
  userIds: readonly string[],
): Promise<readonly User[]> {
  if (userIds.length === 0) return [];
  const rows = await queries
    .selectFrom('users')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('user_id', 'in', [...userIds])
    .orderBy('user_id')
    .execute();
  return rows.map(asUser);
}

/** A tenant's users by object id, of this display name alone where one is given, in any case. */
export async function selectUsers(
  queries: Queries,
  tenantId: TenantId,
  {
    displayName,
    after,
    limit,
  }: {
    readonly displayName?: string | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  },
): Promise<readonly User[]> {
  const rows = await queries
    .selectFrom('users')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .$if(displayName !== undefined, (q) =>
      q.where((e) => e(e.fn<string>('lower', ['display_name']), '=', (displayName ?? '').toLowerCase())),
    )
    .$if(after !== undefined, (q) => q.where('user_id', '>', after ?? ''))
    .orderBy('user_id')
    .limit(limit)
    .execute();
  return rows.map(asUser);
}

/** The user of an id or a name, as a path of Graph's or a sign-in form gives it. */
export async function findUser(
  queries: Queries,
  tenantId: TenantId,
  idOrName: string,
): Promise<User | undefined> {
  const userId = parseGuid<UserId>(idOrName);
  return await selectUser(
    queries,
    tenantId,
    userId === undefined ? { userPrincipalName: idOrName } : { userId },
  );
}

export function asUser(row: Selectable<UsersTable>): User {
  return {
    tenantId: guid<TenantId>(row.tenant_id),
    userId: guid<UserId>(row.user_id),
    userPrincipalName: row.user_principal_name,
    displayName: row.display_name,
    enabled: row.enabled === 1,
    tokensValidFrom: row.tokens_valid_from,
    profile: JSON.parse(row.profile) as Readonly<Record<string, unknown>>,
    createdAt: row.created_at,
  };
}
