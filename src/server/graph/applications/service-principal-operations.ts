import {
  changedServicePrincipalBody,
  newServicePrincipalBody,
} from '../../../contract/graph-service-principal.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import {
  type ClientId,
  guid,
  isGuid,
  type PrincipalId,
  parseGuid,
  type TenantId,
} from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { deleteServicePrincipal } from '../../directory/application-deletion.ts';
import { selectIdentifierOwner } from '../../directory/application-identifiers.ts';
import { selectPrincipals, selectPrincipalsOf } from '../../directory/directory-store.ts';
import { type FirstPartyPrincipal, firstPartyPrincipals } from '../../directory/first-party-principals.ts';
import type { Principal } from '../../directory/service-principals.ts';
import type { Queries } from '../../storage/database.ts';
import type { Source } from '../collection.ts';
import { type Expand, expanded } from '../expansion.ts';
import { requiredValues } from '../filter.ts';
import { listing } from '../listing.ts';
import type { GraphOperation, GraphRequest, ReadOperation, WriteOperation } from '../operation.ts';
import { findFirstParty, findPrincipal, noSuchObject } from '../targets.ts';
import type { ApplicationParts } from './application-operations.ts';
import { changesApplications, readsApplications } from './application-permissions.ts';
import { ownersOf, requireOwnApplication } from './owners.ts';
import { changePrincipal, createPrincipal, presentPrincipals } from './principals.ts';
import { presentFirstParty } from './service-principal-shape.ts';

const entitySet = 'servicePrincipals';

/** Service principals, of applications, managed identities and what every tenant knows: list, count, read, make, change, delete. */
export function servicePrincipalOperations({
  randomness,
  onPrincipalEnd,
  relations,
}: Pick<ApplicationParts, 'onPrincipalEnd'> & {
  readonly randomness: Randomness;
  readonly relations: Readonly<Record<string, Expand>>;
}): readonly GraphOperation[] {
  const lists = listing({ entitySet, permissions: readsApplications, relations, sourceOf: principalSource });

  const read: ReadOperation = {
    method: 'GET',
    path: `${entitySet}/{}`,
    permissions: readsApplications,
    async run(request, queries) {
      const {
        tenantId,
        keys: [key],
      } = request;
      const found = key && (await findPrincipal(queries, tenantId, key));
      const firstParty = key && findFirstParty(tenantId, key);
      if (found === undefined && firstParty === undefined) throw noSuchObject(key?.value ?? '');
      const [shown = {}] = found === undefined ? [] : await presentPrincipals(queries, tenantId, [found]);
      const value = firstParty === undefined ? shown : presentFirstParty(firstParty);
      return await expanded(request, queries, relations, { kind: 'entity', entitySet, value });
    },
  };

  const create: WriteOperation<(typeof newServicePrincipalBody)['_output']> = {
    method: 'POST',
    path: entitySet,
    activity: { name: 'Add service principal', category: 'ApplicationManagement' },
    ...changesApplications,
    body: newServicePrincipalBody,
    async run(request, transaction) {
      const { tenantId, at, base, body } = request;
      await requireOwnApplication(transaction, request, body.appId);
      const owners = await ownersOf(transaction, request, body['owners@odata.bind']);
      const principal = await createPrincipal(transaction, tenantId, body, owners, { randomness, at });
      const [value = {}] = await presentPrincipals(transaction, tenantId, [principal]);
      const location = `${base}/${entitySet}/${principal.principalId}`;
      return { kind: 'entity', status: 201, entitySet, value, location };
    },
  };

  const change: WriteOperation<(typeof changedServicePrincipalBody)['_output']> = {
    method: 'PATCH',
    path: `${entitySet}/{}`,
    activity: { name: 'Update service principal', category: 'ApplicationManagement' },
    ...changesApplications,
    target: 'servicePrincipal',
    endsAccess: true,
    createsMissing: true,
    // whether it may sign in is for the directory to say; anything else of it is refused by the rules
    allowedOnIdentities: true,
    body: changedServicePrincipalBody,
    async run(request, transaction) {
      const { principal, tenantId, body, at } = request;
      if (principal !== undefined) {
        await changePrincipal(transaction, principal, body, { randomness, at });
        return { kind: 'nothing' };
      }
      const { displayName, keyCredentials, passwordCredentials, ...members } = body;
      if (keyCredentials !== undefined || passwordCredentials !== undefined) {
        throw new DomainError('invalid-value', 'A service principal is made without credentials.');
      }
      const appId = (request.keys[0]?.value ?? '').toLowerCase();
      await requireOwnApplication(transaction, request, appId);
      const owners = await ownersOf(transaction, request, undefined);
      const made = await createPrincipal(transaction, tenantId, { ...members, appId, displayName }, owners, {
        randomness,
        at,
      });
      const [value = {}] = await presentPrincipals(transaction, tenantId, [made]);
      return { kind: 'entity', status: 201, entitySet, value };
    },
  };

  const remove: WriteOperation = {
    method: 'DELETE',
    path: `${entitySet}/{}`,
    activity: { name: 'Remove service principal', category: 'ApplicationManagement' },
    ...changesApplications,
    target: 'servicePrincipal',
    endsAccess: true,
    async run({ principal, tenantId, at }, transaction) {
      if (principal === undefined) throw new Error('the pipeline found no target');
      const { principalId } = principal;
      await onPrincipalEnd(transaction, { tenantId, principalId, at });
      await deleteServicePrincipal(transaction, { tenantId, principalId, at });
      return { kind: 'nothing' };
    },
  };

  return [...lists, read, create, change, remove];
}

type Shown = Principal | FirstPartyPrincipal;
const idOf = ({ principalId }: Shown): string => principalId;

/** All service principals, or where the filter names some by a key, those. */
function principalSource({ tenantId, options: { filter } }: GraphRequest, queries: Queries): Source<Shown> {
  const known = firstPartyPrincipals(tenantId);
  const ids = requiredValues(filter, 'id');
  const clientIds = requiredValues(filter, 'appId');
  const names = requiredValues(filter, 'servicePrincipalNames');
  const [displayName = '', more] = requiredValues(filter, 'displayName') ?? [];
  // databases agree about the case of ASCII only; other names are compared here
  const byName = more === undefined && /^[\x20-\x7e]+$/.test(displayName);

  const named = async (): Promise<readonly Principal[] | undefined> => {
    if (ids !== undefined) {
      return await selectPrincipalsOf(
        queries,
        tenantId,
        ids.filter(isGuid).map((id) => guid<PrincipalId>(id)),
      );
    }
    const wanted =
      clientIds ?? (names && (await Promise.all(names.map((name) => clientOfName(queries, tenantId, name)))));
    if (wanted === undefined) return undefined;
    const found: Principal[] = [];
    for (const text of new Set(wanted)) {
      const clientId = text === undefined ? undefined : parseGuid<ClientId>(text);
      if (clientId === undefined) continue;
      found.push(...(await selectPrincipals(queries, tenantId, { clientId, limit: 1 })));
    }
    return found;
  };

  return {
    async rows(after, limit) {
      const some = await named();
      const behind = <Row extends Shown>(rows: readonly Row[]) =>
        rows.filter((row) => after === undefined || idOf(row) > after);
      const rows =
        some === undefined
          ? await selectPrincipals(queries, tenantId, {
              ...(byName ? { displayName } : {}),
              ...(after === undefined ? {} : { after }),
              limit,
            })
          : behind(some);
      const all: Shown[] = [...rows, ...behind(known)];
      return all.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1)).slice(0, limit);
    },
    keyOf: idOf,
    async present(rows) {
      const principals = rows.filter((row): row is Principal => !('resource' in row));
      const shown = await presentPrincipals(queries, tenantId, principals);
      const byId = new Map(principals.map(({ principalId }, index) => [principalId, shown[index] ?? {}]));
      return rows.map((row) =>
        'resource' in row ? presentFirstParty(row) : (byId.get(row.principalId) ?? {}),
      );
    },
  };
}

/** The client id that a service principal name stands for: itself, or the one that has it as an identifier. */
async function clientOfName(queries: Queries, tenantId: TenantId, name: string): Promise<string | undefined> {
  return isGuid(name) ? name : await selectIdentifierOwner(queries, tenantId, name);
}
