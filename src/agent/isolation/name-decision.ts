import { isIP } from 'node:net';
import {
  type CloudProfile,
  instanceDiscoveryName,
  isAzureName,
  surfaceOf,
} from '../../contract/cloud-profile.ts';

/** What becomes of a program's wish to reach a host by name. */
export type NameDecision =
  | { readonly kind: 'served' }
  /** Answered beside the program, about instances alone: the deployment itself never answers this name. */
  | { readonly kind: 'discovery' }
  /** Not to be reached from here: the reason in one sentence, safe to show. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'elsewhere' };

/** The one spelling that names are compared in: lower case, without the dot of the root. */
export function normaliseName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/**
 * Served names go to the deployment; the one that clients ask about instances is answered beside the program; other
 * names in Azure's domains are refused, so that a program never talks to the real Azure by mistake; everything else is
 * none of our business.
 *
 * @param name host name or IPv4 address, without port
 */
export function decideName(profile: CloudProfile, name: string): NameDecision {
  const host = normaliseName(name);
  if (!/^[a-z0-9_]([a-z0-9_.-]{0,252}[a-z0-9_])?$/.test(host) || host.includes('..')) {
    return { kind: 'refused', reason: 'that is not a host name' };
  }
  if (surfaceOf(profile, host) !== undefined) return { kind: 'served' };
  if (host === instanceDiscoveryName) return { kind: 'discovery' };
  if (isAzureName(host)) {
    return {
      kind: 'refused',
      reason: `${host} lies in Azure's domains and is not served by this Innate; it is never passed on to Azure`,
    };
  }
  if (host === 'localhost' || host.endsWith('.localhost') || (isIP(host) === 4 && isOwnMachine(host))) {
    return {
      kind: 'refused',
      reason: `${host} is this machine or its metadata service: reach it without a proxy`,
    };
  }
  return { kind: 'elsewhere' };
}

/**
 * Whether an address leads back to this machine, to its link or to its cloud's metadata service: what a proxy must not
 * open to its users.
 */
export function isOwnMachine(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  const plain = mapped?.[1] ?? address;
  if (isIP(plain) === 4) {
    const [first, second] = plain.split('.').map(Number);
    return (
      first === 0 ||
      first === 127 ||
      (first === 169 && second === 254) ||
      (first as number) >= 224 ||
      plain === '168.63.129.16' // Azure's own fabric address
    );
  }
  const v6 = plain.toLowerCase();
  // unspecified, loopback, IPv4-mapped and -compatible, link-local, multicast, and AWS's metadata address
  return /^::/.test(v6) || /^fe[89ab]/.test(v6) || v6.startsWith('ff') || v6 === 'fd00:ec2::254';
}
