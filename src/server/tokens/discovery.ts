import type { webcrypto } from 'node:crypto';
import { type CloudProfile, certificateLoginName } from '../../contract/cloud-profile.ts';
import type { OpenidConfiguration, PublishedKey, UserRealm } from '../../contract/oauth2.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { issuerOf, type TokenVersion } from './issuers.ts';
import type { SigningKey } from './signing-keys.ts';

/** Whose document: a tenant's, or the one for whichever tenant. */
export type DiscoverySubject = TenantId | 'common' | 'organizations';

/** The cloud's name; the key set's and the document's must agree (a.2). */
export function cloudInstanceName(profile: CloudProfile): string {
  return profile.kind === 'azure' ? 'microsoftonline.com' : profile.login.replace(/^login\./, '');
}

/** OpenID Connect Discovery 1.0 §4 in Entra's two shapes (a.2, a.3); every URL is one of the deployment's. */
export function openidDocument(
  profile: CloudProfile,
  version: TokenVersion,
  subject: DiscoverySubject,
): OpenidConfiguration {
  const anyTenant = subject === 'common' || subject === 'organizations';
  const authority = `https://${profile.login}/${subject}`;
  const oauth = version === 'v1' ? `${authority}/oauth2` : `${authority}/oauth2/v2.0`;
  const shared = {
    token_endpoint: `${oauth}/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${authority}/discovery/${version === 'v1' ? 'keys' : 'v2.0/keys'}`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    issuer: issuerOf(profile, version, anyTenant ? '{tenantid}' : subject),
    request_uri_parameter_supported: false,
    authorization_endpoint: `${oauth}/authorize`,
    device_authorization_endpoint: `${oauth}/devicecode`,
    http_logout_supported: true,
    frontchannel_logout_supported: false,
    authorization_response_iss_parameter_supported: true,
    end_session_endpoint: `${oauth}/logout`,
    kerberos_endpoint: `${authority}/kerberos`,
    tenant_region_scope: anyTenant ? null : 'WW',
    cloud_instance_name: cloudInstanceName(profile),
    cloud_graph_host_name: profile.kind === 'azure' ? 'graph.windows.net' : profile.graph,
    msgraph_host: profile.graph,
    ...(profile.kind === 'azure' ? { rbac_url: 'https://pas.windows.net' } : {}),
  };
  const claims = [
    ...['sub', 'iss', 'cloud_instance_name', 'cloud_instance_host_name', 'cloud_graph_host_name'],
    ...['msgraph_host', 'aud', 'exp', 'iat', 'auth_time', 'acr', 'nonce'],
  ];
  if (version === 'v2') {
    return {
      ...shared,
      token_endpoint_auth_methods_supported: [
        ...shared.token_endpoint_auth_methods_supported,
        'self_signed_tls_client_auth',
      ],
      mtls_endpoint_aliases: {
        token_endpoint: `https://${certificateLoginName(profile)}/${subject}/oauth2/v2.0/token`,
      },
      tls_client_certificate_bound_access_tokens: true,
      ...statusEndpoints(oauth, shared.token_endpoint_auth_methods_supported),
      response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      userinfo_endpoint: `https://${profile.graph}/oidc/userinfo`,
      claims_supported: [...claims, 'preferred_username', 'name', 'tid', 'ver', 'at_hash', 'c_hash', 'email'],
    };
  }
  return {
    ...shared,
    response_types_supported: ['code', 'id_token', 'code id_token', 'token id_token', 'token'],
    scopes_supported: ['openid'],
    microsoft_multi_refresh_token: true,
    check_session_iframe: `${oauth}/checksession`,
    userinfo_endpoint: `${authority}/openid/userinfo`,
    claims_supported: [
      ...claims,
      ...['amr', 'given_name', 'family_name', 'nickname', 'preferred_username', 'name'],
      ...['tid', 'ver', 'at_hash', 'c_hash', 'email'],
    ],
  };
}

/** RFC 8414 §2: where tokens are revoked and asked about, by whoever the token endpoint would know. */
function statusEndpoints(oauth: string, methods: readonly string[]) {
  const supported = [...methods, 'self_signed_tls_client_auth'];
  return {
    revocation_endpoint: `${oauth}/revoke`,
    revocation_endpoint_auth_methods_supported: [...supported, 'none'],
    introspection_endpoint: `${oauth}/introspect`,
    introspection_endpoint_auth_methods_supported: supported,
  };
}

/**
 * A key as a key set shows it (f). It carries its tenant's issuer on v2 documents, and on every document that shows
 * keys of several tenants, so that a validator can bind the one to the other.
 */
export function publishedKey(profile: CloudProfile, key: SigningKey, withIssuer: boolean): PublishedKey {
  const { n = '', e = '', x = '', y = '' } = jwkOf(key);
  const members = {
    use: 'sig' as const,
    kid: key.kid,
    x5t: key.kid,
    x5c: [key.certificate],
    cloud_instance_name: cloudInstanceName(profile),
    ...(withIssuer ? { issuer: issuerOf(profile, 'v2', key.tenantId) } : {}),
  };
  return key.alg === 'RS256'
    ? { kty: 'RSA', n, e, ...members }
    : { kty: 'EC', crv: 'P-256', x, y, ...members };
}

const jwks = new WeakMap<SigningKey, webcrypto.JsonWebKey>();

function jwkOf(key: SigningKey): webcrypto.JsonWebKey {
  const known = jwks.get(key);
  if (known !== undefined) return known;
  const jwk = key.publicKey.export({ format: 'jwk' });
  jwks.set(key, jwk);
  return jwk;
}

/** Every user of a domain here is managed, none federated (a.7). */
export function userRealmOf(profile: CloudProfile, userName: string): UserRealm {
  return {
    ver: '1.0',
    account_type: 'Managed',
    domain_name: userName.slice(userName.lastIndexOf('@') + 1).toLowerCase(),
    cloud_instance_name: cloudInstanceName(profile),
    cloud_audience_urn: 'urn:federation:MicrosoftOnline',
  };
}
