import { DomainError } from '../../foundation/domain-error.ts';
import { guid, type TenantId, type UserId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { selectTenant } from './directory-store.ts';
import { type PasswordHash, setPassword } from './passwords.ts';
import { insertUser, selectUser, type User, type UserChange, updateUser } from './user-store.ts';

/** ASCII, so that no two names look alike (C4); no dot at either end, none doubled. */
const localPart = /^(?=.{1,64}$)[A-Za-z0-9'_!#^~-]+(?:\.[A-Za-z0-9'_!#^~-]+)*$/;

export interface NewPassword {
  readonly hash: PasswordHash;
  readonly mustChange: boolean;
}

/** What of a user administrators change. */
export interface UserAdministration extends Omit<UserChange, 'tokensValidFrom'> {
  readonly password?: NewPassword | undefined;
}

/**
 * Makes a user with a password.
 *
 * @param at milliseconds since the epoch
 * @throws DomainError `invalid-value` for a name that is none or is in a domain of others, `already-exists` for one that
 *   is taken
 */
export async function createUser(
  transaction: Transaction,
  tenantId: TenantId,
  made: Required<Omit<UserAdministration, 'password'>> & { readonly password: NewPassword },
  randomness: Randomness,
  at: number,
): Promise<User> {
  const { password, ...members } = made;
  await assertNameFree(transaction, tenantId, members.userPrincipalName);
  const userId = guid<UserId>(randomness.uuid());
  await insertUser(transaction, { tenantId, userId, ...members, at });
  await setPassword(transaction, { tenantId, userId, ...password, at });
  return await standing(transaction, tenantId, userId);
}

/**
 * Changes a user. A new password, and forbidding sign-in, end what was signed in before.
 *
 * @throws DomainError as `createUser` does
 */
export async function changeUser(
  transaction: Transaction,
  user: User,
  change: UserAdministration,
  at: number,
): Promise<User> {
  const { tenantId, userId } = user;
  const { password, ...members } = change;
  const { userPrincipalName: name } = members;
  if (name !== undefined && name.toLowerCase() !== user.userPrincipalName.toLowerCase()) {
    await assertNameFree(transaction, tenantId, name);
  }
  const ends = user.enabled && members.enabled === false;
  await updateUser(
    transaction,
    { tenantId, userId, at },
    { ...members, ...(ends ? { tokensValidFrom: at } : {}) },
  );
  if (password !== undefined) await setPassword(transaction, { tenantId, userId, ...password, at });
  return await standing(transaction, tenantId, userId);
}

/** @throws DomainError where the name is no name of the tenant's, or somebody's already */
export async function assertNameFree(
  queries: Queries,
  tenantId: TenantId,
  userPrincipalName: string,
): Promise<void> {
  const at = userPrincipalName.lastIndexOf('@');
  const [local, domain] = [userPrincipalName.slice(0, at), userPrincipalName.slice(at + 1).toLowerCase()];
  const tenant = await selectTenant(queries, { tenantId });
  if (!localPart.test(local)) {
    throw new DomainError('invalid-value', "Property 'userPrincipalName' is invalid.", {
      target: 'userPrincipalName',
    });
  }
  if (domain !== tenant?.defaultDomain) {
    throw new DomainError(
      'invalid-value',
      'The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.',
      { target: 'userPrincipalName' },
    );
  }
  if ((await selectUser(queries, tenantId, { userPrincipalName })) === undefined) return;
  throw new DomainError(
    'already-exists',
    'Another object with the same value for property userPrincipalName already exists.',
    { code: 'Request_BadRequest', target: 'userPrincipalName' },
  );
}

async function standing(queries: Queries, tenantId: TenantId, userId: UserId): Promise<User> {
  const user = await selectUser(queries, tenantId, { userId });
  if (user === undefined) throw new Error('a user is missing in the transaction that wrote it');
  return user;
}
