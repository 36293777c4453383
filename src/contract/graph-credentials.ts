import { z } from 'zod';

/** Credentials of applications and service principals as Graph writes them. */

const line = z.string().max(256);
/** ISO 8601 with a zone; fractions of any length, as .NET writes them. */
const time = z
  .string()
  .max(40)
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/)
  .transform((text, context) => {
    const milliseconds = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
    if (Number.isNaN(milliseconds)) context.addIssue({ code: 'custom', message: 'no time' });
    return milliseconds;
  });
const keyId = z.guid().toLowerCase();

/** A secret to be made: its value is the directory's to choose. */
export const newPasswordCredential = z.object({
  displayName: line.nullish(),
  startDateTime: time.nullish(),
  endDateTime: time.nullish(),
});

export const addPasswordBody = z.object({ passwordCredential: newPasswordCredential.nullish() });
export const removePasswordBody = z.object({ keyId });

/** A certificate of a `keyCredentials` list: a new one comes with its `key` (base64 of DER, broken into lines or not), a standing one without. */
export const givenKeyCredential = z.object({
  '@odata.type': line.optional(),
  customKeyIdentifier: z.string().max(128).nullish(),
  displayName: line.nullish(),
  endDateTime: time.nullish(),
  key: z
    .string()
    .max(24_576)
    .regex(/^[A-Za-z0-9+/_\s-]+(?:=[=\s]*)?$/)
    .transform((text) => text.replaceAll(/\s/g, ''))
    .nullish(),
  keyId: keyId.nullish(),
  startDateTime: time.nullish(),
  type: z.enum(['AsymmetricX509Cert', 'X509CertAndPassword']),
  usage: z.enum(['Verify', 'Sign']),
});
export type GivenKeyCredential = z.infer<typeof givenKeyCredential>;

export const givenKeyCredentials = z.array(givenKeyCredential).max(40);

/** `passwordCredentials` of a change: only which of the standing ones remain. */
export const keptPasswordCredentials = z.array(z.object({ keyId: keyId.nullish() })).max(40);

export const addKeyBody = z.object({
  keyCredential: givenKeyCredential,
  passwordCredential: z.null().optional(),
  /** A JWT that the caller signs with a certificate that stands. */
  proof: z.string().max(16_384),
});
export const removeKeyBody = z.object({ keyId, proof: z.string().max(16_384) });

export const passwordCredential = z.object({
  customKeyIdentifier: z.null(),
  displayName: z.string().nullable(),
  endDateTime: z.string(),
  /** The first characters of the secret. */
  hint: z.string(),
  keyId: z.string(),
  /** The secret itself, in the answer to its making only. */
  secretText: z.string().nullable(),
  startDateTime: z.string(),
});
export type PasswordCredential = z.infer<typeof passwordCredential>;

export const keyCredential = z.object({
  /** SHA-1 of the certificate, hexadecimal. */
  customKeyIdentifier: z.string(),
  displayName: z.string().nullable(),
  endDateTime: z.string(),
  key: z.null(),
  keyId: z.string(),
  startDateTime: z.string(),
  type: z.literal('AsymmetricX509Cert'),
  usage: z.literal('Verify'),
});
export type KeyCredential = z.infer<typeof keyCredential>;
