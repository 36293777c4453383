import { permissionGrantBody, permissionGrantChange } from '../../../contract/graph-permissions.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import { guid, type PrincipalId, type TenantId, type UserId } from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { selectPrincipal } from '../../directory/directory-store.ts';
import { firstPartyPrincipal } from '../../directory/first-party-principals.ts';
import type { GraphPermission } from '../../directory/graph-app-roles.ts';
import {
  deletePermissionGrant,
  insertPermissionGrant,
  type PermissionGrant,
  selectPermissionGrant,
  selectPermissionGrants,
  updatePermissionGrant,
} from '../../directory/permission-grants.ts';
import { selectUser } from '../../directory/user-store.ts';
import type { Queries } from '../../storage/database.ts';
import { listPage, type Source } from '../collection.ts';
import { requiredValues } from '../filter.ts';
import type { GraphOperation, GraphRequest, ReadOperation, WriteOperation } from '../operation.ts';
import { noSuchObject } from '../targets.ts';
import { userOf } from '../users/user-operations.ts';
import { objectIdOf } from './owner-operations.ts';

const entitySet = 'oauth2PermissionGrants';
const changes: readonly GraphPermission[] = ['DelegatedPermissionGrant.ReadWrite.All'];
const reads: readonly GraphPermission[] = [...changes, 'Directory.Read.All', 'Directory.ReadWrite.All'];

/** What applications may do as people. Paths are compared without regard to case, so `oAuth2PermissionGrants` is the same. */
export function permissionGrantOperations({
  randomness,
}: {
  readonly randomness: Randomness;
}): readonly GraphOperation[] {
  const list: ReadOperation = {
    method: 'GET',
    path: entitySet,
    permissions: reads,
    run: (request, queries) =>
      listPage(request, { entitySet, path: entitySet }, grantSource(queries, request, {})),
  };

  const ofPrincipal: ReadOperation = {
    method: 'GET',
    path: `servicePrincipals/{}/${entitySet}`,
    permissions: reads,
    async run(request, queries) {
      const clientId = await objectIdOf(request, queries, 'servicePrincipal');
      const source = grantSource(queries, request, { clientId });
      return await listPage(
        request,
        { entitySet, path: `servicePrincipals/${clientId}/${entitySet}` },
        source,
      );
    },
  };

  const ofPeople = ['users/{}', 'me'].map(
    (of): ReadOperation => ({
      method: 'GET',
      path: `${of}/${entitySet}`,
      permissions: reads,
      scopesOfSelf: [
        'DelegatedPermissionGrant.ReadWrite.All',
        'Directory.Read.All',
        'Directory.ReadWrite.All',
      ],
      async run(request, queries) {
        const { userId } = await userOf(request, queries);
        const source = grantSource(queries, request, { userId });
        const path = `${of.replace('{}', userId)}/${entitySet}`;
        return await listPage(request, { entitySet, path }, source);
      },
    }),
  );

  const read: ReadOperation = {
    method: 'GET',
    path: `${entitySet}/{}`,
    permissions: reads,
    async run({ tenantId, keys: [key] }, queries) {
      const found = await selectPermissionGrant(queries, tenantId, key?.value ?? '');
      if (found === undefined) throw noSuchObject(key?.value ?? '');
      return { kind: 'entity', entitySet, value: presentGrant(found) };
    },
  };

  const create: WriteOperation<(typeof permissionGrantBody)['_output']> = {
    method: 'POST',
    path: entitySet,
    activity: {
      name: 'Add delegated permission grant',
      category: 'ApplicationManagement',
      shows: ['id', 'consentType', 'scope'],
    },
    permissions: changes,
    body: permissionGrantBody,
    async run({ tenantId, body, at, base }, transaction) {
      const userId = body.principalId ?? null;
      if ((body.consentType === 'Principal') !== (userId !== null)) {
        throw new DomainError(
          'invalid-value',
          "'principalId' is given where, and only where, 'consentType' is 'Principal'.",
          {
            target: 'principalId',
          },
        );
      }
      await assertStands(transaction, tenantId, body.clientId, 'client');
      await assertStands(transaction, tenantId, body.resourceId, 'resource');
      if (userId !== null && !(await selectUser(transaction, tenantId, { userId: guid<UserId>(userId) }))) {
        throw noSuchObject(userId);
      }
      const { clientId, consentType, resourceId, scope } = body;
      const grant = { tenantId, clientId, consentType, userId, resourceId, scope };
      const made = await insertPermissionGrant(transaction, grant, randomness, at);
      const location = `${base}/${entitySet}/${made.grantId}`;
      return { kind: 'entity', status: 201, entitySet, value: presentGrant(made), location };
    },
  };

  const change: WriteOperation<(typeof permissionGrantChange)['_output']> = {
    method: 'PATCH',
    path: `${entitySet}/{}`,
    activity: {
      name: 'Update delegated permission grant',
      category: 'ApplicationManagement',
      shows: ['scope'],
    },
    permissions: changes,
    body: permissionGrantChange,
    async run({ tenantId, body, at, keys: [key] }, transaction) {
      const grantId = key?.value ?? '';
      if (!(await updatePermissionGrant(transaction, { tenantId, grantId, at }, body.scope))) {
        throw noSuchObject(grantId);
      }
      return { kind: 'nothing' };
    },
  };

  const remove: WriteOperation = {
    method: 'DELETE',
    path: `${entitySet}/{}`,
    activity: { name: 'Remove delegated permission grant', category: 'ApplicationManagement' },
    permissions: changes,
    async run({ tenantId, at, keys: [key] }, transaction) {
      const grantId = key?.value ?? '';
      if (!(await deletePermissionGrant(transaction, { tenantId, grantId, at }))) throw noSuchObject(grantId);
      return { kind: 'nothing' };
    },
  };

  return [list, ofPrincipal, ...ofPeople, read, create, change, remove];
}

/** A permission grant as Graph shows it. */
export function presentGrant({ grantId, clientId, consentType, userId, resourceId, scope }: PermissionGrant) {
  return { id: grantId, clientId, consentType, principalId: userId, resourceId, scope };
}

function grantSource(
  queries: Queries,
  { tenantId, options: { filter } }: GraphRequest,
  of: { readonly clientId?: string; readonly userId?: string },
): Source<PermissionGrant> {
  const clientId = of.clientId ?? requiredValues(filter, 'clientId')?.[0];
  return {
    rows: (after, limit) =>
      selectPermissionGrants(queries, tenantId, {
        ...of,
        ...(clientId === undefined ? {} : { clientId }),
        ...(after === undefined ? {} : { after }),
        limit,
      }),
    keyOf: ({ grantId }) => grantId,
    present: async (rows) => rows.map(presentGrant),
  };
}

/** The service principal must be there; only a resource may be one that every tenant knows. */
async function assertStands(
  queries: Queries,
  tenantId: TenantId,
  principalId: string,
  part: 'client' | 'resource',
): Promise<void> {
  if (part === 'resource' && firstPartyPrincipal(tenantId, { principalId })) return;
  if (await selectPrincipal(queries, tenantId, guid<PrincipalId>(principalId))) return;
  throw noSuchObject(principalId);
}
