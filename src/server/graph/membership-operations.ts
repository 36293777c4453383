import { z } from 'zod';
import { getByIdsBody } from '../../contract/graph.ts';
import { type PrincipalId, parseGuid, type TenantId } from '../../foundation/ids.ts';
import type { GraphPermission } from '../directory/graph-app-roles.ts';
import { selectMemberships } from '../directory/memberships.ts';
import { selectOwned } from '../directory/ownership.ts';
import type { Queries } from '../storage/database.ts';
import { readsApplications } from './applications/application-permissions.ts';
import { objectIdOf } from './applications/owner-operations.ts';
import { inMemory, listPage } from './collection.ts';
import type { DirectoryObjects } from './directory-objects.ts';
import type { GraphOperation, GraphRequest, QuestionOperation, ReadOperation } from './operation.ts';
import { noSuchObject } from './targets.ts';

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
const id = z.string().max(64);
const groupIds = z.object({ groupIds: z.array(id).min(1).max(20) });
const objectIds = z.object({ ids: z.array(id).min(1).max(20) });
const enabledOnly = z.object({ securityEnabledOnly: z.boolean().optional() });

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
    async run({ tenantId, body }, queries) {
      const wanted = [...new Set(body.ids.flatMap((text) => parseGuid<PrincipalId>(text) ?? []))];
      const types = body.types?.map((type) => `#microsoft.graph.${type.toLowerCase()}`);
      const found = await objects.present(queries, tenantId, wanted);
      const value = found.filter((object) => types === undefined || isOfType(object, types));
      return { kind: 'collection', entitySet: 'directoryObjects', value };
    },
  };

  const read: ReadOperation = {
    method: 'GET',
    path: 'directoryObjects/{}',
    permissions: readsObjects,
    async run({ tenantId, keys: [key] }, queries) {
      const wanted = parseGuid<PrincipalId>(key?.value ?? '');
      const [value] = wanted === undefined ? [] : await objects.present(queries, tenantId, [wanted]);
      if (value === undefined) throw noSuchObject(key?.value ?? '');
      return { kind: 'entity', entitySet: 'directoryObjects', value };
    },
  };

  const listOf = (
    relation: string,
    idsOf: (queries: Queries, tenantId: TenantId, objectId: string) => Promise<readonly string[]>,
  ): ReadOperation => ({
    method: 'GET',
    path: `servicePrincipals/{}/${relation}`,
    permissions: readsApplications,
    async run(request, queries) {
      const objectId = await objectIdOf(request, queries, 'servicePrincipal');
      const found = await idsOf(queries, request.tenantId, objectId);
      const source = inMemory(
        found,
        (one) => one,
        (ids) => objects.present(queries, request.tenantId, ids),
      );
      return await listPage(
        request,
        { entitySet: 'directoryObjects', path: `servicePrincipals/${objectId}/${relation}` },
        source,
      );
    },
  });

  const memberships = [
    listOf(
      'memberOf',
      async (queries, tenantId, one) => (await selectMemberships(queries, tenantId, one)).direct,
    ),
    listOf(
      'transitiveMemberOf',
      async (queries, tenantId, one) => (await selectMemberships(queries, tenantId, one)).transitive,
    ),
    listOf('ownedObjects', selectOwned),
  ];

  const questions = (['servicePrincipals', 'directoryObjects'] as const).flatMap((collection) => {
    const groupsOf = async (request: GraphRequest, queries: Queries): Promise<readonly string[]> => {
      const objectId =
        collection === 'servicePrincipals'
          ? await objectIdOf(request, queries, 'servicePrincipal')
          : await anyIdOf(request, queries, objects);
      return (await selectMemberships(queries, request.tenantId, objectId)).transitive;
    };
    const ask = <Body>(
      action: string,
      body: z.ZodType<Body>,
      answer: (groups: readonly string[], body: Body) => readonly string[],
    ): QuestionOperation<Body> => ({
      method: 'POST',
      path: `${collection}/{}/${action}`,
      permissions: readsObjects,
      asks: true,
      body,
      async run(request, queries) {
        const value = answer(await groupsOf(request, queries), request.body);
        return { kind: 'value', context: 'Collection(Edm.String)', value };
      },
    });
    const among = (groups: readonly string[], asked: readonly string[]) => {
      const wanted = new Set(asked.map((text) => text.toLowerCase()));
      return groups.filter((group) => wanted.has(group));
    };
    return [
      ask('checkMemberGroups', groupIds, (groups, body) => among(groups, body.groupIds)),
      ask('checkMemberObjects', objectIds, (groups, body) => among(groups, body.ids)),
      ask('getMemberGroups', enabledOnly, (groups) => groups),
      ask('getMemberObjects', enabledOnly, (groups) => groups),
    ];
  });

  return [getByIds, read, ...memberships, ...questions];
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
