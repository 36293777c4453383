import { z } from 'zod';
import { withoutAnnotations } from './odata.ts';

/** People as Graph takes them (`spec/token-service-and-directory.md` h.2). */

/** Text of one line: nothing in it that a terminal or a log could take for something else. */
const line = z
  .string()
  .max(256)
  .regex(/^\P{Cc}*$/u);
const shortLine = line.max(128);

/** What rows keep beside the columns. */
const profile = {
  businessPhones: z.array(line.max(64)).max(1).optional(),
  city: shortLine.nullish(),
  companyName: shortLine.nullish(),
  country: shortLine.nullish(),
  department: shortLine.nullish(),
  employeeId: shortLine.nullish(),
  givenName: shortLine.nullish(),
  jobTitle: shortLine.nullish(),
  mail: line.nullish(),
  mailNickname: line
    .max(64)
    .regex(/^[^\s@()\\[\]";:<>,]+$/)
    .optional(),
  mobilePhone: line.max(64).nullish(),
  officeLocation: shortLine.nullish(),
  otherMails: z.array(line).max(250).optional(),
  postalCode: line.max(40).nullish(),
  preferredLanguage: line.max(32).nullish(),
  state: shortLine.nullish(),
  streetAddress: line.nullish(),
  surname: shortLine.nullish(),
  usageLocation: line.max(2).nullish(),
  userType: z.enum(['Member', 'Guest']).nullish(),
};

/** A password as administrators give one; the next sign-in has to choose another unless told. */
const passwordProfile = z.strictObject({
  password: z.string().max(256),
  forceChangePasswordNextSignIn: z.boolean().default(true),
  forceChangePasswordNextSignInWithMfa: z.boolean().optional(),
});

/** `PATCH /users/{id}`. Members not known are refused. */
const change = z.strictObject({
  accountEnabled: z.boolean().optional(),
  displayName: line.min(1).optional(),
  userPrincipalName: z.string().max(1024).optional(),
  passwordProfile: passwordProfile.optional(),
  ...profile,
});
export const changedUserBody = withoutAnnotations(change);
export type ChangedUser = z.infer<typeof change>;

const made = change.extend({
  accountEnabled: z.boolean(),
  displayName: line.min(1),
  mailNickname: profile.mailNickname.nonoptional(),
  userPrincipalName: z.string().max(1024),
  passwordProfile,
});

/** `POST /users`. */
export const newUserBody = withoutAnnotations(made);
export type NewUser = z.infer<typeof made>;
