import { isIP } from 'node:net';
import { OutboundError } from './outbound-error.ts';
import { reachOf } from './public-address.ts';

const maxUrlLength = 2048;

/** Where a request goes, before its name is resolved. */
export interface Destination {
  readonly url: URL;
  /** As the certificate must name it: no brackets, no trailing dot. */
  readonly host: string;
  readonly port: number;
  /** Whether the administrator lets requests to this host into private networks. */
  readonly mayBePrivate: boolean;
}

/** An address that a name resolves to. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Hosts (`k8s.example.com`, `10.0.0.5`) and ports of hosts (`k8s.example.com:6443`) in private networks that the
 * administrator lets requests go to.
 */
export class AllowedHosts {
  readonly #entries: ReadonlySet<string>;

  /** @throws RangeError for an entry that names no host */
  constructor(entries: readonly string[]) {
    this.#entries = new Set(entries.map(canonicalEntry));
  }

  has(host: string, port: number): boolean {
    const name = host.includes(':') ? `[${host}]` : host;
    return this.#entries.has(name) || this.#entries.has(`${name}:${port}`);
  }
}

/** Written as a URL writes it, so that `0x7F.1` and `127.0.0.1` are one entry. */
function canonicalEntry(text: string): string {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(:[1-9]\d{0,4})?$/.exec(text);
  const url = match === null ? null : URL.parse(`https://${match[1]}/`);
  const port = Number(match?.[2]?.slice(1) ?? 443);
  if (url === null || port > 65_535) {
    throw new RangeError(`'${text}' is no host, such as k8s.example.com, 10.0.0.5:6443 or [fd00::1]`);
  }
  return `${url.hostname.replace(/\.$/, '')}${match?.[2] ?? ''}`;
}

/**
 * Reads an address that somebody else chose. What the URL parser makes of the host (`0x7f.1`, `017700000001` and
 * `2130706433` are 127.0.0.1) is what is checked and what is connected to.
 *
 * @throws OutboundError `address`
 */
export function readDestination(text: string, allowed: AllowedHosts): Destination {
  const url = text.length > maxUrlLength || hasOddCharacter(text) ? null : URL.parse(text);
  if (url === null) throw new OutboundError('address', 'the address is no URL');
  if (url.protocol !== 'https:') throw new OutboundError('address', 'the address is not one of https');
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new OutboundError('address', 'the address has a user, a password or a fragment');
  }
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === '') throw new OutboundError('address', 'the address names no host');
  const port = url.port === '' ? 443 : Number(url.port);
  const destination = { url, host, port, mayBePrivate: allowed.has(host, port) };
  if (isIP(host) !== 0) requireReachable(destination, [host]);
  return destination;
}

/** The URL parser drops some characters and repairs others: what it would change is refused. */
function hasOddCharacter(text: string): boolean {
  return /[^\x21-\x7e]|\\/.test(text);
}

/**
 * Holds every address of a host against where requests may go: one that leads inside is reason enough to refuse, since
 * a name that has both is made to be tried again.
 *
 * @throws OutboundError `address`
 */
export function requireReachable(destination: Destination, addresses: readonly string[]): void {
  const refused = addresses.some((address) => {
    const reach = reachOf(address);
    return reach === 'never' || (reach === 'private' && !destination.mayBePrivate);
  });
  if (refused) {
    throw new OutboundError(
      'address',
      `'${destination.host}' is in no public network, and is not on the list of allowed hosts`,
    );
  }
}
