import type { CloudProfile } from '../../../contract/cloud-profile.ts';
import { systemAssignedUrl } from '../../../contract/identity-service.ts';
import { canonicalId, formatScope, parseScope } from '../../../contract/resource-id.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { systemAssignedOf } from '../../managed-identities/identity-store.ts';
import { parameter, type ResourceType } from '../../resource-manager/provider.ts';
import { findResource } from '../../resource-manager/resource-store.ts';
import type { Database } from '../../storage/database.ts';
import { identityApiVersions } from './api-versions.ts';

/**
 * The identity that a resource has of its own, as an extension of the resource: the one place of ARM that shows its
 * client id (b.2), and the URL where resource providers get credentials for it (c.2).
 */
export function systemAssignedIdentities(database: Database, profile: CloudProfile): ResourceType {
  return {
    namespace: 'Microsoft.ManagedIdentity',
    type: 'identities',
    apiVersions: identityApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/{scope}/providers/Microsoft.ManagedIdentity/identities/default',
        action: 'Microsoft.ManagedIdentity/identities/read',
        async run({ caller: { tenantId }, ...context }) {
          const scope = parseScope(parameter(context, 'scope'));
          const canonical = canonicalId(scope);
          const resource = await findResource(database.read, tenantId, canonical);
          const identity = await systemAssignedOf(database.read, tenantId, canonical);
          if (resource === undefined || identity === undefined) {
            throw new ArmError(
              'not-found',
              'ResourceNotFound',
              `The resource '${formatScope(scope)}' has no system-assigned identity.`,
              { refusedBy: 'service' },
            );
          }
          const { principalId, clientId } = identity;
          return {
            status: 200,
            body: {
              id: `${resource.resourceId}/providers/Microsoft.ManagedIdentity/identities/default`,
              name: 'default',
              type: 'Microsoft.ManagedIdentity/identities',
              location: resource.location,
              tags: resource.tags,
              properties: {
                ...{ tenantId, principalId, clientId },
                clientSecretUrl: systemAssignedUrl(profile, resource, identity),
              },
            },
          };
        },
      },
    ],
  };
}
