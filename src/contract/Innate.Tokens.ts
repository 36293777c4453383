import { z } from 'zod';

/** Body of `POST /providers/Innate.Tokens/revokeTokens`: whose tokens, by object id or by the name people sign in with. */
export const revokeTokensBody = z
  .strictObject({
    principalId: z.guid().optional(),
    userPrincipalName: z.string().min(3).max(320).optional(),
  })
  .refine(
    ({ principalId, userPrincipalName }) => (principalId === undefined) !== (userPrincipalName === undefined),
    { message: "One of 'principalId' and 'userPrincipalName' is required, not both" },
  );

/** Its answer. */
export const revokedTokens = z.object({
  principalId: z.string(),
  principalType: z.enum(['ServicePrincipal', 'User']),
  displayName: z.string(),
  /** ISO 8601: tokens from before are refused. */
  tokensValidFrom: z.string(),
});
export type RevokedTokens = z.infer<typeof revokedTokens>;
