import {
  type ChangedUser,
  changedUserBody,
  type NewUser,
  newUserBody,
} from '../../../contract/graph-user.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import { guid, type PrincipalId, type UserId } from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { hashPassword } from '../../directory/passwords.ts';
import { removeUser } from '../../directory/user-deletion.ts';
import {
  findUser,
  revokeSignIns,
  selectUser,
  selectUsers,
  selectUsersOf,
  type User,
} from '../../directory/user-store.ts';
import { changeUser, createUser, type NewPassword } from '../../directory/users.ts';
import type { Queries } from '../../storage/database.ts';
import type { ApplicationParts } from '../applications/application-operations.ts';
import type { Source } from '../collection.ts';
import { type Expand, expanded } from '../expansion.ts';
import { requiredValues } from '../filter.ts';
import { listing } from '../listing.ts';
import type { GraphOperation, GraphRequest, ReadOperation, WriteOperation } from '../operation.ts';
import { requireGovernable } from '../privileged-objects.ts';
import { denied, noSuchObject } from '../targets.ts';
import { changesUsers, governsUsers, readsUsers, seesSelf } from './user-permissions.ts';
import { presentUser } from './user-shape.ts';

const entitySet = 'users';

/** A body whose password is hashed. */
type Ready<Body extends { readonly passwordProfile?: unknown }> = Omit<Body, 'passwordProfile'> & {
  readonly password: NewPassword | undefined;
};

/** People: list, count, read, make, change, delete, end their sessions. */
export function userOperations({
  randomness,
  onPrincipalEnd,
  relations,
}: Pick<ApplicationParts, 'onPrincipalEnd'> & {
  readonly randomness: Randomness;
  /** What `$expand` shows. */
  readonly relations: Readonly<Record<string, Expand>>;
}): readonly GraphOperation[] {
  async function hashed<Body extends ChangedUser>(body: Body): Promise<Ready<Body>> {
    const { passwordProfile: given, ...members } = body;
    if (given === undefined) return { ...members, password: undefined };
    const hash = await hashPassword(given.password, randomness);
    return { ...members, password: { hash, mustChange: given.forceChangePasswordNextSignIn } };
  }

  const lists = listing({ entitySet, permissions: readsUsers, relations, sourceOf: userSource });

  const reads = [`${entitySet}/{}`, 'me'].map(
    (path): ReadOperation => ({
      method: 'GET',
      path,
      permissions: readsUsers,
      scopesOfSelf: seesSelf,
      async run(request, queries) {
        const value = presentUser(await userOf(request, queries));
        return await expanded(request, queries, relations, { kind: 'entity', entitySet, value });
      },
    }),
  );

  const create: WriteOperation<NewUser, Ready<NewUser>> = {
    method: 'POST',
    path: entitySet,
    activity: { name: 'Add user', category: 'UserManagement' },
    permissions: changesUsers,
    body: newUserBody,
    prepare: hashed,
    async run({ tenantId, body, at, base }, transaction) {
      const { password, accountEnabled: enabled, displayName, userPrincipalName, ...profile } = body;
      if (password === undefined) throw new Error('a user is made without a password');
      const made = { enabled, displayName, userPrincipalName, profile, password };
      const user = await createUser(transaction, tenantId, made, randomness, at);
      const location = `${base}/${entitySet}/${user.userId}`;
      return { kind: 'entity', status: 201, entitySet, value: presentUser(user), location };
    },
  };

  const change: WriteOperation<ChangedUser, Ready<ChangedUser>> = {
    method: 'PATCH',
    path: `${entitySet}/{}`,
    activity: { name: 'Update user', category: 'UserManagement' },
    permissions: changesUsers,
    body: changedUserBody,
    prepare: hashed,
    async run(request, transaction) {
      const { password, accountEnabled: enabled, displayName, userPrincipalName, ...given } = request.body;
      const user = await userOf(request, transaction);
      if (password !== undefined || enabled !== undefined || userPrincipalName !== undefined) {
        if (!governsUsers.some((permission) => request.permissions.has(permission))) throw denied();
        await requireGovernable(transaction, request, user.userId);
      }
      const profile = { ...user.profile, ...given };
      await changeUser(
        transaction,
        user,
        {
          password,
          profile,
          ...(enabled === undefined ? {} : { enabled }),
          ...(displayName === undefined ? {} : { displayName }),
          ...(userPrincipalName === undefined ? {} : { userPrincipalName }),
        },
        request.at,
      );
      return { kind: 'nothing' };
    },
  };

  const remove: WriteOperation = {
    method: 'DELETE',
    path: `${entitySet}/{}`,
    activity: { name: 'Delete user', category: 'UserManagement' },
    permissions: governsUsers,
    async run(request, transaction) {
      const { tenantId, at } = request;
      const { userId } = await userOf(request, transaction);
      await requireGovernable(transaction, request, userId);
      await onPrincipalEnd(transaction, { tenantId, principalId: guid<PrincipalId>(userId), at });
      await removeUser(transaction, { tenantId, userId, at });
      return { kind: 'nothing' };
    },
  };

  const revocations = [`${entitySet}/{}`, 'me'].flatMap((path) =>
    ['revokeSignInSessions', 'microsoft.graph.revokeSignInSessions'].map(
      (action): WriteOperation => ({
        method: 'POST',
        path: `${path}/${action}`,
        activity: { name: 'Update StsRefreshTokenValidFrom Timestamp', category: 'UserManagement' },
        permissions: governsUsers,
        scopesOfSelf: ['User.ReadWrite', 'User.RevokeSessions.All', ...governsUsers],
        async run(request, transaction) {
          const { tenantId, at } = request;
          const { userId } = await userOf(request, transaction);
          await requireGovernable(transaction, request, userId);
          await revokeSignIns(transaction, { tenantId, userId, at });
          return { kind: 'value', context: 'Edm.Boolean', value: true };
        },
      }),
    ),
  );

  return [...lists, ...reads, create, change, remove, ...revocations];
}

/**
 * The person that a path begins with: by id, by name, or `me`.
 *
 * @throws DomainError `not-found`; `malformed` where `me` is nobody, since an application acts for itself
 */
export async function userOf(
  { tenantId, keys: [key], caller }: Pick<GraphRequest, 'tenantId' | 'keys' | 'caller'>,
  queries: Queries,
): Promise<User> {
  if (key === undefined) {
    if (caller.principalType !== 'User') {
      throw new DomainError('malformed', '/me request is only valid with delegated authentication flow.', {
        code: 'BadRequest',
      });
    }
    const self = await selectUser(queries, tenantId, { userId: guid<UserId>(caller.principalId) });
    if (self === undefined) throw noSuchObject(caller.principalId);
    return self;
  }
  const user =
    key.by === 'id' || key.by === 'userprincipalname'
      ? await findUser(queries, tenantId, key.value)
      : undefined;
  if (user === undefined) throw noSuchObject(key.value);
  return user;
}

/** All people, or where the filter names some by a key, those. */
function userSource({ tenantId, options: { filter } }: GraphRequest, queries: Queries): Source<User> {
  const ids = requiredValues(filter, 'id');
  const names = requiredValues(filter, 'userPrincipalName');
  const [displayName, more] = requiredValues(filter, 'displayName') ?? [];

  const named = async (): Promise<readonly User[] | undefined> => {
    if (ids !== undefined) return await selectUsersOf(queries, tenantId, ids);
    if (names === undefined) return undefined;
    const found: User[] = [];
    for (const userPrincipalName of new Set(names)) {
      const user = await selectUser(queries, tenantId, { userPrincipalName });
      if (user !== undefined) found.push(user);
    }
    return found.sort((a, b) => (a.userId < b.userId ? -1 : 1));
  };

  return {
    async rows(after, limit) {
      const some = await named();
      if (some !== undefined) return some.filter(({ userId }) => after === undefined || userId > after);
      return await selectUsers(queries, tenantId, {
        displayName: more === undefined ? displayName : undefined,
        after,
        limit,
      });
    },
    keyOf: ({ userId }) => userId,
    present: async (users) => users.map((user) => presentUser(user)),
  };
}
