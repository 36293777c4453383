import type { JsonObject } from '../../contract/arm.ts';
import type { CanonicalId } from '../../foundation/ids.ts';
import { type Attachment, attachmentsOfEach } from '../managed-identities/attachments.ts';
import { type IdentityIds, systemAssignedOfEach } from '../managed-identities/identity-store.ts';
import type { Queries } from '../storage/database.ts';
import { identitySupportOf } from './identity-support-table.ts';
import type { Resource } from './resource-store.ts';

/** The `identity` members of answers, by resource. */
export type PresentedIdentities = ReadonlyMap<CanonicalId, JsonObject>;

/**
 * The `identity` member of each of some resources of one tenant, in two queries for all; a resource that has none has no
 * entry. Ids are read from the identities of this moment: an identity that is gone is named without them.
 */
export async function presentIdentities(
  queries: Queries,
  resources: readonly Resource[],
): Promise<PresentedIdentities> {
  const carrying = resources.filter(
    ({ identityType, type }) => identityType !== undefined || identitySupportOf(type)?.showsNone === true,
  );
  const [first] = carrying;
  if (first === undefined) return new Map();
  const { tenantId } = first;
  const canonicals = carrying.map(({ canonical }) => canonical);
  const own = await systemAssignedOfEach(queries, tenantId, canonicals);
  const attached = await attachmentsOfEach(queries, tenantId, canonicals);
  return new Map(
    carrying.map((resource) => {
      const { canonical } = resource;
      return [canonical, present(resource, own.get(canonical), attached.get(canonical) ?? [])];
    }),
  );
}

function present(
  { identityType, tenantId, type }: Resource,
  own: IdentityIds | undefined,
  attached: readonly Attachment[],
): JsonObject {
  const showsTenant = own !== undefined || identitySupportOf(type)?.showsTenant === true;
  return {
    type: identityType ?? 'None',
    ...(own === undefined ? {} : { principalId: own.principalId }),
    ...(showsTenant ? { tenantId } : {}),
    ...(attached.length === 0
      ? {}
      : {
          userAssignedIdentities: Object.fromEntries(
            attached.map(({ identityId, identity }) => [
              identityId,
              identity === undefined ? {} : { ...identity },
            ]),
          ),
        }),
  };
}
