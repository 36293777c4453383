import { isGuid, type TenantId } from '../../foundation/ids.ts';
import type { Queries } from '../storage/database.ts';
import { firstPartyPrincipal } from './first-party-principals.ts';
import { canonicalName } from './user-store.ts';

/** What an audit says of an object of the directory. */
export interface ObjectFacts {
  readonly id: string;
  readonly type: 'Application' | 'ServicePrincipal' | 'User' | 'Group';
  readonly displayName: string;
  readonly userPrincipalName?: string;
  /** Of a service principal: its application's id. */
  readonly clientId?: string;
  /** Members whose values audits show; none of an object that is deleted. */
  readonly members: Readonly<Record<string, unknown>> | undefined;
}

/** Of a manifest: nothing in which somebody may have written down a secret (H8). */
const applicationMembers = [
  'accessTokenSigningAlgorithm',
  'api',
  'appRoles',
  'groupMembershipClaims',
  'identifierUris',
  'isFallbackPublicClient',
  'optionalClaims',
  'publicClient',
  'requiredResourceAccess',
  'signInAudience',
  'spa',
  'tags',
  'uniqueName',
  'web',
];
const principalMembers = ['alternativeNames', 'appRoleAssignmentRequired', 'replyUrls', 'tags'];
const kinds = {
  application: 'Application',
  servicePrincipal: 'ServicePrincipal',
  user: 'User',
  group: 'Group',
} as const;

/** Objects of a tenant by their ids, or people's names: what stands, or else what was deleted. */
export async function selectObjectFacts(
  queries: Queries,
  tenantId: TenantId,
  names: readonly string[],
): Promise<readonly ObjectFacts[]> {
  const ids = [...new Set(names.filter(isGuid).map((name) => name.toLowerCase()))];
  const people = [...new Set(names.filter((name) => name.includes('@')).map(canonicalName))];
  const facts = new Map<string, ObjectFacts>();
  const add = (one: ObjectFacts) => void (facts.has(one.id) || facts.set(one.id, one));
  if (ids.length > 0) {
    for (const one of await standing(queries, tenantId, ids)) add(one);
    for (const principalId of ids) {
      const known = firstPartyPrincipal(tenantId, { principalId });
      if (known === undefined) continue;
      add({ id: principalId, type: 'ServicePrincipal', displayName: known.resource.name, members: {} });
    }
  }
  if (ids.length + people.length > 0) {
    const users = await queries
      .selectFrom('users')
      .select(['user_id', 'user_principal_name', 'display_name', 'enabled'])
      .where('tenant_id', '=', tenantId)
      .where((e) => e.or([e('user_id', 'in', nonEmpty(ids)), e('name_canonical', 'in', nonEmpty(people))]))
      .execute();
    for (const row of users) {
      add({
        id: row.user_id,
        type: 'User',
        displayName: row.display_name,
        userPrincipalName: row.user_principal_name,
        members: {
          displayName: row.display_name,
          userPrincipalName: row.user_principal_name,
          accountEnabled: row.enabled === 1,
        },
      });
    }
  }
  const missing = ids.filter((id) => !facts.has(id));
  if (missing.length > 0) for (const one of await deleted(queries, tenantId, missing)) add(one);
  return [...facts.values()];
}

async function standing(
  queries: Queries,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<readonly ObjectFacts[]> {
  const principals = await queries
    .selectFrom('principals')
    .select(['principal_id', 'client_id', 'display_name', 'enabled', 'manifest'])
    .where('tenant_id', '=', tenantId)
    .where('principal_id', 'in', ids)
    .execute();
  const applications = await queries
    .selectFrom('applications')
    .select(['object_id', 'client_id', 'display_name', 'manifest'])
    .where('tenant_id', '=', tenantId)
    .where((e) =>
      e.or([
        e('object_id', 'in', ids),
        // the client id stands in where a row of before has no object id
        e.and([e('object_id', 'is', null), e('client_id', 'in', ids)]),
      ]),
    )
    .execute();
  const groups = await queries
    .selectFrom('groups')
    .select(['group_id', 'display_name'])
    .where('tenant_id', '=', tenantId)
    .where('group_id', 'in', ids)
    .execute();
  return [
    ...principals.map((row): ObjectFacts => {
      const { display_name: displayName, client_id: clientId, enabled } = row;
      const members = { displayName, accountEnabled: enabled === 1, ...some(row.manifest, principalMembers) };
      return { id: row.principal_id, type: 'ServicePrincipal', displayName, clientId, members };
    }),
    ...applications.map((row): ObjectFacts => {
      const { display_name: displayName } = row;
      const members = { displayName, ...some(row.manifest, applicationMembers) };
      return { id: row.object_id ?? row.client_id, type: 'Application', displayName, members };
    }),
    ...groups.map(({ group_id: id, display_name: displayName }): ObjectFacts => {
      return { id, type: 'Group', displayName, members: { displayName } };
    }),
  ];
}

async function deleted(
  queries: Queries,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<readonly ObjectFacts[]> {
  const rows = await queries
    .selectFrom('deleted_objects')
    .select(['object_id', 'kind', 'display_name'])
    .where('tenant_id', '=', tenantId)
    .where('object_id', 'in', ids)
    .execute();
  return rows.map((row) => ({
    id: row.object_id,
    type: kinds[row.kind as keyof typeof kinds],
    displayName: row.display_name,
    members: undefined,
  }));
}

function some(manifest: string, names: readonly string[]): Record<string, unknown> {
  const all = JSON.parse(manifest) as Record<string, unknown>;
  return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}

/** A list for `in`, which takes none that is empty: the empty text is nobody's id or name. */
function nonEmpty(texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? [''] : texts;
}
