import { systemRandomness } from '../../src/foundation/randomness.ts';
import { assignAppRole } from '../../src/server/directory/app-role-assignments.ts';
import {
  createServicePrincipal,
  registerApplication,
} from '../../src/server/directory/application-changes.ts';
import type { TestClient, TestTokenService } from './token-service.ts';

/** A customer's own API, and how tokens for it are asked for and validated. */
export interface CustomerApi {
  /** Its application ID URI. */
  readonly name: string;
  readonly version: 'v1' | 'v2';
  readonly appId: string;
}

const roleId = '0b5b9f6a-2f0e-4c53-9d3e-5a3f0a5f3f11';

/** An API that takes tokens of the version, in which the client has the role `Orders.Read`. */
export async function customerApi(
  { database, clock }: TestTokenService,
  { tenantId, principalId: ofClient }: TestClient,
  version: 1 | 2,
): Promise<CustomerApi> {
  const at = clock.now();
  const rules = { randomness: systemRandomness, isReserved: () => false, at };
  return await database.transaction(async (transaction) => {
    const { clientId, manifest } = await registerApplication(
      transaction,
      tenantId,
      {
        displayName: `orders ${version}`,
        identifierUris: [`api://orders-${version}.example`],
        api: { requestedAccessTokenVersion: version },
        appRoles: [
          {
            id: roleId,
            value: 'Orders.Read',
            displayName: 'read',
            description: 'read',
            allowedMemberTypes: ['Application'],
            isEnabled: true,
          },
        ],
      },
      rules,
    );
    const { principalId } = await createServicePrincipal(
      transaction,
      tenantId,
      { appId: clientId, change: {} },
      rules,
    );
    await assignAppRole(
      transaction,
      {
        tenantId,
        principal: { id: ofClient, type: 'ServicePrincipal' },
        resource: { principalId, appRoles: manifest.appRoles ?? [] },
        appRoleId: roleId,
        at,
      },
      systemRandomness,
    );
    return { name: `api://orders-${version}.example`, version: `v${version}`, appId: clientId };
  });
}
