import { z } from 'zod';
import { givenKeyCredentials, keptPasswordCredentials } from './graph-credentials.ts';
import { withoutAnnotations } from './odata.ts';

/** What administrators may write on a service principal (`spec/token-service-and-directory.md` h.1, h.2). */

const line = z.string().max(256);
const text = z.string().max(1024);
const address = z.string().max(2048);

const members = {
  alternativeNames: z.array(line).max(64).optional(),
  appRoleAssignmentRequired: z.boolean().optional(),
  description: text.nullish(),
  homepage: address.nullish(),
  loginUrl: address.nullish(),
  logoutUrl: address.nullish(),
  notes: text.nullish(),
  notificationEmailAddresses: z.array(line).max(64).optional(),
  preferredSingleSignOnMode: line.nullish(),
  preferredTokenSigningKeyThumbprint: line.nullish(),
  replyUrls: z.array(address).max(256).optional(),
  samlSingleSignOnSettings: z.object({ relayState: address.nullish() }).nullish(),
  tags: z.array(line).max(256).optional(),
  tokenEncryptionKeyId: z.guid().toLowerCase().nullish(),
};

/** What rows keep beside the principal's columns. */
export const servicePrincipalMembers = z.object(members);
export type ServicePrincipalMembers = z.infer<typeof servicePrincipalMembers>;

/** A change of a service principal: a member given replaces the one there was. Members not known are refused. */
export const servicePrincipalChange = z.strictObject({ accountEnabled: z.boolean().optional(), ...members });
export type ServicePrincipalChange = z.infer<typeof servicePrincipalChange>;

/** `POST /servicePrincipals`: for an application of the tenant. */
export const newServicePrincipalBody = withoutAnnotations(
  servicePrincipalChange.extend({
    appId: z.guid().toLowerCase(),
    /** The application's name is the principal's; another one is passed over. */
    displayName: line.nullish(),
    'owners@odata.bind': z.array(z.string().max(512)).max(20).optional(),
  }),
);

/** `PATCH /servicePrincipals/{id}`: lists of credentials are what remains, and certificates that are new. */
export const changedServicePrincipalBody = withoutAnnotations(
  servicePrincipalChange.extend({
    /** The application's: only what it is already. */
    displayName: line.nullish(),
    keyCredentials: givenKeyCredentials.optional(),
    passwordCredentials: keptPasswordCredentials.optional(),
  }),
);
