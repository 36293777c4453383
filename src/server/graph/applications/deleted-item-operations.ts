import { guid, type PrincipalId, parseGuid } from '../../../foundation/ids.ts';
import {
  type ApplicationSnapshot,
  type PrincipalSnapshot,
  restoreApplication,
  restoreServicePrincipal,
} from '../../directory/application-deletion.ts';
import { asApplication } from '../../directory/application-store.ts';
import { readSettings } from '../../directory/client-store.ts';
import {
  type DeletedObject,
  selectDeletedObject,
  selectDeletedObjects,
  takeDeletedObject,
} from '../../directory/deleted-objects.ts';
import { asPrincipal } from '../../directory/directory-store.ts';
import { listPage, type Source } from '../collection.ts';
import type { DirectoryObjects } from '../directory-objects.ts';
import type { GraphOperation, ReadOperation, WriteOperation, WriteRequest } from '../operation.ts';
import { denied, noSuchObject } from '../targets.ts';
import type { ApplicationParts } from './application-operations.ts';
import { changesApplications, readsApplications } from './application-permissions.ts';
import { presentApplication } from './application-shape.ts';
import { presentServicePrincipal } from './service-principal-shape.ts';

const kinds = ['application', 'servicePrincipal'] as const;
type Kind = (typeof kinds)[number];

/** Applications and service principals that were deleted: list, read, restore, let go of. */
export function deletedItemOperations({
  objects,
  onApplicationEnd,
}: Pick<ApplicationParts, 'onApplicationEnd'> & {
  readonly objects: DirectoryObjects;
}): readonly GraphOperation[] {
  const lists = kinds.flatMap((kind) =>
    [`microsoft.graph.${kind}`, kind].map(
      (name): ReadOperation => ({
        method: 'GET',
        path: `directory/deletedItems/${name}`,
        permissions: readsApplications,
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
            present: async (rows) => rows.map(presentDeleted),
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
    permissions: readsApplications,
    async run({ tenantId, at, keys: [key] }, queries) {
      const objectId = parseGuid<PrincipalId>(key?.value ?? '');
      const found = objectId && (await selectDeletedObject(queries, { tenantId, objectId, now: at }));
      if (!isShown(found)) throw noSuchObject(key?.value ?? '');
      return { kind: 'entity', entitySet: 'directoryObjects', value: presentDeleted(found) };
    },
  };

  const restore: WriteOperation = {
    method: 'POST',
    path: 'directory/deletedItems/{}/restore',
    ...changesApplications,
    async run(request, transaction) {
      const { tenantId, at } = request;
      const { kind, objectId } = await findAllowed(request, transaction);
      if (kind === 'application') await restoreApplication(transaction, { tenantId, objectId, at });
      else await restoreServicePrincipal(transaction, { tenantId, principalId: objectId, at });
      const [value = {}] = await objects.present(transaction, tenantId, [objectId]);
      return { kind: 'entity', entitySet: 'directoryObjects', value };
    },
  };

  const purge: WriteOperation = {
    method: 'DELETE',
    path: 'directory/deletedItems/{}',
    ...changesApplications,
    async run(request, transaction) {
      const { tenantId, at } = request;
      const { kind, objectId, snapshot } = await findAllowed(request, transaction);
      if (kind === 'application') {
        const { clientId } = asApplication((snapshot as ApplicationSnapshot).application);
        await onApplicationEnd(transaction, { tenantId, clientId, at });
      }
      await takeDeletedObject(transaction, { tenantId, objectId, now: at });
      return { kind: 'nothing' };
    },
  };

  return [...lists, read, restore, purge];
}

function isShown(found: DeletedObject | undefined): found is DeletedObject & { readonly kind: Kind } {
  return found !== undefined && (kinds as readonly string[]).includes(found.kind);
}

/** The deleted object of the path, if the caller may do with it: may change any, or owned it when it was deleted. */
async function findAllowed(
  { tenantId, at, keys: [key], permissions, caller }: WriteRequest,
  queries: Parameters<typeof selectDeletedObject>[0],
): Promise<DeletedObject & { readonly kind: Kind }> {
  const objectId = parseGuid<PrincipalId>(key?.value ?? '');
  const found = objectId && (await selectDeletedObject(queries, { tenantId, objectId, now: at }));
  if (!isShown(found)) throw noSuchObject(key?.value ?? '');
  if (changesApplications.permissions.some((permission) => permissions.has(permission))) return found;
  const { owners } = found.snapshot as ApplicationSnapshot | PrincipalSnapshot;
  if (owners.some(({ owner_id }) => guid<PrincipalId>(owner_id) === caller.principalId)) return found;
  throw denied();
}

function presentDeleted(found: DeletedObject): object {
  const type = { '@odata.type': `#microsoft.graph.${found.kind}` };
  const { deletedAt } = found;
  const nothing = { passwords: [], keys: [], deletedAt };
  if (found.kind === 'application') {
    const { application } = found.snapshot as ApplicationSnapshot;
    return {
      ...type,
      ...presentApplication(asApplication(application), { publisherDomain: '', ...nothing }),
    };
  }
  const { principal } = found.snapshot as PrincipalSnapshot;
  return {
    ...type,
    ...presentServicePrincipal(asPrincipal(principal), {
      settings: readSettings(principal.manifest),
      manifest: undefined,
      ...nothing,
    }),
  };
}
