import { guid, type PrincipalId, type TenantId, type UserId } from '../../foundation/ids.ts';
import {
  type ApplicationSnapshot,
  type PrincipalSnapshot,
  restoreApplication,
  restoreServicePrincipal,
} from '../directory/application-deletion.ts';
import { asApplication } from '../directory/application-store.ts';
import { readSettings } from '../directory/client-store.ts';
import type { DeletedKind, DeletedObject } from '../directory/deleted-objects.ts';
import { asPrincipal } from '../directory/directory-store.ts';
import type { GraphPermission } from '../directory/graph-app-roles.ts';
import { asGroup } from '../directory/group-store.ts';
import { type GroupSnapshot, restoreGroup } from '../directory/groups.ts';
import { restoreUser, type UserSnapshot } from '../directory/user-deletion.ts';
import { asUser } from '../directory/user-store.ts';
import type { Transaction } from '../storage/database.ts';
import type { ApplicationParts } from './applications/application-operations.ts';
import { changesApplications, readsApplications } from './applications/application-permissions.ts';
import { presentApplication } from './applications/application-shape.ts';
import { presentServicePrincipal } from './applications/service-principal-shape.ts';
import { endsGroups, readsGroups } from './groups/group-permissions.ts';
import { presentGroup } from './groups/group-shape.ts';
import type { WriteRequest } from './operation.ts';
import { requireMayHoldRoles } from './privileged-objects.ts';
import { governsUsers, readsUsers } from './users/user-permissions.ts';
import { presentUser } from './users/user-shape.ts';

interface Ended {
  readonly tenantId: TenantId;
  readonly objectId: PrincipalId;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What may be done with deleted objects of a kind, and by whom. */
export interface DeletedItems {
  readonly reads: readonly GraphPermission[];
  readonly changes: readonly GraphPermission[];
  /** Object ids of whoever owned it when it was deleted and may change it as such. */
  owners(found: DeletedObject): readonly string[];
  present(found: DeletedObject): object;
  /** Further conditions on who restores or purges it. @throws DomainError `forbidden` */
  guard?(request: WriteRequest, found: DeletedObject): void;
  restore(transaction: Transaction, ended: Ended): Promise<unknown>;
  /** What else ends with it for good. */
  end?(transaction: Transaction, found: DeletedObject, at: number): Promise<void>;
}

const byOwners = { reads: readsApplications, changes: changesApplications.permissions } as const;
const nobody = () => [];
const bare = { passwords: [], keys: [] };

function ownersIn({ snapshot }: DeletedObject): readonly string[] {
  return (snapshot as ApplicationSnapshot | PrincipalSnapshot).owners.map(({ owner_id }) => owner_id);
}

/** Every kind of object that is kept when it is deleted. */
export function deletedItems({
  onApplicationEnd,
}: Pick<ApplicationParts, 'onApplicationEnd'>): Readonly<Record<DeletedKind, DeletedItems>> {
  return {
    application: {
      ...byOwners,
      owners: ownersIn,
      present({ snapshot, deletedAt }) {
        const { application } = snapshot as ApplicationSnapshot;
        return presentApplication(asApplication(application), { publisherDomain: '', ...bare, deletedAt });
      },
      restore: restoreApplication,
      async end(transaction, { tenantId, snapshot }, at) {
        const { clientId } = asApplication((snapshot as ApplicationSnapshot).application);
        await onApplicationEnd(transaction, { tenantId, clientId, at });
      },
    },
    servicePrincipal: {
      ...byOwners,
      owners: ownersIn,
      present({ snapshot, deletedAt }) {
        const { principal } = snapshot as PrincipalSnapshot;
        return presentServicePrincipal(asPrincipal(principal), {
          settings: readSettings(principal.manifest),
          manifest: undefined,
          ...bare,
          deletedAt,
        });
      },
      restore: (transaction, { tenantId, objectId, at }) =>
        restoreServicePrincipal(transaction, { tenantId, principalId: objectId, at }),
    },
    user: {
      reads: readsUsers,
      changes: governsUsers,
      owners: nobody,
      present: ({ snapshot, deletedAt }) => presentUser(asUser((snapshot as UserSnapshot).user), deletedAt),
      restore: (transaction, { tenantId, objectId, at }) =>
        restoreUser(transaction, { tenantId, userId: guid<UserId>(objectId), at }),
    },
    group: {
      reads: readsGroups,
      changes: endsGroups.permissions,
      owners: nobody,
      present: ({ snapshot, deletedAt }) =>
        presentGroup(asGroup((snapshot as GroupSnapshot).group), deletedAt),
      guard: (request, { snapshot }) =>
        requireMayHoldRoles(request, asGroup((snapshot as GroupSnapshot).group)),
      restore: (transaction, { tenantId, objectId, at }) =>
        restoreGroup(transaction, { tenantId, groupId: objectId, at }),
    },
  };
}
