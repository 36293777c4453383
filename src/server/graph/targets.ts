import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, guid, type PrincipalId, parseGuid, type TenantId } from '../../foundation/ids.ts';
import { type Application, selectApplication } from '../directory/application-store.ts';
import { selectPrincipal, selectPrincipals } from '../directory/directory-store.ts';
import { type FirstPartyPrincipal, firstPartyPrincipal } from '../directory/first-party-principals.ts';
import type { Principal } from '../directory/service-principals.ts';
import type { Queries } from '../storage/database.ts';
import type { PathKey } from './operation.ts';

/** The application that a path names: `{id}`, `appId='…'`, `uniqueName='…'`. */
export async function findApplication(
  queries: Queries,
  tenantId: TenantId,
  { by, value }: PathKey,
): Promise<Application | undefined> {
  if (by === 'uniquename') return await selectApplication(queries, tenantId, { uniqueName: value });
  const id = parseGuid<PrincipalId>(value);
  if (id === undefined) return undefined;
  if (by === 'appid') return await selectApplication(queries, tenantId, { clientId: guid<ClientId>(id) });
  return by === 'id' ? await selectApplication(queries, tenantId, { objectId: id }) : undefined;
}

/** The service principal that a path names: `{id}` or `appId='…'`. */
export async function findPrincipal(
  queries: Queries,
  tenantId: TenantId,
  { by, value }: PathKey,
): Promise<Principal | undefined> {
  const id = parseGuid<PrincipalId>(value);
  if (id === undefined) return undefined;
  if (by === 'id') return await selectPrincipal(queries, tenantId, id);
  if (by !== 'appid') return undefined;
  const [found] = await selectPrincipals(queries, tenantId, { clientId: guid<ClientId>(id), limit: 1 });
  return found;
}

/** The same among resources that every tenant knows. */
export function findFirstParty(tenantId: TenantId, { by, value }: PathKey): FirstPartyPrincipal | undefined {
  const name = value.toLowerCase();
  if (by === 'id') return firstPartyPrincipal(tenantId, { principalId: name });
  return by === 'appid' ? firstPartyPrincipal(tenantId, { appId: name }) : undefined;
}

/** What is said of an object that is not there, or not the caller's tenant's. */
export function noSuchObject(name: string): DomainError {
  return new DomainError(
    'not-found',
    `Resource '${name.slice(0, 128)}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

export function denied(): DomainError {
  return new DomainError('forbidden', 'Insufficient privileges to complete the operation.');
}
