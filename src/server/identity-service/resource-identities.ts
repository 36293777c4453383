import type { CredentialsOfResource } from '../../contract/identity-service.ts';
import { canonicalId } from '../../contract/resource-id.ts';
import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { identitiesOf, type ManagedIdentity } from '../managed-identities/identity-store.ts';
import { findResource, type Resource } from '../resource-manager/resource-store.ts';
import type { Queries } from '../storage/database.ts';
import { type ClaimedAddress, resourceOf } from './address.ts';

/** What is wanted of one resource, all of it carried by the resource. */
export interface ResourceIdentities {
  readonly resource: Resource;
  readonly own: ManagedIdentity | undefined;
  readonly explicit: readonly ManagedIdentity[];
}

export interface WantedIdentities extends ResourceIdentities {
  readonly delegated: readonly ResourceIdentities[];
}

/** One answer for all that is not there, so that it tells nothing. */
export function noSuchIdentity(): ArmError {
  return new ArmError('not-found', 'IdentityNotFound', 'The identity URL names no identity of a resource.', {
    refusedBy: 'service',
  });
}

/** Identities in one request at most: each costs a key. */
const maxIdentities = 64;

/**
 * The identities that a request means. The URL is of one identity, not of whoever has the resource's name now.
 *
 * @param servedHere whether the resource is asked for under the host name of its location
 * @throws ArmError 404 `IdentityNotFound`, `IdentityNotAssigned`; 400 where there are too many
 */
export async function wantedIdentities(
  queries: Queries,
  tenantId: TenantId,
  { canonical, own: claimed, userAssigned }: ClaimedAddress,
  { identityIds, delegatedResources }: CredentialsOfResource,
  servedHere: (resource: Resource) => boolean,
): Promise<WantedIdentities> {
  const { resource, carried } = await carriedBy(queries, tenantId, canonical);
  if (!servedHere(resource)) throw noSuchIdentity();
  const own = claimed && carried.find(({ identity }) => identity.kind === 'SystemAssigned');
  if (own?.principalId !== claimed?.principalId || own?.clientId !== claimed?.clientId)
    throw noSuchIdentity();
  const ofUrl = carried.filter(
    ({ clientId, identity }) => clientId === userAssigned && identity.kind === 'UserAssigned',
  );
  if (userAssigned !== undefined && ofUrl.length === 0) throw noSuchIdentity();

  const sources = await Promise.all(
    distinct(delegatedResources ?? []).map((id) => carriedBy(queries, tenantId, id)),
  );
  const named = distinct(identityIds ?? []);
  const explicitOf = (all: readonly ManagedIdentity[]) =>
    all.filter(
      ({ identity }) => identity.kind === 'UserAssigned' && named.includes(identity.resourceCanonical),
    );
  const explicit = identityIds === undefined ? ofUrl : explicitOf(carried);
  const delegated = sources.map((source) => ({
    resource: source.resource,
    own: source.carried.find(({ identity }) => identity.kind === 'SystemAssigned'),
    explicit: explicitOf(source.carried),
  }));

  const found = new Set(
    [...explicit, ...delegated.flatMap((source) => source.explicit)].map(
      ({ identity }) => identity.resourceCanonical,
    ),
  );
  const missing = named.find((id) => !found.has(id));
  if (missing !== undefined) {
    throw new ArmError('not-found', 'IdentityNotAssigned', `The resource carries no identity '${missing}'.`, {
      refusedBy: 'service',
    });
  }
  if (userAssigned === undefined && own === undefined && found.size === 0 && delegated.length === 0) {
    throw noSuchIdentity();
  }
  const count = [{ own, explicit }, ...delegated].reduce(
    (sum, each) => sum + each.explicit.length + (each.own === undefined ? 0 : 1),
    0,
  );
  if (count > maxIdentities) {
    throw new ArmError(
      'invalid-value',
      'TooManyIdentities',
      `At most ${maxIdentities} identities are asked for at once.`,
    );
  }
  return { resource, own, explicit, delegated };
}

async function carriedBy(queries: Queries, tenantId: TenantId, canonical: CanonicalId) {
  const resource = await findResource(queries, tenantId, canonical);
  if (resource === undefined) throw noSuchIdentity();
  return { resource, carried: await identitiesOf(queries, tenantId, canonical) };
}

/** @throws ArmError 400 for what is no id of a resource */
function distinct(ids: readonly string[]): readonly CanonicalId[] {
  const canonicals = ids.map((id) => {
    const scope = resourceOf(id);
    if (scope === undefined) {
      throw new ArmError(
        'invalid-value',
        'InvalidResourceId',
        'The request names an id that is no id of a resource.',
      );
    }
    return canonicalId(scope);
  });
  return [...new Set(canonicals)];
}
