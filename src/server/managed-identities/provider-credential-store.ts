import type { ClientId, PrincipalId, TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { ProviderCredentialsTable } from '../storage/identity-tables.ts';

/** Whose credentials are meant: a provider's, for one identity on one resource. */
export interface Holding {
  readonly tenantId: TenantId;
  readonly providerId: PrincipalId;
  readonly principalId: PrincipalId;
  readonly resourceCanonical: string;
}

/** What a provider holds for an identity on a resource, ended ones included, newest first. */
export async function selectHeld(
  queries: Queries,
  { tenantId, providerId, principalId, resourceCanonical }: Holding,
): Promise<readonly ProviderCredentialsTable[]> {
  return await queries
    .selectFrom('provider_credentials')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('provider_id', '=', providerId)
    .where('principal_id', '=', principalId)
    .where('resource_canonical', '=', resourceCanonical)
    .orderBy('issued_at', 'desc')
    .orderBy('sha256')
    .execute();
}

/** Registers a certificate in the place of others, which end with the same commit. */
export async function replaceHeld(
  transaction: Transaction,
  row: ProviderCredentialsTable,
  ended: readonly ProviderCredentialsTable[],
  tenantId: TenantId,
): Promise<void> {
  if (ended.length > 0) {
    await transaction
      .deleteFrom('provider_credentials')
      .where('tenant_id', '=', tenantId)
      .where(
        'sha256',
        'in',
        ended.map(({ sha256 }) => sha256),
      )
      .execute();
  }
  await transaction.insertInto('provider_credentials').values(row).execute();
  await recordChange(transaction, { tenantId, kind: 'client', key: row.client_id, at: row.issued_at });
}

/** The certificate of a thumbprint (base64url), as far as it is this client's in this tenant. */
export async function selectHeldCertificate(
  queries: Queries,
  tenantId: TenantId,
  clientId: ClientId,
  column: 'sha256' | 'sha1',
  thumbprint: string,
): Promise<ProviderCredentialsTable | undefined> {
  return await queries
    .selectFrom('provider_credentials')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .where(column, '=', thumbprint)
    .limit(1)
    .executeTakeFirst();
}
