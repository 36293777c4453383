import { z } from 'zod';
import { getByIdsBody } from '../../contract/graph.ts';
import { type PrincipalId, parseGuid, type TenantId } from '../../foundation/ids.ts';
import type { GraphPermission } from '../directory/graph-app-roles.ts';
import { selectMemberships } from '../directory/memberships.ts';
import { selectOwned } from '../directory/ownership.ts';
import type { Queries } from '../storage/database.ts';
import { readsApplications } from './applications/application-permissions.ts';
import { objectIdOf } from './applications/owner-operations.ts';
import type { DirectoryObjects } from './directory-objects.ts';
import { groupOf } from './groups/group-operations.ts';
import { readsGroups } from './groups/group-permissions.ts';
import type { GraphOperation, GraphRequest, QuestionOperation, ReadOperation } from './operation.ts';
import { idSource, relationOperations } from './relations.ts';
import { noSuchObject } from './targets.ts';
import { userOf } from './users/user-operations.ts';
import { readsUsers, seesSelf } from './users/user-permissions.ts';

const readsObjects: readonly GraphPermission[] = [
  'Directory.Read.All',
  'Directory.ReadWrite.All',
  'Application.Read.All',
  'Application.ReadWrite.All',
  'Group.Read.All',
  'Group.ReadWrite.All',
  'GroupMember.Read.All',
  'User.Read.All',
  'User.ReadWrite.All',
];
/** Whose memberships are asked for: what the path begins with. */
interface Subject {
  readonly path: string;
  readonly kind: 'servicePrincipal' | 'user' | 'group' | 'any';
  readonly permissions: readonly GraphPermission[];
  readonly scopesOfSelf?: readonly string[] | undefined;
}

const ofPeople = { permissions: [...readsUsers, ...readsGroups], scopesOfSelf: seesSelf };
const subjects: readonly Subject[] = [
  { path: 'servicePrincipals/{}', kind: 'servicePrincipal', permissions: readsApplications },
  { path: 'users/{}', kind: 'user', ...ofPeople },
  { path: 'me', kind: 'user', ...ofPeople },
  { path: 'groups/{}', kind: 'group', permissions: readsGroups },
  { path: 'directoryObjects/{}', kind: 'any', permissions: readsObjects },
];
const id = z.string().max(64);
const groupIds = z.object({ groupIds: z.array(id).min(1).max(20) });
const objectIds = z.object({ ids: z.array(id).min(1).max(20) });
const enabledOnly = z.object({ securityEnabledOnly: z.boolean().nullish() });

/** Objects of the directory whatever their kind, and who is where: ids, memberships, what is owned. */
export function membershipOperations({
  objects,
}: {
  readonly objects: DirectoryObjects;
}): readonly GraphOperation[] {
  const getByIds: QuestionOperation<(typeof getByIdsBody)['_output']> = {
    method: 'POST',
    path: 'directoryObjects/getByIds',
    permissions: readsObjects,
    asks: true,
    body: getByIdsBody,
    async run({ tenantId, body, permissions }, queries) {
      const wanted = [...new Set(body.ids.flatMap((text) => parseGuid<PrincipalId>(text) ?? []))];
      const types = body.types?.map((type) => `#microsoft.graph.${type.toLowerCase()}`);
      const found = await objects.present(queries, tenantId, wanted, permissions);
      const value = found.filter((object) => types === undefined || isOfType(object, types));
      return { kind: 'collection', entitySet: 'directoryObjects', value };
    },
  };

  const read: ReadOperation = {
    method: 'GET',
    path: 'directoryObjects/{}',
    permissions: readsObjects,
    async run({ tenantId, permissions, keys: [key] }, queries) {
      const wanted = parseGuid<PrincipalId>(key?.value ?? '');
      const [value] =
        wanted === undefined ? [] : await objects.present(queries, tenantId, [wanted], permissions);
      if (value === undefined) throw noSuchObject(key?.value ?? '');
      return { kind: 'entity', entitySet: 'directoryObjects', value };
    },
  };

  const idOf = async (subject: Subject, request: GraphRequest, queries: Queries): Promise<string> => {
    if (subject.kind === 'servicePrincipal') return await objectIdOf(request, queries, 'servicePrincipal');
    if (subject.kind === 'user') return (await userOf(request, queries)).userId;
    if (subject.kind === 'group') return (await groupOf(request, queries)).groupId;
    return await anyIdOf(request, queries, objects);
  };

  const relations = subjects.flatMap((subject) => {
    const { path, kind, scopesOfSelf } = subject;
    const relation = (
      name: string,
      permissions: readonly GraphPermission[],
      idsOf: (queries: Queries, tenantId: TenantId, objectId: string) => Promise<readonly string[]>,
    ) =>
      relationOperations(objects, {
        path: `${path}/${name}`,
        permissions,
        scopesOfSelf,
        ids: async (request, queries) =>
          idSource(await idsOf(queries, request.tenantId, await idOf(subject, request, queries))),
      });
    if (kind === 'any') return [];
    const direct = relation(
      'memberOf',
      subject.permissions,
      async (queries, tenantId, one) => (await selectMemberships(queries, tenantId, one)).direct,
    );
    const transitive = relation(
      'transitiveMemberOf',
      subject.permissions,
      async (queries, tenantId, one) => (await selectMemberships(queries, tenantId, one)).transitive,
    );
    if (kind === 'group') return [...direct, ...transitive];
    return [...direct, ...transitive, ...relation('ownedObjects', subject.permissions, selectOwned)];
  });

  const questions = subjects.flatMap((subject) => {
    const { path, kind, scopesOfSelf } = subject;
    const ask = <Body>(
      action: string,
      body: z.ZodType<Body>,
      answer: (groups: readonly string[], body: Body) => readonly string[],
    ): readonly QuestionOperation<Body>[] =>
      [action, `microsoft.graph.${action}`].map((name) => ({
        method: 'POST',
        path: `${path}/${name}`,
        permissions: kind === 'user' ? ofPeople.permissions : kind === 'group' ? readsGroups : readsObjects,
        scopesOfSelf,
        asks: true,
        body,
        async run(request, queries) {
          const objectId = await idOf(subject, request, queries);
          const { transitive } = await selectMemberships(queries, request.tenantId, objectId);
          const value = answer(transitive, request.body);
          return { kind: 'value', context: 'Collection(Edm.String)', value };
        },
      }));
    const among = (groups: readonly string[], asked: readonly string[]) => {
      const wanted = new Set(asked.map((text) => text.toLowerCase()));
      return groups.filter((group) => wanted.has(group));
    };
    return [
      ...ask('checkMemberGroups', groupIds, (groups, body) => among(groups, body.groupIds)),
      ...ask('checkMemberObjects', objectIds, (groups, body) => among(groups, body.ids)),
      ...ask('getMemberGroups', enabledOnly, (groups) => groups),
      ...ask('getMemberObjects', enabledOnly, (groups) => groups),
    ];
  });

  return [getByIds, read, ...relations, ...questions];
}

/** Whether an object is of one of these types; every object is a `directoryObject`. */
function isOfType(object: object, types: readonly string[]): boolean {
  const type = String((object as { readonly '@odata.type'?: string })['@odata.type']).toLowerCase();
  return types.includes(type) || types.includes('#microsoft.graph.directoryobject');
}

async function anyIdOf(
  { tenantId, keys: [key] }: GraphRequest,
  queries: Queries,
  objects: DirectoryObjects,
): Promise<string> {
  const wanted = parseGuid<PrincipalId>(key?.value ?? '');
  const [found] = wanted === undefined ? [] : await objects.present(queries, tenantId, [wanted]);
  if (wanted === undefined || found === undefined) throw noSuchObject(key?.value ?? '');
  return wanted;
}
