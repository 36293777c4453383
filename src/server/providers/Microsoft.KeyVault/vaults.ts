import type { JsonObject, JsonValue } from '../../../contract/arm.ts';
import {
  checkNameAvailabilitySchema,
  vaultNamePattern,
  vaultPatchSchema,
  vaultSchema,
} from '../../../contract/Microsoft.KeyVault.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { mergePatch } from '../../resource-manager/merge-patch.ts';
import type { Operation, OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import { isGlobalNameTaken } from '../../resource-manager/resource-store.ts';
import { trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies, WriteFacts } from '../../resource-manager/tracked-type.ts';
import { vaultApiVersions } from './api-versions.ts';

const type = 'Microsoft.KeyVault/vaults';

type VaultProperties = (typeof vaultSchema)['_output']['properties'];
type VaultPatch = NonNullable<(typeof vaultPatchSchema)['_output']['properties']>;

export interface VaultsOptions {
  /** The address of a vault's data plane, with a trailing slash. */
  readonly vaultUri: (name: string) => string;
}

/** Key vaults of the RBAC kind: who may do what with their contents is a matter of role assignments alone (e.6). */
export function vaults(dependencies: TrackedDependencies, { vaultUri }: VaultsOptions): ResourceType {
  return trackedResource(
    {
      namespace: 'Microsoft.KeyVault',
      type: 'vaults',
      apiVersions: vaultApiVersions,
      put: vaultSchema,
      patch: vaultPatchSchema,
      extraMembers: [],
      statusOfNew: 200,
      deletion: 'at-once',
      entityTags: false,
      systemData: true,
      global: { taken: vaultAlreadyExists },
      requireName(name) {
        if (!vaultNamePattern.test(name)) throw vaultNameNotValid(name);
      },
      replace(sent, facts) {
        const properties = sent as VaultProperties;
        requireAllowed(properties, facts);
        return { ...defaults, ...present(properties) };
      },
      merge(sent, facts) {
        const properties = (sent ?? {}) as VaultPatch;
        requireAllowed(properties, facts);
        return mergePatch(facts.existing.properties, present(properties));
      },
      present: ({ name, properties, provisioningState }) => ({
        ...properties,
        vaultUri: vaultUri(name.toLowerCase()),
        provisioningState,
      }),
      more: [checkNameAvailability(dependencies)],
    },
    dependencies,
  );
}

const defaults: JsonObject = {
  accessPolicies: [],
  enabledForDeployment: false,
  enableSoftDelete: true,
  softDeleteRetentionInDays: 90,
  enableRbacAuthorization: true,
  publicNetworkAccess: 'Enabled',
};

function present(properties: VaultPatch): JsonObject {
  const { createMode: _createMode, ...kept } = properties;
  const members: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(kept)) {
    if (value !== undefined && value !== null) members.push([name, value as JsonValue]);
  }
  return Object.fromEntries(members);
}

function requireAllowed(properties: VaultPatch, { tenantId, existing }: WriteFacts): void {
  if (properties.tenantId !== undefined && properties.tenantId !== null) {
    if (properties.tenantId.toLowerCase() !== tenantId) {
      throw badRequest(
        `An invalid value was provided for 'tenantId': the vault belongs to the tenant of its subscription, '${tenantId}'.`,
      );
    }
  }
  if (properties.enableRbacAuthorization === false || (properties.accessPolicies ?? []).length > 0) {
    throw new ArmError(
      'unsupported',
      'FeatureNotSupported',
      "Vaults with access policies are not supported: set 'enableRbacAuthorization' to true, leave 'accessPolicies' empty, and assign roles at the vault.",
      { refusedBy: 'service' },
    );
  }
  if (properties.enableSoftDelete === false) {
    throw badRequest('The property "enableSoftDelete" can be set to false only for creating new vault.');
  }
  const purgeProtected = existing?.properties['enablePurgeProtection'] === true;
  if (properties.enablePurgeProtection === false && purgeProtected) {
    throw badRequest(
      'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.',
    );
  }
}

function badRequest(message: string): ArmError {
  return new ArmError('invalid-value', 'BadRequest', message, { refusedBy: 'service' });
}

function vaultNameNotValid(name: string): ArmError {
  return new ArmError(
    'invalid-value',
    'VaultNameNotValid',
    `The vault name '${name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.`,
    { refusedBy: 'service' },
  );
}

function vaultAlreadyExists(name: string): ArmError {
  return new ArmError('already-exists', 'VaultAlreadyExists', nameTaken(name), { refusedBy: 'service' });
}

function nameTaken(name: string): string {
  return `The vault name '${name}' is already in use. Vault names are globally unique so it is possible that the name is already taken.`;
}

function checkNameAvailability({ database }: Pick<TrackedDependencies, 'database'>): Operation {
  type Check = OperationContext<(typeof checkNameAvailabilitySchema)['_output']>;
  return {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/providers/Microsoft.KeyVault/checkNameAvailability',
    action: 'Microsoft.KeyVault/checkNameAvailability/read',
    body: checkNameAvailabilitySchema,
    async run({ body: { name } }: Check) {
      if (!vaultNamePattern.test(name)) {
        const { message } = vaultNameNotValid(name);
        return { status: 200, body: { nameAvailable: false, reason: 'AccountNameInvalid', message } };
      }
      const taken = await isGlobalNameTaken(database.read, type, name);
      return {
        status: 200,
        body: taken
          ? { nameAvailable: false, reason: 'AlreadyExists', message: nameTaken(name) }
          : { nameAvailable: true },
      };
    },
  } as Operation;
}
