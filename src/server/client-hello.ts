/** What the first octets of a TLS connection tell. */
export type ClientHello =
  /** More has to arrive. */
  | { readonly kind: 'incomplete' }
  /** `serverName` (RFC 6066 §3) in lower case; `undefined` where the client names none, or speaks something else. */
  | { readonly kind: 'read'; readonly serverName: string | undefined };

const nameless: ClientHello = { kind: 'read', serverName: undefined };
const recordHeader = 5;
const longestRecord = 16_384 + 256;

/**
 * Reads the name of the server that a client wants from its ClientHello (RFC 8446 §4.1.2), as far as it lies in the
 * first record. Every client in use sends it so; one that cuts it finer is taken to name nobody.
 */
export function readClientHello(octets: Buffer): ClientHello {
  if (octets.length < recordHeader)
    return octets[0] === undefined || octets[0] === 22 ? { kind: 'incomplete' } : nameless;
  const length = octets.readUInt16BE(3);
  if (octets[0] !== 22 || length < 4 || length > longestRecord) return nameless;
  if (octets.length < recordHeader + length) return { kind: 'incomplete' };
  try {
    return { kind: 'read', serverName: serverNameOf(octets.subarray(recordHeader, recordHeader + length)) };
  } catch {
    return nameless; // RangeError: a length that leads beyond the record
  }
}

/** Walks type and length, version and random, then four lists. @throws RangeError where it ends too early */
function serverNameOf(hello: Buffer): string | undefined {
  if (hello[0] !== 1) return undefined;
  let at = 4 + 2 + 32;
  at += 1 + hello.readUInt8(at); // session id
  at += 2 + hello.readUInt16BE(at); // cipher suites
  at += 1 + hello.readUInt8(at); // compression methods
  const end = at + 2 + hello.readUInt16BE(at);
  at += 2;
  while (at < end) {
    const type = hello.readUInt16BE(at);
    const size = hello.readUInt16BE(at + 2);
    if (type === 0) return firstName(hello.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return undefined;
}

/** A list of names, of which only the kind `host_name` (0) exists. */
function firstName(list: Buffer): string | undefined {
  const length = list.readUInt16BE(3);
  if (list[2] !== 0 || length === 0 || 5 + length > list.length) return undefined;
  return list.toString('latin1', 5, 5 + length).toLowerCase();
}
