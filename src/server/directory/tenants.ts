import { DomainError } from '../../foundation/domain-error.ts';
import { guid, isGuid, type TenantId } from '../../foundation/ids.ts';
import type { Transaction } from '../storage/database.ts';
import { insertTenant, type Tenant } from './directory-store.ts';

/** DNS names of at least two labels (RFC 1035 §2.3.1, digits first allowed), 253 octets at most. */
const domainPattern =
  /^(?=.{3,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;

/** What the tenant segment of a path names: a tenant, or one of the words for "whichever tenant". */
export type TenantName =
  | { readonly kind: 'guid'; readonly tenantId: TenantId }
  | { readonly kind: 'domain'; readonly defaultDomain: string }
  | { readonly kind: 'alias'; readonly alias: 'common' | 'organizations' | 'consumers' };

/**
 * Reads a tenant segment in any case (`spec/token-service-and-directory.md` a.6).
 *
 * @returns `undefined` where it is no legal name of a tenant
 */
export function parseTenantName(segment: string): TenantName | undefined {
  const name = segment.toLowerCase();
  if (isGuid(name)) return { kind: 'guid', tenantId: guid<TenantId>(name) };
  if (name === 'common' || name === 'organizations' || name === 'consumers') {
    return { kind: 'alias', alias: name };
  }
  return domainPattern.test(name) ? { kind: 'domain', defaultDomain: name } : undefined;
}

/**
 * Makes a tenant.
 *
 * @param at milliseconds since the epoch
 * @throws DomainError `invalid-value` where the domain is no DNS name
 */
export async function createTenant(
  transaction: Transaction,
  tenant: { readonly tenantId: TenantId; readonly displayName: string; readonly defaultDomain: string },
  at: number,
): Promise<Tenant> {
  const defaultDomain = tenant.defaultDomain.toLowerCase();
  if (!domainPattern.test(defaultDomain)) {
    throw new DomainError(
      'invalid-value',
      `'${tenant.defaultDomain}' is not a DNS name of two or more labels.`,
    );
  }
  const created = { tenantId: tenant.tenantId, displayName: tenant.displayName, defaultDomain };
  await insertTenant(transaction, { ...created, at });
  return created;
}
