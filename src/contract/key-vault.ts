import { z } from 'zod';

/** Shapes of the Key Vault data plane (`spec/targets.md` 1.1-1.9). */

/** Names of secrets, keys and certificates; they compare without regard to case. */
export const objectNamePattern = /^[0-9A-Za-z-]{1,127}$/;

/** UTF-8 octets of a secret's value at most. */
export const maxSecretOctets = 25_600;
export const maxTags = 15;
export const maxPageSize = 25;

/** The newest version answered; the Key Vault clients of mid-2026 send it. */
export const newestApiVersion = '2026-04-01';
const stableVersions = new Set([
  '7.0',
  '7.1',
  '7.2',
  '7.3',
  '7.4',
  '7.5',
  '7.6',
  '2025-07-01',
  newestApiVersion,
]);

/** Whether a version of the protocol is answered: all differ only in what is not offered here. */
export function isKnownApiVersion(text: string): boolean {
  return stableVersions.has(text) || /^7\.[0-6]-preview(\.[0-9]{1,2})?$/.test(text);
}

/** Seconds since the epoch, to the year 9999. */
const seconds = z.int().min(0).max(253_402_300_799);

const attributes = z.object({
  enabled: z.boolean().nullish(),
  nbf: seconds.nullish(),
  exp: seconds.nullish(),
});

const tags = z
  .record(z.string().min(1).max(256), z.string().max(256))
  .refine((members) => Object.keys(members).length <= maxTags, `there may be at most ${maxTags} tags`);

const contentType = z.string().max(255);

/** Body of `PUT /secrets/{name}`. */
export const setSecretRequest = z.object({
  value: z
    .string()
    .max(maxSecretOctets)
    .refine(
      (value) => new TextEncoder().encode(value).length <= maxSecretOctets,
      `the value may have at most ${maxSecretOctets} octets`,
    ),
  contentType: contentType.nullish(),
  tags: tags.nullish(),
  attributes: attributes.nullish(),
});
export type SetSecretRequest = z.infer<typeof setSecretRequest>;

/** Body of `PATCH /secrets/{name}/{version}`: absent members stay as they are. */
export const updateSecretRequest = z.object({
  contentType: contentType.nullish(),
  tags: tags.nullish(),
  attributes: attributes.nullish(),
});
export type UpdateSecretRequest = z.infer<typeof updateSecretRequest>;

/** Times are seconds since the epoch. */
export interface SecretAttributes {
  readonly enabled: boolean;
  readonly nbf?: number;
  readonly exp?: number;
  readonly created: number;
  readonly updated: number;
  readonly recoveryLevel: string;
  readonly recoverableDays: number;
}

/** A secret in a list: its id carries no version; in a list of versions it does. */
export interface SecretItem {
  readonly id: string;
  readonly attributes: SecretAttributes;
  readonly contentType?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A secret; the value is there in the answers to set and get only. */
export interface SecretBundle extends SecretItem {
  readonly value?: string;
}

export interface DeletedSecret extends SecretItem {
  readonly recoveryId: string;
  readonly deletedDate: number;
  readonly scheduledPurgeDate: number;
}

/** A page; `nextLink` is null on the last one. */
export interface SecretList<Item extends SecretItem> {
  readonly value: readonly Item[];
  readonly nextLink: string | null;
}

export interface KeyVaultErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly innererror?: { readonly code: string };
  };
}
