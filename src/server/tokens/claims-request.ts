import { z } from 'zod';
import { aadsts } from '../http/dialects/aadsts.ts';

/** A claims request (OpenID Connect Core §5.5), as far as it is acted on (c.2 rule 7). */
export interface ClaimsRequest {
  /** What the client can do (`xms_cc`): `CP1` is a client that understands claims challenges. */
  readonly capabilities: readonly string[];
}

const nothing: ClaimsRequest = { capabilities: [] };
const maxLength = 8192;

const shape = z.object({
  access_token: z
    .object({
      xms_cc: z.object({ values: z.array(z.string().max(64)).max(16) }).nullish(),
    })
    .nullish(),
});

/**
 * Reads the `claims` parameter. A time that the token must reach (`nbf`, from a claims challenge) needs nothing done:
 * each token is new, and none is older than its subject's last revocation.
 *
 * @throws DomainError AADSTS9002313 where it is not JSON or not of the shape
 */
export function readClaimsRequest(text: string | undefined): ClaimsRequest {
  if (text === undefined) return nothing;
  const claims = shape.safeParse(text.length > maxLength ? undefined : jsonOf(text));
  if (!claims.success) {
    throw aadsts(9002313, { reason: "The 'claims' parameter is not a claims request in JSON." });
  }
  return { capabilities: claims.data.access_token?.xms_cc?.values ?? [] };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
