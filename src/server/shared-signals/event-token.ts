import type { TenantId } from '../../foundation/ids.ts';
import type { TokenIssuer } from '../tokens/issue.ts';
import type { Delivery } from './delivery-queue.ts';
import type { Stream } from './stream-store.ts';

export interface EventTokenParts {
  readonly issuer: Pick<TokenIssuer, 'signEventToken'>;
  readonly issuerOf: (tenantId: TenantId) => string;
}

/**
 * The security event token of a delivery (RFC 8417 §2.2): the same `jti` each time it is made, so that a receiver knows
 * what it has. It has neither `sub` nor `exp` (SSF 1.0 §4.1): it is a fact, and nobody's credential.
 */
export async function eventToken(
  { issuer, issuerOf }: EventTokenParts,
  { tenantId, clientId }: Stream,
  { jti, claims, createdAt }: Delivery,
): Promise<string> {
  return await issuer.signEventToken(tenantId, {
    iss: issuerOf(tenantId),
    jti,
    iat: Math.floor(createdAt / 1000),
    aud: clientId,
    ...claims,
  });
}
