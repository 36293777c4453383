import { guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { type Application, selectApplicationsOf } from '../directory/application-store.ts';
import { selectPrincipalsOf } from '../directory/directory-store.ts';
import { firstPartyPrincipal } from '../directory/first-party-principals.ts';
import { selectGroups } from '../directory/group-store.ts';
import type { Principal } from '../directory/service-principals.ts';
import { selectUsersOf } from '../directory/user-store.ts';
import type { Queries } from '../storage/database.ts';
import { presentFirstParty } from './applications/service-principal-shape.ts';
import { presentGroup } from './groups/group-shape.ts';
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

/** Objects of the directory by id, whatever their kind. */
export class DirectoryObjects {
  readonly #presenters: ObjectPresenters;

  constructor(presenters: ObjectPresenters) {
    this.#presenters = presenters;
  }

  /** The objects of these ids that stand, each with its `@odata.type`, in the order of the ids. */
  async present(queries: Queries, tenantId: TenantId, ids: readonly string[]): Promise<readonly object[]> {
    return (await this.each(queries, tenantId, ids)).filter((object) => object !== undefined);
  }

  /** The same, with `undefined` in the place of what does not stand. */
  async each(
    queries: Queries,
    tenantId: TenantId,
    ids: readonly string[],
  ): Promise<readonly (object | undefined)[]> {
    if (ids.length === 0) return [];
    const wanted = ids.map((id) => guid<PrincipalId>(id));
    const principals = await selectPrincipalsOf(queries, tenantId, wanted);
    const applications = await selectApplicationsOf(queries, tenantId, wanted);
    const users = await selectUsersOf(queries, tenantId, wanted);
    const groups = await selectGroups(queries, tenantId, { ids: wanted, limit: wanted.length });
    const firstParty = wanted.flatMap((principalId) => firstPartyPrincipal(tenantId, { principalId }) ?? []);
    const shown = new Map<string, object>();
    const shownPrincipals = await this.#presenters.principals(queries, tenantId, principals);
    for (const [index, { principalId }] of principals.entries()) {
      shown.set(principalId, typed('servicePrincipal', shownPrincipals[index]));
    }
    const shownApplications = await this.#presenters.applications(queries, tenantId, applications);
    for (const [index, { objectId }] of applications.entries()) {
      shown.set(objectId, typed('application', shownApplications[index]));
    }
    for (const user of users) shown.set(user.userId, typed('user', presentUser(user)));
    for (const group of groups) shown.set(group.groupId, typed('group', presentGroup(group)));
    for (const one of firstParty)
      shown.set(one.principalId, typed('servicePrincipal', presentFirstParty(one)));
    return wanted.map((id) => shown.get(id));
  }
}

function typed(kind: string, object: object | undefined): object {
  return { '@odata.type': `#microsoft.graph.${kind}`, ...object };
}
