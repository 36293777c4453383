import type { CloudProfile } from '../../contract/cloud-profile.ts';
import { guid, isGuid, type TenantId } from '../../foundation/ids.ts';

/** The two shapes of tokens, by the endpoints they grew up with. The resource decides which it gets (d.1). */
export type TokenVersion = 'v1' | 'v2';

/** The issuer of a tenant's tokens; the tenant's id stands in it letter for letter (d.3). */
export function issuerOf(
  profile: CloudProfile,
  version: TokenVersion,
  tenant: TenantId | '{tenantid}',
): string {
  return version === 'v1'
    ? `https://${profile.v1IssuerHost}/${tenant}/`
    : `https://${profile.login}/${tenant}/v2.0`;
}

/** Whose issuer a claimed `iss` is, compared octet for octet; `undefined` where it is none of this deployment's. */
export function parseIssuer(
  profile: CloudProfile,
  claimedIssuer: string,
): { readonly version: TokenVersion; readonly tenantId: TenantId } | undefined {
  const text = /^https:\/\/[^/]+\/([0-9a-f-]{36})\//.exec(claimedIssuer)?.[1];
  if (text === undefined || !isGuid(text)) return undefined;
  const tenantId = guid<TenantId>(text);
  if (claimedIssuer === issuerOf(profile, 'v1', tenantId)) return { version: 'v1', tenantId };
  if (claimedIssuer === issuerOf(profile, 'v2', tenantId)) return { version: 'v2', tenantId };
  return undefined;
}
