import { BlockList, isIP } from 'node:net';

/** How far an address leads: into the internet, into the operator's own network, or nowhere a request should go. */
export type Reach = 'public' | 'private' | 'never';

type Range = readonly [string, number];

/** Networks of the operator's own: private use (RFC 1918, 4193), this machine, carriers' shared space (RFC 6598). */
const privateV4: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
];
const privateV6: readonly Range[] = [
  ['::1', 128],
  ['fc00::', 7],
];

/** IANA's special-purpose registries (RFC 6890): link-local with the metadata service, multicast, examples, reserved. */
const neverV4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Global unicast is `2000::/3`; in it, transition mechanisms that hide an IPv4 address, and examples. */
const globalV6: Range = ['2000::', 3];
const hidingV6: readonly Range[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

function blockList(v4: readonly Range[], v6: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of v4) list.addSubnet(network, prefix, 'ipv4');
  for (const [network, prefix] of v6) list.addSubnet(network, prefix, 'ipv6');
  return list;
}

const own4 = blockList(privateV4, []);
const never4 = blockList(neverV4, []);
const own6 = blockList([], privateV6);
const global6 = blockList([], [globalV6]);
const hiding6 = blockList([], hidingV6);

/**
 * How far an IP address leads. IPv6 is let out by what it is, not kept in by what it is not: mapped, compatible, NAT64
 * and site-local addresses are outside global unicast.
 *
 * @param address as a resolver or a URL spells it, without brackets; what is no address is `never`
 */
export function reachOf(address: string): Reach {
  switch (isIP(address)) {
    case 4:
      if (never4.check(address, 'ipv4')) return 'never';
      return own4.check(address, 'ipv4') ? 'private' : 'public';
    case 6:
      if (address.includes('%')) return 'never';
      if (own6.check(address, 'ipv6')) return 'private';
      return global6.check(address, 'ipv6') && !hiding6.check(address, 'ipv6') ? 'public' : 'never';
    default:
      return 'never';
  }
}
