import type { User } from '../../directory/user-store.ts';
import { graphTime } from '../graph-time.ts';

/** A person as Graph shows one. @param deletedAt milliseconds since the epoch */
export function presentUser(user: User, deletedAt?: number) {
  return {
    id: user.userId,
    deletedDateTime: deletedAt === undefined ? null : graphTime(deletedAt),
    accountEnabled: user.enabled,
    businessPhones: [],
    city: null,
    companyName: null,
    country: null,
    createdDateTime: graphTime(user.createdAt),
    department: null,
    displayName: user.displayName,
    employeeId: null,
    givenName: null,
    identities: [],
    jobTitle: null,
    mail: null,
    mailNickname: null,
    mobilePhone: null,
    officeLocation: null,
    onPremisesSyncEnabled: null,
    otherMails: [],
    postalCode: null,
    preferredLanguage: null,
    signInSessionsValidFromDateTime: graphTime(user.tokensValidFrom),
    state: null,
    streetAddress: null,
    surname: null,
    usageLocation: null,
    userPrincipalName: user.userPrincipalName,
    userType: 'Member',
    ...user.profile,
  };
}
