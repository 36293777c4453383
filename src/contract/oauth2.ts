import { z } from 'zod';

/**
 * Wire shapes of the token service: token answers, refusals, discovery documents and key sets
 * (`spec/token-service-and-directory.md` a.2-a.4, a.7, c.3, e, f).
 */

/** RFC 7523 §2.2: a JWT as client credential. */
export const jwtBearerAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The same, where the assertion is bound to the certificate of the connection; MSAL.NET sends it. */
export const jwtPopAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-pop';

/** How a token is to be used: by whoever bears it, or over connections with its certificate alone (RFC 8705 §3). */
const tokenType = z.enum(['Bearer', 'mtls_pop']);
export type TokenType = z.infer<typeof tokenType>;

/** Answer of `/oauth2/v2.0/token` to `client_credentials`; seconds are numbers, and there is no `scope`. */
export const tokenAnswerV2 = z.object({
  token_type: tokenType,
  expires_in: z.int(),
  ext_expires_in: z.int(),
  /** Seconds after which a renewal makes sense; present where the token lives more than two hours. */
  refresh_in: z.int().optional(),
  access_token: z.string(),
});
export type TokenAnswerV2 = z.infer<typeof tokenAnswerV2>;

const numberText = z.string().regex(/^\d{1,12}$/);

/** Answer of `/oauth2/token` to `client_credentials`; seconds are decimal strings. */
export const tokenAnswerV1 = z.object({
  token_type: tokenType,
  expires_in: numberText,
  ext_expires_in: numberText,
  expires_on: numberText,
  not_before: numberText,
  resource: z.string(),
  access_token: z.string(),
});
export type TokenAnswerV1 = z.infer<typeof tokenAnswerV1>;

/** Answer of `/oauth2/v2.0/devicecode` (RFC 8628 §3.2, c.5). */
export const deviceAnswerV2 = z.object({
  user_code: z.string(),
  device_code: z.string(),
  verification_uri: z.string(),
  expires_in: z.int(),
  interval: z.int(),
  message: z.string(),
});
export type DeviceAnswerV2 = z.infer<typeof deviceAnswerV2>;

/** Answer of `/oauth2/devicecode`. */
export const deviceAnswerV1 = z.object({
  user_code: z.string(),
  device_code: z.string(),
  verification_url: z.string(),
  expires_in: numberText,
  interval: numberText,
  message: z.string(),
});
export type DeviceAnswerV1 = z.infer<typeof deviceAnswerV1>;

/** What the token answer of a user's grant carries beside (c.3). */
export const userTokenMembers = z.object({
  scope: z.string(),
  refresh_token: z.string().optional(),
  refresh_token_expires_in: z.int().optional(),
  id_token: z.string().optional(),
  /** base64url of `{"uid","utid"}`, unpadded. */
  client_info: z.string().optional(),
  /** Present for clients that share refresh tokens. */
  foci: z.literal('1').optional(),
});
export type UserTokenMembers = z.infer<typeof userTokenMembers>;

/** A refusal. `error_codes` are the numbers behind `AADSTS`; `trace_id` is also the `x-ms-request-id` header. */
export const oauthError = z.object({
  error: z.string(),
  error_description: z.string(),
  error_codes: z.array(z.int()),
  /** `YYYY-MM-DD HH:MM:SSZ` */
  timestamp: z.string(),
  trace_id: z.string(),
  correlation_id: z.string(),
  error_uri: z.string().optional(),
  suberror: z.string().optional(),
});
export type OauthError = z.infer<typeof oauthError>;

/** OpenID Connect Discovery 1.0 §3, with the members that Entra adds. v1 documents lack a few of the v2 ones. */
export const openidConfiguration = z.object({
  issuer: z.string(),
  token_endpoint: z.string(),
  authorization_endpoint: z.string(),
  device_authorization_endpoint: z.string(),
  end_session_endpoint: z.string(),
  userinfo_endpoint: z.string(),
  jwks_uri: z.string(),
  token_endpoint_auth_methods_supported: z.array(z.string()),
  response_modes_supported: z.array(z.string()),
  response_types_supported: z.array(z.string()),
  scopes_supported: z.array(z.string()),
  subject_types_supported: z.array(z.string()),
  id_token_signing_alg_values_supported: z.array(z.string()),
  claims_supported: z.array(z.string()),
  request_uri_parameter_supported: z.boolean(),
  http_logout_supported: z.boolean(),
  frontchannel_logout_supported: z.boolean(),
  /** RFC 9207 §3. */
  authorization_response_iss_parameter_supported: z.boolean().optional(),
  /** RFC 8414 §2. */
  revocation_endpoint: z.string().optional(),
  revocation_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  introspection_endpoint: z.string().optional(),
  introspection_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  microsoft_multi_refresh_token: z.boolean().optional(),
  check_session_iframe: z.string().optional(),
  kerberos_endpoint: z.string(),
  tenant_region_scope: z.string().nullable(),
  cloud_instance_name: z.string(),
  cloud_graph_host_name: z.string(),
  /** RFC 8705 §5 and §3.3: where clients show certificates, and that tokens can be bound to them. */
  mtls_endpoint_aliases: z.object({ token_endpoint: z.string() }).optional(),
  tls_client_certificate_bound_access_tokens: z.literal(true).optional(),
  msgraph_host: z.string(),
  rbac_url: z.string().optional(),
});
export type OpenidConfiguration = z.infer<typeof openidConfiguration>;

const publishedMembers = {
  use: z.literal('sig'),
  kid: z.string(),
  x5t: z.string(),
  x5c: z.array(z.string()),
  /** Only on v2 documents, and on the v1 document of all tenants. */
  issuer: z.string().optional(),
  cloud_instance_name: z.string().optional(),
};

/** RFC 7517 §4, RFC 7518 §6: the public half of a key that signs tokens. `alg` is absent on purpose (f). */
export const publishedKey = z.discriminatedUnion('kty', [
  z.object({ kty: z.literal('RSA'), n: z.string(), e: z.string(), ...publishedMembers }),
  z.object({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.string(),
    y: z.string(),
    ...publishedMembers,
  }),
]);
export type PublishedKey = z.infer<typeof publishedKey>;

export const keySet = z.object({ keys: z.array(publishedKey) });
export type KeySet = z.infer<typeof keySet>;

/** RFC 7662 §2.2; what holds no more, or is none of the asker's business, is `{"active": false}` alone. */
export const introspection = z.discriminatedUnion('active', [
  z.strictObject({ active: z.literal(false) }),
  z.object({
    active: z.literal(true),
    client_id: z.string(),
    sub: z.string(),
    aud: z.string(),
    iss: z.string(),
    exp: z.int(),
    iat: z.int(),
    nbf: z.int(),
    jti: z.string(),
    token_type: tokenType,
    tid: z.string(),
    oid: z.string(),
    scope: z.string().optional(),
    username: z.string().optional(),
    roles: z.array(z.string()).optional(),
    xms_mirid: z.string().optional(),
    cnf: z.record(z.string(), z.unknown()).optional(),
  }),
]);
export type Introspection = z.infer<typeof introspection>;

export const instanceDiscovery = z.object({
  tenant_discovery_endpoint: z.string(),
  'api-version': z.string(),
  metadata: z.array(
    z.object({
      preferred_network: z.string(),
      preferred_cache: z.string(),
      aliases: z.array(z.string()),
    }),
  ),
});
export type InstanceDiscovery = z.infer<typeof instanceDiscovery>;

/** Where a person's own facts are read on the Graph surface (a.1). */
export const userinfoPath = '/oidc/userinfo';

/** Answer of the userinfo endpoint (OpenID Connect Core §5.3.2). */
export const userinfo = z.object({
  sub: z.string(),
  name: z.string(),
  family_name: z.string().optional(),
  given_name: z.string().optional(),
  email: z.string().optional(),
});
export type Userinfo = z.infer<typeof userinfo>;

export const userRealm = z.object({
  ver: z.literal('1.0'),
  account_type: z.enum(['Managed', 'Federated', 'Unknown']),
  domain_name: z.string(),
  cloud_instance_name: z.string(),
  cloud_audience_urn: z.string(),
});
export type UserRealm = z.infer<typeof userRealm>;
