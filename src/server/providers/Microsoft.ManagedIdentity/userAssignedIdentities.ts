import type { JsonObject, JsonValue } from '../../../contract/arm.ts';
import {
  identityNamePattern,
  userAssignedIdentityPatchSchema,
  userAssignedIdentitySchema,
} from '../../../contract/Microsoft.ManagedIdentity.ts';
import { type ClientId, guid, type PrincipalId } from '../../../foundation/ids.ts';
import { revokeTokens } from '../../directory/directory-store.ts';
import { directorySpelling } from '../../directory/service-principals.ts';
import { userAssignedOf } from '../../managed-identities/identity-store.ts';
import { restrictIdentity } from '../../managed-identities/restrictions.ts';
import { createUserAssigned } from '../../managed-identities/user-assigned.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { mergePatch } from '../../resource-manager/merge-patch.ts';
import type { Operation, ResourceType } from '../../resource-manager/provider.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import { requireResource } from '../../resource-manager/tracked-answer.ts';
import { trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import type { Transaction } from '../../storage/database.ts';
import { identityApiVersions } from './api-versions.ts';
import { associatedResources } from './associated-resources.ts';

export const identityType = 'Microsoft.ManagedIdentity/userAssignedIdentities';

type SentProperties = (typeof userAssignedIdentitySchema)['_output']['properties'];

/** As `present` made it. */
type StoredProperties = NonNullable<SentProperties>;

/**
 * User-assigned identities (b.2). The principal is born with the resource and ends with it, and one that is made anew
 * under an old name is another principal.
 */
export function userAssignedIdentities(dependencies: TrackedDependencies): ResourceType {
  return trackedResource(
    {
      namespace: 'Microsoft.ManagedIdentity',
      type: 'userAssignedIdentities',
      apiVersions: identityApiVersions,
      put: userAssignedIdentitySchema,
      patch: userAssignedIdentityPatchSchema,
      extraMembers: [],
      statusOfNew: 201,
      deletion: 'at-once',
      entityTags: false,
      systemData: false,
      spelled: directorySpelling,
      tellsLocation: true,
      requireName(name) {
        if (!identityNamePattern.test(name)) {
          throw invalidResourceName(
            identityType,
            name,
            'it has 3 to 128 letters, digits, hyphens and underscores, the first a letter or digit',
          );
        }
      },
      replace: (sent, { tenantId, existing, randomness }) => ({
        tenantId,
        principalId: existing?.properties['principalId'] ?? randomness.uuid(),
        clientId: existing?.properties['clientId'] ?? randomness.uuid(),
        // a client of a version that knows no restrictions lifts none
        ...restrictions(existing?.properties),
        ...present(sent),
      }),
      merge: (sent, { existing }) => mergePatch(existing.properties, present(sent)),
      present: ({ properties }) => properties,
      async born(transaction, resource) {
        const { tenantId, resourceId, canonical, name, properties, createdAt } = resource;
        await createUserAssigned(transaction, {
          tenantId,
          principalId: guid<PrincipalId>(String(properties['principalId'])),
          clientId: guid<ClientId>(String(properties['clientId'])),
          resourceId,
          resourceCanonical: canonical,
          displayName: name,
          at: createdAt,
        });
      },
      written: restrict,
      more: [revocation(dependencies), associatedResources(dependencies, identityType)],
    },
    dependencies,
  );
}

/** What of an identity's properties says where it may be used. */
function restrictions({ isolationScope, assignmentRestrictions }: JsonObject = {}): JsonObject {
  return {
    ...(isolationScope === undefined ? {} : { isolationScope }),
    ...(assignmentRestrictions === undefined ? {} : { assignmentRestrictions }),
  };
}

/** Holds an identity to its `isolationScope` and `assignmentRestrictions`; a list without entries restricts nothing. */
async function restrict(transaction: Transaction, resource: Resource): Promise<void> {
  const { tenantId, location, properties, changedAt } = resource;
  const { isolationScope, assignmentRestrictions } = properties as StoredProperties;
  const providers = assignmentRestrictions?.providers ?? [];
  await restrictIdentity(transaction, {
    tenantId,
    principalId: guid<PrincipalId>(String(properties['principalId'])),
    isolatedTo: isolationScope === 'Regional' ? location : undefined,
    assignableTo: providers.length === 0 ? undefined : providers,
    at: changedAt,
  });
}

/** What is kept of the sent properties. */
function present(sent: SentProperties): JsonObject {
  const members: [string, JsonValue][] = [];
  const { isolationScope, assignmentRestrictions } = sent ?? {};
  if (isolationScope !== undefined && isolationScope !== null) {
    members.push(['isolationScope', isolationScope]);
  }
  if (assignmentRestrictions !== undefined && assignmentRestrictions !== null) {
    const providers = assignmentRestrictions.providers ?? [];
    members.push(['assignmentRestrictions', { providers }]);
  }
  return Object.fromEntries(members);
}

/** Refuses every token that the identity has; it asks for others. */
function revocation(dependencies: TrackedDependencies): Operation {
  return {
    method: 'POST',
    path: `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/${identityType}/{name}/revokeTokens`,
    action: `${identityType}/revokeTokens/action`,
    async run(context) {
      const { canonical, tenantId } = await requireResource({ dependencies }, context);
      await dependencies.database.transaction(async (transaction) => {
        const identity = await userAssignedOf(transaction, tenantId, canonical);
        if (identity === undefined) return;
        await revokeTokens(transaction, { tenantId, principalId: identity.principalId, at: context.at });
      });
      return { status: 200 };
    },
  };
}
