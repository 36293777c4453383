import type { TokenVerifier } from '../../http/bearer.ts';
import type { Audiences } from '../audiences.ts';
import type { ResourceClaims } from '../resource-claims.ts';
import { authorizationCode } from './authorization-code.ts';
import { clientCredentials } from './client-credentials.ts';
import { deviceCode } from './device-code.ts';
import type { Grant } from './grant.ts';
import { onBehalfOf } from './on-behalf-of.ts';
import type { PeopleParts } from './people.ts';
import { refreshToken } from './refresh-token.ts';

/** Every grant type of the token endpoint. */
export function grants(
  parts: PeopleParts & {
    readonly audiences: Audiences;
    readonly resourceClaims: ResourceClaims;
    readonly verifier: TokenVerifier;
  },
): readonly Grant[] {
  return [
    clientCredentials(parts),
    authorizationCode(parts),
    refreshToken(parts),
    deviceCode(parts),
    onBehalfOf(parts),
  ];
}
