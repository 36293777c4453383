import { guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { type Application, selectApplicationsOf } from '../directory/application-store.ts';
import { selectPrincipalsOf } from '../directory/directory-store.ts';
import { firstPartyPrincipal } from '../directory/first-party-principals.ts';
import type { GraphPermission } from '../directory/graph-app-roles.ts';
import { selectGroups } from '../directory/group-store.ts';
import type { Principal } from '../directory/service-principals.ts';
import { selectUsersOf } from '../directory/user-store.ts';
import type { Queries } from '../storage/database.ts';
import { readsApplications } from './applications/application-permissions.ts';
import { presentFirstParty } from './applications/service-principal-shape.ts';
import { readsGroups } from './groups/group-permissions.ts';
import { presentGroup } from './groups/group-shape.ts';
import { readsUsers } from './users/user-permissions.ts';
import { presentUser } from './users/user-shape.ts';

/** How each kind of object is shown; whoever shows the kind by itself says it. */
export interface ObjectPresenters {
  readonly applications: (
    queries: Queries,
    tenantId: TenantId,
    applications: readonly Application[],
  ) => Promise<readonly object[]>;
  readonly principals: (
    queries: Queries,
    tenantId: TenantId,
    principals: readonly Principal[],
  ) => Promise<readonly object[]>;
}

type Kind = 'servicePrincipal' | 'application' | 'user' | 'group';
type Permissions = ReadonlySet<GraphPermission>;

/** What opens an object of a kind. */
const readers: Readonly<Record<Kind, readonly GraphPermission[]>> = {
  servicePrincipal: readsApplications,
  application: readsApplications,
  user: readsUsers,
  group: readsGroups,
};

/** Objects of the directory by id, whatever their kind. */
export class DirectoryObjects {
  readonly #presenters: ObjectPresenters;

  constructor(presenters: ObjectPresenters) {
    this.#presenters = presenters;
  }

  /**
   * The objects of these ids that stand, each with its `@odata.type`, in the order of the ids.
   *
   * @param permissions the caller's: of an object that they do not open, type and id are shown. Whoever changed an object
   *   sees it whole
   */
  async present(
    queries: Queries,
    tenantId: TenantId,
    ids: readonly string[],
    permissions?: Permissions,
  ): Promise<readonly object[]> {
    return (await this.each(queries, tenantId, ids, permissions)).filter((object) => object !== undefined);
  }

  /** The same, with `undefined` in the place of what does not stand. */
  async each(
    queries: Queries,
    tenantId: TenantId,
    ids: readonly string[],
    permissions?: Permissions,
  ): Promise<readonly (object | undefined)[]> {
    if (ids.length === 0) return [];
    const wanted = ids.map((id) => guid<PrincipalId>(id));
    const principals = await selectPrincipalsOf(queries, tenantId, wanted);
    const applications = await selectApplicationsOf(queries, tenantId, wanted);
    const users = await selectUsersOf(queries, tenantId, wanted);
    const groups = await selectGroups(queries, tenantId, { ids: wanted, limit: wanted.length });
    const firstParty = wanted.flatMap((principalId) => firstPartyPrincipal(tenantId, { principalId }) ?? []);
    const shown = new Map<string, object>();
    const show = (kind: Kind, id: string, object: object | undefined) => {
      const whole = permissions === undefined || readers[kind].some((one) => permissions.has(one));
      shown.set(id, { '@odata.type': `#microsoft.graph.${kind}`, ...(whole ? object : { id }) });
    };
    const shownPrincipals = await this.#presenters.principals(queries, tenantId, principals);
    for (const [index, { principalId }] of principals.entries()) {
      show('servicePrincipal', principalId, shownPrincipals[index]);
    }
    const shownApplications = await this.#presenters.applications(queries, tenantId, applications);
    for (const [index, { objectId }] of applications.entries()) {
      show('application', objectId, shownApplications[index]);
    }
    for (const user of users) show('user', user.userId, presentUser(user));
    for (const group of groups) show('group', group.groupId, presentGroup(group));
    for (const one of firstParty) show('servicePrincipal', one.principalId, presentFirstParty(one));
    return wanted.map((id) => shown.get(id));
  }
}
