import type { Refusal } from './host-protocols/host-protocol.ts';

/** What a header name means here. Numbers, so that a request is looked over without making strings. */
const ignored = 0;
const host = 1;
const forwarded = 2;
const fromBrowser = 3;
const fetchSite = 4;
const bodyLength = 5;
const bodyEncoding = 6;
const admitting = 16;

const forwardedNames = new Set(['forwarded', 'via', 'x-real-ip', 'x-client-ip', 'true-client-ip']);
const maxKnownNames = 512;

/**
 * Looks a request's headers over, in the order and spelling of the wire: what came through a proxy, from a browser, for
 * another host or with a body is refused, and so is a header twice where one counts.
 */
export class RequestHeaders {
  readonly #hosts: ReadonlySet<string>;
  readonly #admitting: readonly string[];
  /** By name as spelled on the wire. */
  readonly #meanings = new Map<string, number>();

  /**
   * @param hosts `Host` values that name the endpoint
   * @param admittingHeaders names, in lower case, whose values are handed on
   */
  constructor(hosts: readonly string[], admittingHeaders: readonly string[]) {
    this.#hosts = new Set(hosts);
    this.#admitting = admittingHeaders;
  }

  /**
   * @param raw names and values in turn, as `IncomingMessage.rawHeaders` has them
   * @param values receives the values of the admitting headers, in their order
   */
  check(raw: readonly string[], values: (string | undefined)[]): Refusal | undefined {
    let hosts = 0;
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at] as string;
      const meaning = this.#meanings.get(name) ?? this.#learn(name);
      if (meaning === ignored) continue;
      const value = raw[at + 1] as string;
      if (meaning === host) {
        hosts += 1;
        if (!this.#hosts.has(value)) return { kind: 'foreign-host' };
      } else if (meaning >= admitting) {
        if (values[meaning - admitting] !== undefined) return { kind: 'malformed-header', detail: name };
        values[meaning - admitting] = value;
      } else if (meaning === forwarded) return { kind: 'forwarded', detail: name };
      else if (meaning === fromBrowser) return { kind: 'from-browser', detail: name };
      else if (meaning === fetchSite && value !== 'none') return { kind: 'from-browser', detail: name };
      else if (meaning === bodyLength && value !== '0') return { kind: 'unexpected-body' };
      else if (meaning === bodyEncoding) return { kind: 'unexpected-body' };
    }
    return hosts === 1 ? undefined : { kind: 'foreign-host' };
  }

  #learn(name: string): number {
    const meaning = this.#meaningOf(name);
    if (this.#meanings.size >= maxKnownNames) this.#meanings.clear();
    this.#meanings.set(name, meaning);
    return meaning;
  }

  #meaningOf(name: string): number {
    const exact = name.toLowerCase();
    const index = this.#admitting.indexOf(exact);
    if (index !== -1) return admitting + index;
    if (exact === 'host') return host;
    // some proxies and gateways take an underscore for a hyphen
    const plain = exact.replaceAll('_', '-');
    if (plain.startsWith('x-forwarded') || forwardedNames.has(plain)) return forwarded;
    if (plain === 'origin' || plain === 'referer') return fromBrowser;
    if (plain === 'sec-fetch-site') return fetchSite;
    if (exact === 'content-length') return bodyLength;
    if (exact === 'transfer-encoding' || exact === 'expect') return bodyEncoding;
    return ignored;
  }
}
