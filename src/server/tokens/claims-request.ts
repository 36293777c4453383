import { z } from 'zod';
import { aadsts } from '../http/dialects/aadsts.ts';
import { parseJson } from '../http/surface.ts';

/** A claims request (OpenID Connect Core §5.5), as far as it is acted on (c.2 rule 7). */
export interface ClaimsRequest {
  /** What the client can do (`xms_cc`): `CP1` is a client that understands claims challenges. */
  readonly capabilities: readonly string[];
  /** Epoch seconds that the token's `nbf` must reach, as a claims challenge demands. */
  readonly notBefore?: number;
}

const nothing: ClaimsRequest = { capabilities: [] };
const maxLength = 8192;

const epochText = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform(Number);

const shape = z.object({
  access_token: z
    .object({
      xms_cc: z.object({ values: z.array(z.string().max(64)).max(16) }).nullish(),
      nbf: z.object({ value: z.union([epochText, z.int().min(0).max(999_999_999_999)]) }).nullish(),
    })
    .nullish(),
});

/**
 * Reads the `claims` parameter. What else it asks for is no promise that somebody waits for: an authentication context
 * (`acrs`) is not put into a token because a client wishes it.
 *
 * @throws DomainError AADSTS9002313 where it is not JSON or not of the shape
 */
export function readClaimsRequest(text: string | undefined): ClaimsRequest {
  if (text === undefined) return nothing;
  const claims = shape.safeParse(text.length > maxLength ? undefined : jsonOf(text));
  if (!claims.success) {
    throw aadsts(9002313, { reason: "The 'claims' parameter is not a claims request in JSON." });
  }
  const { xms_cc, nbf } = claims.data.access_token ?? {};
  return {
    capabilities: xms_cc?.values ?? [],
    ...(nbf == null ? {} : { notBefore: nbf.value }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
