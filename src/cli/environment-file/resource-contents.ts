import type { EnvironmentIdentity, EnvironmentVault } from '../../contract/environment-file.ts';
import { defaultAudience } from '../federated-facts.ts';
import { identityKind } from '../resources/identity-kind.ts';
import type { FilePath } from './file-position.ts';
import type { NamedResource } from './named-resources.ts';
import { ensureResource } from './resource-step.ts';
import { ensureRole } from './role-step.ts';
import { ensureSecret } from './secret-step.ts';
import type { Step } from './step.ts';
import { NoValue, secretValue, type ValueSource } from './values.ts';
import { isIdentity, type WantedEntry } from './wanted-type.ts';

const secretsOfficer = 'Key Vault Secrets Officer';

/** Something within a resource: its path from the resource, and the step that makes it, or why there is none. */
export interface WantedContent {
  readonly path: FilePath;
  readonly content: Omit<Step, 'place'> | string;
}

/** What a file wants within a resource: credentials of an identity, secrets of a vault. */
export function contentsOf(
  entry: WantedEntry,
  owner: NamedResource,
  source: ValueSource,
): readonly WantedContent[] {
  if (isIdentity(entry)) return credentialsOf(entry, owner);
  return 'vault' in entry ? secretsOf(entry, owner, source) : [];
}

function credentialsOf(
  { federatedCredentials = [] }: EnvironmentIdentity,
  owner: NamedResource,
): readonly WantedContent[] {
  return federatedCredentials.map(({ name, issuer, subject, audiences = [defaultAudience] }, at) => {
    const id = `${owner.id}/federatedIdentityCredentials/${name}`;
    const { type, apiVersion } = identityKind;
    const wanted = {
      id,
      type: `${type}/federatedIdentityCredentials`,
      apiVersion,
      members: { properties: { issuer, subject, audiences } },
    };
    return {
      path: ['federatedCredentials', at],
      content: {
        key: id.toLowerCase(),
        what: 'federated credential',
        name: `${owner.group}/${owner.name}/${name}`,
        needs: [owner.id.toLowerCase()],
        apply: (world) => ensureResource(wanted, world),
      },
    };
  });
}

/** The operator has no right to secrets by itself: it is given the role that writes them, as anybody would be. */
function secretsOf(
  { secrets = {}, vault }: EnvironmentVault,
  owner: NamedResource,
  source: ValueSource,
): readonly WantedContent[] {
  const names = Object.entries(secrets);
  if (names.length === 0) return [];
  const writer: Omit<Step, 'place'> = {
    key: `${owner.id.toLowerCase()}#writer`,
    what: 'role assignment',
    name: `${secretsOfficer} for the operator on ${vault}`,
    needs: [owner.id.toLowerCase()],
    apply: (world) =>
      ensureRole({ role: secretsOfficer, principal: { kind: 'operator' }, scope: owner.id }, world),
  };
  const wanted = names.map(([name, secret]): WantedContent => {
    const path = ['secrets', name];
    let value: string;
    try {
      value = secretValue(secret, source);
    } catch (error) {
      if (!(error instanceof NoValue)) throw error;
      return { path, content: error.message };
    }
    const content = {
      key: `${owner.id.toLowerCase()}/secrets/${name.toLowerCase()}`,
      what: 'secret',
      name: `${vault}/${name}`,
      needs: [writer.key],
      apply: (world: Parameters<Step['apply']>[0]) => ensureSecret({ vault, name, value }, world),
    };
    return { path, content };
  });
  return [{ path: ['secrets'], content: writer }, ...wanted];
}
