import { type CloudProfile, loginNames } from './cloud-profile.ts';
import type { InstanceDiscovery } from './oauth2.ts';

/**
 * What a deployment tells of the authority that a client is about to use (`spec/token-service-and-directory.md` a.4):
 * one cloud, its own.
 *
 * @param endpoint the authorization endpoint that is asked about
 * @returns `undefined` where that is no endpoint of this deployment
 */
export function instanceDiscoveryOf(
  profile: CloudProfile,
  endpoint: string,
  apiVersion: '1.0' | '1.1',
): InstanceDiscovery | undefined {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const names = loginNames(profile);
  if (url === undefined || url.protocol !== 'https:' || !names.includes(url.hostname)) return undefined;
  const [tenant = 'common'] = url.pathname.split('/').filter((segment) => segment !== '');
  const base = `https://${profile.login}/${tenant}`;
  const metadata = {
    preferred_network: profile.login,
    preferred_cache: profile.kind === 'azure' ? 'login.windows.net' : profile.login,
    // a client that names a port compares it as well
    aliases: url.port === '' ? [...names] : [...names, `${profile.login}:${url.port}`],
  };
  return {
    tenant_discovery_endpoint: /\/v2\.0(\/|$)/.test(url.pathname)
      ? `${base}/v2.0/.well-known/openid-configuration`
      : `${base}/.well-known/openid-configuration`,
    'api-version': apiVersion,
    metadata: [metadata],
  };
}
