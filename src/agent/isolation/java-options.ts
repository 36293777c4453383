export interface JavaOptions {
  /** `http://127.0.0.1:<port>` of the name proxy. */
  readonly proxy: string;
  /** Names and addresses reached without it, as `NO_PROXY` writes them. */
  readonly direct: Iterable<string>;
  /** Whether plain http goes through the proxy as well. */
  readonly plainHttp: boolean;
  /** File of authorities to trust. */
  readonly trustStore: string;
}

/**
 * `JAVA_TOOL_OPTIONS`, which every Java machine reads, with what other languages have variables for: proxy and
 * authorities. Options that the user has there already stay, but for other values of the same properties.
 */
export function javaToolOptions(
  inherited: string,
  { proxy, direct, plainHttp, trustStore }: JavaOptions,
): string {
  const { hostname, port } = new URL(proxy);
  const properties: Readonly<Record<string, string>> = {
    'javax.net.ssl.trustStore': trustStore,
    'javax.net.ssl.trustStoreType': 'PKCS12',
    'https.proxyHost': hostname,
    'https.proxyPort': port,
    ...(plainHttp ? { 'http.proxyHost': hostname, 'http.proxyPort': port } : {}),
    'http.nonProxyHosts': [...direct].map(asPattern).join('|'),
  };
  const own = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  const replaced = new Set([...Object.keys(properties), 'javax.net.ssl.trustStorePassword']);
  const words = inherited.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const kept = words.filter((word) => !replaced.has(/^["']?-D([^=]*)/.exec(word)?.[1] ?? ''));
  return [...kept, ...own.map(quote)].join(' ');
}

/** Java's patterns have `*` at an end only: a suffix becomes one, and an IPv6 address stands in brackets. */
function asPattern(name: string): string {
  if (name.startsWith('.')) return `*${name}`;
  return name.includes(':') && !name.startsWith('[') ? `[${name}]` : name;
}

/** HotSpot takes words apart at blanks, and knows quotes of both kinds but no escapes. */
function quote(word: string): string {
  if (!/[\s"']/.test(word)) return word;
  return word.includes('"') ? `'${word}'` : `"${word}"`;
}
