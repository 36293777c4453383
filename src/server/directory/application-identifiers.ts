import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, guid, isGuid, type TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';

const maxLength = 255;

/**
 * The one form in which application ID URIs are compared: lower case, without one trailing slash
 * (`spec/token-service-and-directory.md` c.2 rule 5, d.5).
 */
export function canonicalIdentifier(identifier: string): string {
  return identifier.toLowerCase().replace(/\/$/, '');
}

/** Whether an identifier (canonical) names a resource that every tenant knows, so that no application may take it. */
export type IsReserved = (canonical: string) => boolean;

/**
 * Holds an application ID URI to what Entra accepts: an absolute URI of printable ASCII, without wildcard, query or
 * fragment. `api://` followed by a GUID is an application's own id or the tenant's, since it names an application even
 * where nobody declared it.
 *
 * @throws DomainError `invalid-value`
 */
export function checkIdentifier(
  identifier: string,
  { tenantId, clientId }: { readonly tenantId: TenantId; readonly clientId: ClientId },
  isReserved: IsReserved,
): void {
  const canonical = canonicalIdentifier(identifier);
  const parts = /^(api|https|http|urn|ms-appx|ms-app):(?:\/\/)?([^/?#]+)(\/[^?#]*)?$/.exec(canonical);
  const authority = parts?.[2] ?? '';
  const legal =
    parts !== null &&
    identifier.length <= maxLength &&
    /^[\x21-\x7e]+$/.test(identifier) &&
    !/[*\\"<>^`{|}@]|\/$|\/\.default$/.test(canonical) &&
    (canonical.startsWith('urn:') || /^[a-z-]+:\/\/[^/]/.test(canonical)) &&
    (!isGuid(authority) || authority === clientId || authority === tenantId) &&
    canonical !== `api://${tenantId}`;
  if (!legal) {
    throw new DomainError(
      'invalid-value',
      `The application ID URI '${identifier.slice(0, 128)}' is not allowed.`,
      { target: 'identifierUris' },
    );
  }
  if (isReserved(canonical)) throw taken(identifier);
}

/**
 * Gives an application exactly these identifiers. One it had before and has no more is free for others.
 *
 * @throws DomainError `already-exists` where another application of the tenant has one of them, `invalid-value` where two
 *   of them are the same
 */
export async function replaceIdentifiers(
  transaction: Transaction,
  {
    tenantId,
    clientId,
    identifiers,
    at,
  }: {
    readonly tenantId: TenantId;
    readonly clientId: ClientId;
    readonly identifiers: readonly string[];
    /** Milliseconds since the epoch. */
    readonly at: number;
  },
): Promise<void> {
  const wanted = new Map(identifiers.map((identifier) => [canonicalIdentifier(identifier), identifier]));
  if (wanted.size !== identifiers.length) {
    throw new DomainError('invalid-value', 'Two of the application ID URIs are the same.', {
      target: 'identifierUris',
    });
  }
  const removed = await transaction
    .deleteFrom('application_identifiers')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .returning('identifier_canonical')
    .execute();
  const touched = new Set([...removed.map((row) => row.identifier_canonical), ...wanted.keys()]);
  for (const [canonical, identifier] of wanted) {
    const owner = await selectIdentifierOwner(transaction, tenantId, identifier);
    if (owner !== undefined) throw taken(identifier);
    await transaction
      .insertInto('application_identifiers')
      .values({ tenant_id: tenantId, identifier_canonical: canonical, identifier, client_id: clientId })
      .execute();
  }
  for (const key of touched) {
    await recordChange(transaction, { tenantId, kind: 'application-identifier', key, at });
  }
}

/** The application that has an identifier, in any case, with or without its trailing slash. */
export async function selectIdentifierOwner(
  queries: Queries,
  tenantId: TenantId,
  identifier: string,
): Promise<ClientId | undefined> {
  const row = await queries
    .selectFrom('application_identifiers')
    .select('client_id')
    .where('tenant_id', '=', tenantId)
    .where('identifier_canonical', '=', canonicalIdentifier(identifier))
    .executeTakeFirst();
  return row && guid<ClientId>(row.client_id);
}

function taken(identifier: string): DomainError {
  return new DomainError(
    'already-exists',
    `Another object with the same value for property identifierUris already exists: '${identifier.slice(0, 128)}'.`,
    { target: 'identifierUris' },
  );
}
