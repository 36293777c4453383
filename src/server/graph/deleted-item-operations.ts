import { type PrincipalId, parseGuid } from '../../foundation/ids.ts';
import {
  type DeletedKind,
  type DeletedObject,
  selectDeletedObject,
  selectDeletedObjects,
  takeDeletedObject,
} from '../directory/deleted-objects.ts';
import type { GraphPermission } from '../directory/graph-app-roles.ts';
import type { Queries } from '../storage/database.ts';
import type { ApplicationParts } from './applications/application-operations.ts';
import { changesApplications } from './applications/application-permissions.ts';
import { listPage, type Source } from './collection.ts';
import { deletedItems } from './deleted-objects.ts';
import type { DirectoryObjects } from './directory-objects.ts';
import type {
  GraphOperation,
  GraphRequest,
  ReadOperation,
  WriteOperation,
  WriteRequest,
} from './operation.ts';
import { denied, noSuchObject } from './targets.ts';

const kinds: readonly DeletedKind[] = ['application', 'servicePrincipal', 'user', 'group'];

/** What was deleted: list, read, restore, let go of. Each kind says who may. */
export function deletedItemOperations({
  objects,
  ...parts
}: Pick<ApplicationParts, 'onApplicationEnd'> & {
  readonly objects: DirectoryObjects;
}): readonly GraphOperation[] {
  const items = deletedItems(parts);
  const all = (which: 'reads' | 'changes') => [...new Set(kinds.flatMap((kind) => items[kind][which]))];
  const changing = {
    permissions: all('changes'),
    permissionsOfOwners: changesApplications.permissionsOfOwners,
  };
  const present = (found: DeletedObject): object => ({
    '@odata.type': `#microsoft.graph.${found.kind}`,
    ...items[found.kind].present(found),
  });

  const lists = kinds.flatMap((kind) =>
    [`microsoft.graph.${kind}`, kind].map(
      (name): ReadOperation => ({
        method: 'GET',
        path: `directory/deletedItems/${name}`,
        permissions: items[kind].reads,
        run: ({ at, ...request }, queries) => {
          const { tenantId } = request;
          const source: Source<DeletedObject> = {
            rows: (after, limit) =>
              selectDeletedObjects(queries, {
                tenantId,
                kind,
                ...(after === undefined ? {} : { after }),
                limit,
                now: at,
              }),
            keyOf: ({ objectId }) => objectId,
            present: async (rows) => rows.map(present),
          };
          return listPage(
            request,
            { entitySet: 'directoryObjects', path: `directory/deletedItems/${name}` },
            source,
          );
        },
      }),
    ),
  );

  const read: ReadOperation = {
    method: 'GET',
    path: 'directory/deletedItems/{}',
    permissions: all('reads'),
    async run(request, queries) {
      const found = await find(request, queries);
      // of a kind that the caller may not read there is nothing to be known
      if (!holds(request, items[found.kind].reads)) throw noSuchObject(request.keys[0]?.value ?? '');
      return { kind: 'entity', entitySet: 'directoryObjects', value: present(found) };
    },
  };

  const restore: WriteOperation = {
    method: 'POST',
    path: 'directory/deletedItems/{}/restore',
    activity: { name: 'Restore deleted object', category: 'DirectoryManagement' },
    ...changing,
    async run(request, transaction) {
      const { tenantId, at } = request;
      const { kind, objectId } = await findAllowed(request, transaction);
      await items[kind].restore(transaction, { tenantId, objectId, at });
      const [value = {}] = await objects.present(transaction, tenantId, [objectId]);
      return { kind: 'entity', entitySet: 'directoryObjects', value };
    },
  };

  const purge: WriteOperation = {
    method: 'DELETE',
    path: 'directory/deletedItems/{}',
    activity: { name: 'Hard delete object', category: 'DirectoryManagement' },
    ...changing,
    async run(request, transaction) {
      const { tenantId, at } = request;
      const found = await findAllowed(request, transaction);
      await items[found.kind].end?.(transaction, found, at);
      await takeDeletedObject(transaction, { tenantId, objectId: found.objectId, now: at });
      return { kind: 'nothing' };
    },
  };

  /** The deleted object of the path, if the caller may do with it: may change any, or owned it when it was deleted. */
  async function findAllowed(request: WriteRequest, queries: Queries): Promise<DeletedObject> {
    const found = await find(request, queries);
    const { changes, owners, guard } = items[found.kind];
    const { caller, permissions } = request;
    const asOwner = changesApplications.permissionsOfOwners.some((permission) => permissions.has(permission));
    const owned = asOwner && owners(found).includes(caller.principalId);
    if (!holds(request, changes) && !owned) throw denied();
    guard?.(request, found);
    return found;
  }

  return [...lists, read, restore, purge];
}

function holds(
  { permissions }: Pick<GraphRequest, 'permissions'>,
  some: readonly GraphPermission[],
): boolean {
  return some.some((permission) => permissions.has(permission));
}

async function find(
  { tenantId, at, keys: [key] }: Pick<GraphRequest, 'tenantId' | 'at' | 'keys'>,
  queries: Queries,
): Promise<DeletedObject> {
  const objectId = parseGuid<PrincipalId>(key?.value ?? '');
  const found = objectId && (await selectDeletedObject(queries, { tenantId, objectId, now: at }));
  if (found === undefined) throw noSuchObject(key?.value ?? '');
  return found;
}
