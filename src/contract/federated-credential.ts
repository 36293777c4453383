import { z } from 'zod';
import { jsonObjectSchema } from './arm.ts';

/** Wire shapes of federated identity credentials, which ARM and Graph share (b.4, h.4). */

/** The audience of tokens that are shown in exchange for ours, unless a credential names another. */
export const exchangeAudience = 'api://AzureADTokenExchange';

/** Looser than the rules, which are checked together and worded by the surface: here only types and sizes. */
const text = z.string().max(8192);

export const claimsMatchingExpressionSchema = z.object({
  value: text,
  languageVersion: z.int(),
});

/** Ours: what to trust an issuer by where its keys cannot be fetched from a public address with a public certificate. */
export const federatedTrustSchema = z.object({
  /** The issuer's key set (RFC 7517 §5), in place of fetching it. */
  keys: z.array(jsonObjectSchema).max(100).nullish(),
  /** PEM: the authorities that the issuer's own site is checked against, in place of the public ones. */
  certificateAuthorities: z.string().max(65_536).nullish(),
});

/** What a credential says, as it is sent. */
export const federatedCredentialMembers = {
  issuer: text.nullish(),
  subject: text.nullish(),
  audiences: z.array(text).max(100).nullish(),
  claimsMatchingExpression: claimsMatchingExpressionSchema.nullish(),
  description: text.nullish(),
  innateTrust: federatedTrustSchema.nullish(),
};

export const federatedCredentialSchema = z.object(federatedCredentialMembers);
export type SentFederatedCredential = z.infer<typeof federatedCredentialSchema>;
