import { BlockList, isIPv4 } from 'node:net';
import type { Environment } from '../../foundation/environment.ts';

/** A proxy that this machine needs to reach the world. */
export interface UpstreamProxy {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Value of `Proxy-Authorization`, where the address carries a user. */
  readonly authorization: string | undefined;
}

/**
 * The proxy that the environment names for a destination (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, lower case first as
 * curl has it; `NO_PROXY` with names, suffixes, addresses, IPv4 ranges and `*`), or `undefined` for a direct way.
 */
export function upstreamFor(
  environment: Environment,
  scheme: 'http' | 'https',
  host: string,
  port: number,
): UpstreamProxy | undefined {
  const text =
    variable(environment, scheme === 'https' ? 'HTTPS_PROXY' : 'HTTP_PROXY') ??
    variable(environment, 'ALL_PROXY');
  if (text === undefined || bypasses(variable(environment, 'NO_PROXY') ?? '', host, port)) return undefined;
  const address = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (address === null || (address.protocol !== 'http:' && address.protocol !== 'https:')) return undefined;
  const secure = address.protocol === 'https:';
  const user = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
  return {
    secure,
    host: address.hostname.replace(/^\[|\]$/g, ''),
    port: address.port === '' ? (secure ? 443 : 80) : Number(address.port),
    authorization:
      address.username === '' ? undefined : `Basic ${Buffer.from(user, 'utf8').toString('base64')}`,
  };
}

function variable(environment: Environment, name: string): string | undefined {
  return environment[name.toLowerCase()] || environment[name] || undefined;
}

function bypasses(list: string, host: string, port: number): boolean {
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const range = /^(\d+\.\d+\.\d+\.\d+)\/(\d{1,2})$/.exec(entry);
      if (range !== null) return inRange(range[1] as string, Number(range[2]), host);
      const [, name = '', onlyPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (onlyPort !== undefined && Number(onlyPort) !== port) return false;
      const suffix = name.toLowerCase().replace(/^\*?\./, '');
      return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`));
    });
}

function inRange(network: string, prefix: number, host: string): boolean {
  if (!isIPv4(network) || prefix > 32 || !isIPv4(host)) return false;
  const range = new BlockList();
  range.addSubnet(network, prefix, 'ipv4');
  return range.check(host, 'ipv4');
}
