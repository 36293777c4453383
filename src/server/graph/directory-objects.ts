import { guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { type Application, selectApplicationsOf } from '../directory/application-store.ts';
import { selectPrincipalsOf } from '../directory/directory-store.ts';
import { firstPartyPrincipal } from '../directory/first-party-principals.ts';
import type { Principal } from '../directory/service-principals.ts';
import { asUser, type User } from '../directory/user-store.ts';
import type { Queries } from '../storage/database.ts';
import type { GroupsTable } from '../storage/directory-tables.ts';
import { presentFirstParty } from './applications/service-principal-shape.ts';
import { graphTime } from './graph-time.ts';

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
    if (ids.length === 0) return [];
    const wanted = ids.map((id) => guid<PrincipalId>(id));
    const principals = await selectPrincipalsOf(queries, tenantId, wanted);
    const applications = await selectApplicationsOf(queries, tenantId, wanted);
    const users = await queries
      .selectFrom('users')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('user_id', 'in', [...wanted])
      .execute();
    const groups = await queries
      .selectFrom('groups')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('group_id', 'in', [...wanted])
      .execute();
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
    for (const row of users) shown.set(row.user_id, typed('user', presentUser(asUser(row))));
    for (const row of groups) shown.set(row.group_id, typed('group', presentGroup(row)));
    for (const one of firstParty)
      shown.set(one.principalId, typed('servicePrincipal', presentFirstParty(one)));
    return wanted.flatMap((id) => shown.get(id) ?? []);
  }
}

function typed(kind: string, object: object | undefined): object {
  return { '@odata.type': `#microsoft.graph.${kind}`, ...object };
}

/** A person, as lists of mixed objects show one. */
export function presentUser(user: User) {
  return {
    id: user.userId,
    deletedDateTime: null,
    accountEnabled: user.enabled,
    createdDateTime: graphTime(user.createdAt),
    displayName: user.displayName,
    userPrincipalName: user.userPrincipalName,
    givenName: null,
    mail: null,
    surname: null,
    ...user.profile,
  };
}

/** A group, as lists of mixed objects show one. */
export function presentGroup(row: GroupsTable) {
  return {
    id: row.group_id,
    deletedDateTime: null,
    createdDateTime: graphTime(row.created_at),
    description: null,
    displayName: row.display_name,
    mailEnabled: false,
    securityEnabled: true,
    ...(JSON.parse(row.profile) as object),
  };
}
