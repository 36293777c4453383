import { referencedId } from '../../../contract/odata.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import {
  type ClientId,
  guid,
  type PrincipalId,
  parseGuid,
  type TenantId,
  type UserId,
} from '../../../foundation/ids.ts';
import { selectApplication } from '../../directory/application-store.ts';
import { selectPrincipal } from '../../directory/directory-store.ts';
import { type Owner, owns, requireRoomToOwn } from '../../directory/ownership.ts';
import { selectUser } from '../../directory/user-store.ts';
import type { Queries } from '../../storage/database.ts';
import type { WriteRequest } from '../operation.ts';
import { denied, noSuchObject } from '../targets.ts';
import { changesApplications } from './application-permissions.ts';

/**
 * Who may own, by a reference's address.
 *
 * @throws DomainError `malformed` for another kind of address, `not-found` where the tenant has no such person or principal
 */
export async function ownerByReference(
  queries: Queries,
  tenantId: TenantId,
  address: string,
): Promise<Owner> {
  const ownerId = referencedId(address);
  if (ownerId === undefined) {
    throw new DomainError('malformed', 'Invalid entity reference for @odata.id.', { target: '@odata.id' });
  }
  if ((await selectPrincipal(queries, tenantId, guid<PrincipalId>(ownerId))) !== undefined) {
    return { ownerId, ownerType: 'ServicePrincipal' };
  }
  if ((await selectUser(queries, tenantId, { userId: guid<UserId>(ownerId) })) !== undefined) {
    return { ownerId, ownerType: 'User' };
  }
  throw noSuchObject(ownerId);
}

/**
 * The owners of what a request makes: those that it lists, and its maker.
 *
 * @throws DomainError `forbidden` where the maker may only make their own, and has as many as one may have
 */
export async function ownersOf(
  queries: Queries,
  { tenantId, asOwner, permissions }: Pick<WriteRequest, 'tenantId' | 'asOwner' | 'permissions'>,
  references: readonly string[] = [],
): Promise<readonly Owner[]> {
  const makesAny = changesApplications.permissions.some((permission) => permissions.has(permission));
  if (!makesAny) await requireRoomToOwn(queries, tenantId, asOwner.ownerId);
  const owners = new Map<string, Owner>([[asOwner.ownerId, asOwner]]);
  for (const address of references) {
    const owner = await ownerByReference(queries, tenantId, address);
    owners.set(owner.ownerId, owner);
  }
  return [...owners.values()];
}

/**
 * Whoever may only change their own makes a principal for an application of their own: a credential of the principal
 * opens the application.
 *
 * @throws DomainError `forbidden` where the application is another's, or there is none
 */
export async function requireOwnApplication(
  queries: Queries,
  { tenantId, asOwner, permissions }: Pick<WriteRequest, 'tenantId' | 'asOwner' | 'permissions'>,
  appId: string,
): Promise<void> {
  if (changesApplications.permissions.some((permission) => permissions.has(permission))) return;
  const clientId = parseGuid<ClientId>(appId);
  const application = clientId && (await selectApplication(queries, tenantId, { clientId }));
  if (application === undefined) throw denied();
  const { objectId } = application;
  if (!(await owns(queries, { tenantId, objectId, ownerId: asOwner.ownerId }))) throw denied();
}
