import {
  canonicalId,
  parseScope,
  ResourceIdError,
  type ResourceScope,
  resourceType,
} from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { OperationContext } from '../resource-manager/provider.ts';
import { findResource } from '../resource-manager/resource-store.ts';
import type { Database } from '../storage/database.ts';
import type { KeyVaultReference } from '../templates/template-document.ts';

/** Reads the value of a secret. @throws DomainError where it cannot be read */
export type ReadSecret = (
  vault: { readonly tenantId: TenantId; readonly canonical: CanonicalId },
  name: string,
  version: string | undefined,
) => Promise<string>;

/**
 * The value of a secret that a parameter refers to: the deployer has the right to deploy from the vault, which is a right
 * at the vault and not one to its secrets, and the vault is open to templates.
 *
 * @throws ArmError in Azure's codes
 */
export async function parameterSecret(
  { database, readSecret }: { readonly database: Database; readonly readSecret: ReadSecret },
  { caller, may }: Pick<OperationContext, 'caller' | 'may'>,
  { vaultId, secretName, secretVersion }: KeyVaultReference,
): Promise<string> {
  const vault = vaultOf(vaultId);
  const action = 'Microsoft.KeyVault/vaults/deploy/action';
  if (!(await may(action, vault))) {
    throw new ArmError(
      'forbidden',
      'KeyVaultParameterReferenceAuthorizationFailed',
      `The client '${caller.clientId}' with object id '${caller.principalId}' does not have permission to perform action '${action}' on the specified KeyVault resource '${vaultId}'.`,
    );
  }
  const canonical = canonicalId(vault);
  const { tenantId } = caller;
  const found = await findResource(database.read, tenantId, canonical);
  if (found === undefined) {
    throw new ArmError(
      'invalid-value',
      'KeyVaultParameterReferenceNotFound',
      `The specified KeyVault '${vaultId}' could not be found.`,
    );
  }
  if (found.properties['enabledForTemplateDeployment'] !== true) {
    throw new ArmError(
      'forbidden',
      'KeyVaultParameterReferenceAuthorizationFailed',
      `The KeyVault '${vaultId}' is not enabled for template deployment.`,
    );
  }
  try {
    return await readSecret({ tenantId, canonical }, secretName, secretVersion);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new ArmError(
      'invalid-value',
      'KeyVaultParameterReferenceSecretRetrieveFailed',
      `The secret '${secretName}' of KeyVault '${vaultId}' cannot be retrieved. Error message: '${error.message}'.`,
    );
  }
}

function vaultOf(vaultId: string): ResourceScope {
  try {
    const scope = parseScope(vaultId);
    if (scope.kind === 'resource' && resourceType(scope).toLowerCase() === 'microsoft.keyvault/vaults') {
      return scope;
    }
  } catch (error) {
    if (!(error instanceof ResourceIdError)) throw error;
  }
  throw new ArmError(
    'invalid-value',
    'InvalidKeyVaultReference',
    `The KeyVault reference '${vaultId.slice(0, 300)}' is not the id of a vault.`,
  );
}
