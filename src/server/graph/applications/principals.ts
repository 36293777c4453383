import type { z } from 'zod';
import type {
  changedServicePrincipalBody,
  newServicePrincipalBody,
} from '../../../contract/graph-service-principal.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import { type ClientId, guid, type TenantId } from '../../../foundation/ids.ts';
import {
  type ApplicationRules,
  assertUnlocked,
  changeServicePrincipal,
  createServicePrincipal,
} from '../../directory/application-changes.ts';
import { selectManifestsOf } from '../../directory/application-store.ts';
import { selectSettingsOf } from '../../directory/client-store.ts';
import { insertOwner, type Owner } from '../../directory/ownership.ts';
import type { Principal } from '../../directory/service-principals.ts';
import { selectCredentialsOf } from '../../managed-identities/credential-store.ts';
import type { Queries, Transaction } from '../../storage/database.ts';
import { presentHostCertificate } from './credential-shape.ts';
import { keepPasswords, presentCredentials, replaceKeys } from './credentials.ts';
import { presentServicePrincipal } from './service-principal-shape.ts';

type Rules = Pick<ApplicationRules, 'randomness' | 'at'>;

/** Makes the service principal of an application of the tenant. */
export async function createPrincipal(
  transaction: Transaction,
  tenantId: TenantId,
  body: z.infer<typeof newServicePrincipalBody>,
  owners: readonly Owner[],
  rules: Rules,
): Promise<Principal> {
  const { appId, displayName: _name, 'owners@odata.bind': _owners, ...change } = body;
  const principal = await createServicePrincipal(
    transaction,
    tenantId,
    { appId: guid<ClientId>(appId), change },
    rules,
  );
  for (const owner of owners) {
    await insertOwner(transaction, { tenantId, objectId: principal.principalId, ...owner, at: rules.at });
  }
  return principal;
}

/**
 * Changes a service principal, and its credentials where the request lists them.
 *
 * @throws DomainError `forbidden` for anything but `accountEnabled` of a managed identity
 */
export async function changePrincipal(
  transaction: Transaction,
  principal: Principal,
  body: z.infer<typeof changedServicePrincipalBody>,
  rules: Rules,
): Promise<void> {
  const { displayName, keyCredentials, passwordCredentials, ...change } = body;
  const { tenantId, clientId } = principal;
  const held = { tenantId, clientId, holder: 'servicePrincipal' } as const;
  if ([displayName, keyCredentials, passwordCredentials].some((member) => member !== undefined)) {
    assertUnlocked(principal);
  }
  if (displayName != null && displayName !== principal.displayName) {
    throw new DomainError(
      'invalid-value',
      "Property 'displayName' is the application's and is changed there.",
      {
        target: 'displayName',
      },
    );
  }
  await changeServicePrincipal(transaction, principal, change, rules.at);
  if (keyCredentials !== undefined) await replaceKeys(transaction, held, keyCredentials, rules);
  if (passwordCredentials !== undefined)
    await keepPasswords(transaction, held, passwordCredentials, rules.at);
}

/** Service principals of one tenant as Graph shows them, in the order given. */
export async function presentPrincipals(
  queries: Queries,
  tenantId: TenantId,
  principals: readonly Principal[],
) {
  const clientIds = principals.map(({ clientId }) => clientId);
  const identities = principals.filter(({ principalType }) => principalType === 'ManagedIdentity');
  const manifests = await selectManifestsOf(queries, tenantId, clientIds);
  const settings = await selectSettingsOf(queries, tenantId, clientIds);
  const credentials = await presentCredentials(queries, tenantId, clientIds, 'servicePrincipal');
  const hosted = await selectCredentialsOf(
    queries,
    tenantId,
    identities.map(({ clientId }) => clientId),
  );
  return principals.map((principal) => {
    const { clientId } = principal;
    const shown = credentials(clientId);
    return presentServicePrincipal(principal, {
      settings: settings.get(clientId) ?? {},
      manifest: manifests.get(clientId),
      ...shown,
      ...(principal.principalType === 'ManagedIdentity'
        ? { keys: hosted.filter((row) => row.client_id === clientId).map(presentHostCertificate) }
        : {}),
    });
  });
}
