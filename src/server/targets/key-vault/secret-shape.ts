import type {
  DeletedSecret,
  SecretAttributes,
  SecretBundle,
  SecretItem,
} from '../../../contract/key-vault.ts';
import type { SecretVersion } from './secret-store.ts';
import type { Vault } from './vaults.ts';

/** Where the shapes get what the rows do not hold. */
interface Seen {
  readonly place: Vault;
  /** `https://<host>[:port]` as the client used it: it dials the ids it gets. */
  readonly origin: string;
}

/** A secret with its version in the id, and the value where the operation gives it. */
export function asBundle(seen: Seen, secret: SecretVersion, value?: string): SecretBundle {
  return {
    ...(value === undefined ? {} : { value }),
    ...described(secret),
    id: `${seen.origin}/secrets/${secret.name}/${secret.version}`,
    attributes: asAttributes(seen.place, secret),
    ...tagged(secret),
  };
}

/** A secret in a list, by its name alone. */
export function asItem(seen: Seen, secret: SecretVersion): SecretItem {
  return {
    ...described(secret),
    id: `${seen.origin}/secrets/${secret.name}`,
    attributes: asAttributes(seen.place, secret),
    ...tagged(secret),
  };
}

/** What a deleted secret has beside its ordinary shape. */
export function asDeleted<Shape extends SecretItem>(
  seen: Seen,
  secret: SecretVersion,
  shape: Shape,
): Shape & DeletedSecret {
  return {
    ...shape,
    recoveryId: `${seen.origin}/deletedsecrets/${secret.name}`,
    deletedDate: Math.floor((secret.deletedAt ?? 0) / 1000),
    scheduledPurgeDate: Math.floor((secret.scheduledPurgeAt ?? 0) / 1000),
  };
}

function described({ contentType }: SecretVersion): { readonly contentType?: string } {
  return contentType === null ? {} : { contentType };
}

function tagged({ tags }: SecretVersion): { readonly tags?: Readonly<Record<string, string>> } {
  return tags === null ? {} : { tags };
}

function asAttributes(vault: Vault, secret: SecretVersion): SecretAttributes {
  return {
    enabled: secret.enabled,
    ...(secret.notBefore === null ? {} : { nbf: secret.notBefore }),
    ...(secret.expires === null ? {} : { exp: secret.expires }),
    created: secret.created,
    updated: secret.updated,
    recoveryLevel: recoveryLevel(vault),
    recoverableDays: vault.recoverableDays,
  };
}

/** `spec/targets.md` 1.8: a shorter time than the ordinary 90 days is "customized". */
function recoveryLevel({ recoverableDays, purgeProtection }: Vault): string {
  return `${recoverableDays < 90 ? 'CustomizedRecoverable' : 'Recoverable'}${purgeProtection ? '' : '+Purgeable'}`;
}
