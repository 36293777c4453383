import { z } from 'zod';
import { withoutAnnotations } from './odata.ts';

/** Groups as Graph takes them (`spec/token-service-and-directory.md` h.2): security groups, without mail. */

const line = z
  .string()
  .max(256)
  .regex(/^\P{Cc}*$/u);

/** What rows keep beside the columns. */
const profile = {
  classification: line.nullish(),
  description: z.string().max(1024).nullish(),
  mailNickname: line
    .max(64)
    .regex(/^[^\s@()\\[\]";:<>,]+$/)
    .optional(),
  /** Nothing hides members here, so `HiddenMembership` is refused rather than kept. */
  visibility: z.enum(['Private', 'Public']).nullish(),
};

export const groupProfile = z.object({
  ...profile,
  /** Whether it may have roles in the directory; decided when it is made. */
  isAssignableToRole: z.boolean().optional(),
});
export type GroupProfile = z.infer<typeof groupProfile>;

/** Objects by address; Graph takes twenty at a time. */
const references = z.array(z.string().max(512)).max(20).optional();

const change = z.strictObject({
  displayName: line.min(1).optional(),
  securityEnabled: z.literal(true).optional(),
  mailEnabled: z.literal(false).optional(),
  'members@odata.bind': references,
  ...profile,
});

/** `PATCH /groups/{id}`. Members not known are refused. */
export const changedGroupBody = withoutAnnotations(change);
export type ChangedGroup = z.infer<typeof change>;

const made = change.extend({
  displayName: line.min(1),
  securityEnabled: z.literal(true),
  mailEnabled: z.literal(false),
  mailNickname: profile.mailNickname.nonoptional(),
  groupTypes: z.array(z.string()).max(0).optional(),
  isAssignableToRole: z.boolean().nullish(),
  'owners@odata.bind': references,
});

/** `POST /groups`. */
export const newGroupBody = withoutAnnotations(made);
export type NewGroup = z.infer<typeof made>;
