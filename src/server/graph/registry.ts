import { appRoleOperations } from './applications/app-role-operations.ts';
import {
  type ApplicationParts,
  applicationOperations,
  presentApplications,
} from './applications/application-operations.ts';
import { applicationRelations, principalRelations } from './applications/application-relations.ts';
import { credentialOperations } from './applications/credential-operations.ts';
import { federatedCredentialOperations } from './applications/federated-credential-operations.ts';
import { ownerOperations } from './applications/owner-operations.ts';
import { permissionGrantOperations } from './applications/permission-grant-operations.ts';
import { presentPrincipals } from './applications/principals.ts';
import { servicePrincipalOperations } from './applications/service-principal-operations.ts';
import { directoryAuditOperations } from './audit-logs/directory-audit-operations.ts';
import { signInOperations } from './audit-logs/sign-in-operations.ts';
import { deletedItemOperations } from './deleted-item-operations.ts';
import { DirectoryObjects } from './directory-objects.ts';
import { roleOperations } from './directory-roles/role-operations.ts';
import { groupMemberOperations } from './groups/group-member-operations.ts';
import { groupOperations } from './groups/group-operations.ts';
import { groupRelations, userRelations } from './member-relations.ts';
import { membershipOperations } from './membership-operations.ts';
import { metadataOperation } from './metadata-operation.ts';
import type { GraphOperation } from './operation.ts';
import { organizationOperations } from './organization-operations.ts';
import { userOperations } from './users/user-operations.ts';

/** Every operation of the Graph surface. */
export function graphOperations(parts: ApplicationParts): readonly GraphOperation[] {
  const objects = new DirectoryObjects({
    applications: (queries, tenantId, applications) =>
      presentApplications(parts, queries, tenantId, applications),
    principals: presentPrincipals,
  });
  const operations: readonly GraphOperation[] = [
    ...applicationOperations({ ...parts, relations: applicationRelations(objects) }),
    ...servicePrincipalOperations({ ...parts, relations: principalRelations(objects) }),
    ...credentialOperations(parts),
    ...ownerOperations({ objects }),
    ...appRoleOperations(parts),
    ...permissionGrantOperations(parts),
    ...federatedCredentialOperations(parts),
    ...deletedItemOperations({ ...parts, objects }),
    ...userOperations({ ...parts, relations: userRelations(objects) }),
    ...groupOperations({ ...parts, relations: groupRelations(objects) }),
    ...groupMemberOperations({ objects }),
    ...membershipOperations({ objects }),
    ...roleOperations({ ...parts, objects }),
    ...signInOperations,
    ...directoryAuditOperations,
    ...organizationOperations,
  ];
  return [...operations, metadataOperation(operations)];
}
