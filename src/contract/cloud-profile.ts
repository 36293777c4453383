/**
 * The names of a deployment's surfaces. `azure` are Azure's public names, answered only on loopback or inside a
 * namespace, so that user code needs no change; `own` are names under the operator's domain.
 */
export interface CloudProfile {
  readonly kind: 'azure' | 'own';
  readonly login: string;
  readonly management: string;
  readonly graph: string;
  /** Vaults are `<name>.<vaultSuffix>`; the suffix's origin is also the audience of their tokens. */
  readonly vaultSuffix: string;
  /** Where agents enrol and fetch credentials. Not a name of Azure's: no Azure client asks for it. */
  readonly agents: string;
  /**
   * Where resource providers fetch credentials is `control-<location>.<identitySuffix>`; their clients check the suffix.
   */
  readonly identitySuffix: string;
  /** Issuer of v1 tokens is `https://<v1IssuerHost>/<tenantId>/`. */
  readonly v1IssuerHost: string;
}

export const azureProfile: CloudProfile = {
  kind: 'azure',
  login: 'login.microsoftonline.com',
  management: 'management.azure.com',
  graph: 'graph.microsoft.com',
  vaultSuffix: 'vault.azure.net',
  agents: 'agents.innate.internal',
  identitySuffix: 'identity.azure.net',
  v1IssuerHost: 'sts.windows.net',
};

export function ownProfile(domain: string): CloudProfile {
  return {
    kind: 'own',
    login: `login.${domain}`,
    management: `management.${domain}`,
    graph: `graph.${domain}`,
    vaultSuffix: `vault.${domain}`,
    agents: `agents.${domain}`,
    identitySuffix: `identity.${domain}`,
    v1IssuerHost: `login.${domain}`,
  };
}

/**
 * A surface, and what its host name tells beside: which vault is asked, the location whose identities are. `certificate-login` is the token endpoint for
 * clients that prove themselves by the certificate of their connection.
 */
export type Surface =
  | { readonly kind: 'login' | 'certificate-login' | 'management' | 'graph' | 'agents' }
  | { readonly kind: 'vault'; readonly vaultName: string }
  | { readonly kind: 'identity'; readonly location: string };

/** Other names of Entra's that clients may ask for under the `azure` profile. */
const azureLoginAliases = ['login.windows.net', 'login.microsoft.com', 'sts.windows.net'];

/**
 * Whom the clients of every language ask about an authority host that is not built into them, before they use it
 * (`spec/token-service-and-directory.md` a.4). Under the `azure` profile that is the token service itself.
 */
export const instanceDiscoveryName = 'login.microsoftonline.com';

/** Every name under which the token service answers, the one it calls itself first. */
export function loginNames(profile: CloudProfile): readonly string[] {
  return profile.kind === 'azure' ? [profile.login, ...azureLoginAliases] : [profile.login];
}

/**
 * Where the token endpoint asks for a client certificate (RFC 8705 §5): MSAL puts `mtlsauth.` in the place of `login.`,
 * and Azure's own name is another.
 */
export function certificateLoginName(profile: CloudProfile): string {
  return profile.kind === 'azure' ? 'mtlsauth.microsoft.com' : profile.login.replace(/^login\./, 'mtlsauth.');
}

/** In front of a target's name: the same target, over connections that ask for a client certificate. */
const boundPrefix = 'mtlstb.';

/**
 * Whether connections to a host name are asked for a client certificate. Everywhere else no client is asked, so that no
 * browser shows its user a choice of certificates.
 */
export function asksForCertificate(profile: CloudProfile, hostName: string): boolean {
  const host = hostName.toLowerCase();
  return (
    isCertificateLogin(profile, host) ||
    host === boundPrefix + profile.management ||
    host === boundPrefix + profile.graph ||
    host.endsWith(`.${boundPrefix}${profile.vaultSuffix}`) ||
    identityLocation(profile, host) !== undefined
  );
}

/** Where a host name asks for identities. */
function identityLocation(profile: CloudProfile, host: string): string | undefined {
  const suffix = `.${profile.identitySuffix}`;
  if (!host.endsWith(suffix)) return undefined;
  return /^control-([a-z0-9]{1,40})$/.exec(host.slice(0, -suffix.length))?.[1];
}

/** The host name under which the identities of a location are asked for; those of no location are `global`. */
export function identityHost(profile: CloudProfile, location: string): string {
  const label = location
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(0, 40);
  return `control-${label === '' ? 'global' : label}.${profile.identitySuffix}`;
}

/** Azure has the name once more in front of each region; where it is, is not asked for here. */
function isCertificateLogin(profile: CloudProfile, host: string): boolean {
  const name = certificateLoginName(profile);
  return (
    host === name || (host.endsWith(`.${name}`) && /^[a-z0-9]{1,40}$/.test(host.slice(0, -name.length - 1)))
  );
}

/**
 * Which surface answers for a host name (any case, port allowed), or `undefined` where none does.
 * A vault's name is one label in front of the suffix.
 */
export function surfaceOf(profile: CloudProfile, hostHeader: string): Surface | undefined {
  const host = hostHeader.toLowerCase().replace(/:\d{1,5}$/, '');
  const target = host.startsWith(boundPrefix) ? host.slice(boundPrefix.length) : host;
  if (target === profile.management) return { kind: 'management' };
  if (target === profile.graph) return { kind: 'graph' };
  if (host === profile.agents) return { kind: 'agents' };
  if (loginNames(profile).includes(host)) return { kind: 'login' };
  if (isCertificateLogin(profile, host)) return { kind: 'certificate-login' };
  const location = identityLocation(profile, host);
  if (location !== undefined) return { kind: 'identity', location };
  const suffix = `.${profile.vaultSuffix}`;
  const boundSuffix = `.${boundPrefix}${profile.vaultSuffix}`;
  if (host.endsWith(suffix)) {
    const vaultName = host.slice(0, -(host.endsWith(boundSuffix) ? boundSuffix : suffix).length);
    if (/^[a-z0-9-]{3,24}$/.test(vaultName)) return { kind: 'vault', vaultName };
  }
  return undefined;
}

/** Every name a TLS certificate of the deployment must carry. */
export function certificateNames(profile: CloudProfile): readonly string[] {
  return [
    ...loginNames(profile),
    profile.management,
    profile.graph,
    profile.agents,
    `*.${profile.vaultSuffix}`,
    certificateLoginName(profile),
    `*.${certificateLoginName(profile)}`,
    boundPrefix + profile.management,
    boundPrefix + profile.graph,
    `*.${boundPrefix}${profile.vaultSuffix}`,
    `*.${profile.identitySuffix}`,
  ];
}

const azureDomains = [
  'azure.com',
  'azure.net',
  'microsoftonline.com',
  'graph.microsoft.com',
  'windows.net',
  'login.microsoft.com',
  'mtlsauth.microsoft.com',
  'microsoftazure.us',
  'usgovcloudapi.net',
  'chinacloudapi.cn',
  'azurewebsites.net',
];

/** Whether a host name lies in Azure's domains: one that Innate does not serve is refused there, never passed on. */
export function isAzureName(hostName: string): boolean {
  const host = hostName.toLowerCase();
  return azureDomains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}
