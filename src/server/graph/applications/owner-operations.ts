import { referenceBody } from '../../../contract/odata.ts';
import type { TenantId } from '../../../foundation/ids.ts';
import { deleteOwner, insertOwner, selectOwners } from '../../directory/ownership.ts';
import type { Queries } from '../../storage/database.ts';
import { inMemory, listPage } from '../collection.ts';
import type { DirectoryObjects } from '../directory-objects.ts';
import type {
  GraphOperation,
  GraphRequest,
  ReadOperation,
  WriteOperation,
  WriteRequest,
} from '../operation.ts';
import { findApplication, findFirstParty, findPrincipal, noSuchObject } from '../targets.ts';
import { changesApplications, readsApplications } from './application-permissions.ts';
import { ownerByReference } from './owners.ts';

const collections = [
  ['applications', 'application'],
  ['servicePrincipals', 'servicePrincipal'],
] as const;
const nouns = { application: 'application', servicePrincipal: 'service principal' } as const;

/** Owners of applications and service principals. Those of a managed identity are no one's to set (h.1). */
export function ownerOperations({
  objects,
}: {
  readonly objects: DirectoryObjects;
}): readonly GraphOperation[] {
  return collections.flatMap(([collection, target]): GraphOperation[] => {
    const list: ReadOperation = {
      method: 'GET',
      path: `${collection}/{}/owners`,
      permissions: readsApplications,
      async run(request, queries) {
        const objectId = await objectIdOf(request, queries, target);
        const owners = await selectOwners(queries, { tenantId: request.tenantId, objectId });
        const source = inMemory(
          owners.map(({ ownerId }) => ownerId),
          (id) => id,
          (ids) => objects.each(queries, request.tenantId, ids),
        );
        return await listPage(
          request,
          { entitySet: 'directoryObjects', path: `${collection}/${objectId}/owners` },
          source,
        );
      },
    };
    const add: WriteOperation<(typeof referenceBody)['_output']> = {
      method: 'POST',
      path: `${collection}/{}/owners/$ref`,
      activity: { name: `Add owner to ${nouns[target]}`, category: 'ApplicationManagement' },
      ...changesApplications,
      target,
      body: referenceBody,
      async run(request, transaction) {
        const { tenantId, body, at } = request;
        const owner = await ownerByReference(transaction, tenantId, body['@odata.id']);
        await insertOwner(transaction, { tenantId, objectId: targetId(request), ...owner, at });
        return { kind: 'nothing' };
      },
    };
    const remove: WriteOperation = {
      method: 'DELETE',
      path: `${collection}/{}/owners/{}/$ref`,
      activity: { name: `Remove owner from ${nouns[target]}`, category: 'ApplicationManagement' },
      ...changesApplications,
      target,
      async run(request, transaction) {
        const ownerId = (request.keys[1]?.value ?? '').toLowerCase();
        const { tenantId } = request;
        if (!(await deleteOwner(transaction, { tenantId, objectId: targetId(request), ownerId }))) {
          throw noSuchObject(ownerId);
        }
        return { kind: 'nothing' };
      },
    };
    return [list, add, remove];
  });
}

function targetId({ application, principal }: WriteRequest): string {
  const id = application?.objectId ?? principal?.principalId;
  if (id === undefined) throw new Error('the pipeline found no target');
  return id;
}

/** The object id of what a reading path begins with. @throws DomainError `not-found` */
export async function objectIdOf(
  { tenantId, keys: [key] }: Pick<GraphRequest, 'tenantId' | 'keys'>,
  queries: Queries,
  kind: 'application' | 'servicePrincipal',
): Promise<string> {
  const id = key && (await findId(queries, tenantId, key, kind));
  if (id === undefined) throw noSuchObject(key?.value ?? '');
  return id;
}

async function findId(
  queries: Queries,
  tenantId: TenantId,
  key: GraphRequest['keys'][number],
  kind: 'application' | 'servicePrincipal',
): Promise<string | undefined> {
  if (kind === 'application') return (await findApplication(queries, tenantId, key))?.objectId;
  const principal = await findPrincipal(queries, tenantId, key);
  return principal?.principalId ?? findFirstParty(tenantId, key)?.principalId;
}
