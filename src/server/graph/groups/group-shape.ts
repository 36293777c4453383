import type { Group } from '../../directory/group-store.ts';
import { graphTime } from '../graph-time.ts';

/** A group as Graph shows one. @param deletedAt milliseconds since the epoch */
export function presentGroup({ groupId, displayName, profile, createdAt }: Group, deletedAt?: number) {
  return {
    id: groupId,
    deletedDateTime: deletedAt === undefined ? null : graphTime(deletedAt),
    classification: null,
    createdDateTime: graphTime(createdAt),
    creationOptions: [],
    description: null,
    displayName,
    expirationDateTime: null,
    groupTypes: [],
    isAssignableToRole: null,
    mail: null,
    mailEnabled: false,
    mailNickname: null,
    membershipRule: null,
    membershipRuleProcessingState: null,
    onPremisesSyncEnabled: null,
    proxyAddresses: [],
    renewedDateTime: graphTime(createdAt),
    resourceBehaviorOptions: [],
    resourceProvisioningOptions: [],
    securityEnabled: true,
    visibility: null,
    ...profile,
  };
}
