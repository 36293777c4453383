/**
 * Identifiers that must never be mistaken for one another. A brand exists only in the type system; the value is the
 * wire's own string. GUIDs are held in lower case.
 */
declare const brand: unique symbol;
export type Branded<Name extends string> = string & { readonly [brand]: Name };

export type TenantId = Branded<'TenantId'>;
export type SubscriptionId = Branded<'SubscriptionId'>;
/** Object id of a principal in the directory (`oid`, `principalId`). Never reused. */
export type PrincipalId = Branded<'PrincipalId'>;
/** Object id of a person in the directory (`oid` of a user's token). Never reused. */
export type UserId = Branded<'UserId'>;
/** Application id (`appid`, `clientId`): the name by which a principal signs in. */
export type ClientId = Branded<'ClientId'>;
/** A host that runs the agent, enrolled for one resource. */
export type MachineId = Branded<'MachineId'>;
/**
 * An ARM id or scope in its one canonical form: lower case, no trailing slash; tenant root is `/`.
 * Comparison and storage keys use this form only; the caller's spelling is kept beside it for display.
 */
export type CanonicalId = Branded<'CanonicalId'>;

const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isGuid(text: string): boolean {
  return guidPattern.test(text);
}

type GuidBrand = TenantId | SubscriptionId | PrincipalId | UserId | ClientId | MachineId;

/** A GUID in canonical case under the wanted brand; `undefined` where the text is not a GUID. */
export function parseGuid<T extends GuidBrand>(text: string): T | undefined {
  return isGuid(text) ? (text.toLowerCase() as T) : undefined;
}

/** Brands a GUID that is known to be one: freshly generated, or read from our own database. */
export function guid<T extends GuidBrand>(text: string): T {
  const parsed = parseGuid<T>(text);
  if (parsed === undefined) throw new TypeError('not a GUID');
  return parsed;
}

/** The spelling of 16 octets as a GUID, first octet first (RFC 9562 §4). */
export function guidText(octets: Uint8Array): string {
  return Buffer.from(octets)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
