import { z } from 'zod';

/** Documents that other issuers publish (OpenID Connect Discovery 1.0 §3, RFC 7517 §5), as far as they are read. */

const url = z.string().min(1).max(2048);
const names = z.array(z.string().max(256)).min(1).max(100);

/** As strict as Entra reads it: what is there must not be empty. */
export const issuerMetadata = z.object({
  issuer: url,
  jwks_uri: url,
  authorization_endpoint: url.optional(),
  token_endpoint: url.optional(),
  response_types_supported: names.optional(),
  subject_types_supported: names.optional(),
  id_token_signing_alg_values_supported: names.optional(),
});

export const jsonWebKey = z.looseObject({
  kty: z.string().max(32),
  kid: z.string().min(1).max(256).optional(),
  use: z.string().max(32).optional(),
  alg: z.string().max(32).optional(),
  key_ops: z.array(z.string().max(32)).max(16).optional(),
});

export const jsonWebKeySet = z.object({ keys: z.array(jsonWebKey).max(100) });
