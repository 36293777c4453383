import type { Audiences } from '../audiences.ts';
import type { ResourceClaims } from '../resource-claims.ts';
import { clientCredentials } from './client-credentials.ts';
import type { Grant } from './grant.ts';

/** Every grant type of the token endpoint. */
export function grants(parts: {
  readonly audiences: Audiences;
  readonly resourceClaims: ResourceClaims;
}): readonly Grant[] {
  return [clientCredentials(parts)];
}
