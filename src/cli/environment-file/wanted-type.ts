import type {
  EnvironmentIdentity,
  EnvironmentResource,
  EnvironmentTemplate,
} from '../../contract/environment-file.ts';
import { identityKind } from '../resources/identity-kind.ts';
import { siteKind } from '../resources/site-kind.ts';
import { vaultKind } from '../resources/vault-kind.ts';
import { virtualMachineKind } from '../resources/virtual-machine-kind.ts';

/** An entry of `resources` that is a resource, and no template. */
export type WantedEntry = Exclude<EnvironmentResource, EnvironmentTemplate>;

/** What an entry is, told from its key. */
export interface EntryType {
  readonly type: string;
  readonly name: string;
  /** As people say it. */
  readonly what: string;
  /** Pinned for types with a word of their own. */
  readonly apiVersion: string | undefined;
}

export function typeOf(entry: WantedEntry): EntryType {
  if ('vm' in entry) return ofKind(virtualMachineKind, entry.vm);
  if ('webapp' in entry) return ofKind(siteKind, entry.webapp);
  if ('vault' in entry) return ofKind(vaultKind, entry.vault);
  if ('type' in entry) {
    return { type: entry.type, name: entry.name, what: entry.type, apiVersion: entry.apiVersion };
  }
  return ofKind(identityKind, entry.identity);
}

/** Whether an entry is a user-assigned identity, and does not just carry some. */
export function isIdentity(entry: WantedEntry): entry is EnvironmentIdentity {
  return !('vm' in entry || 'webapp' in entry || 'vault' in entry || 'type' in entry);
}

function ofKind(kind: { type: string; noun: string; apiVersion: string }, name: string): EntryType {
  return { type: kind.type, name, what: kind.noun, apiVersion: kind.apiVersion };
}
