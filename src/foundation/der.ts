/** Writes DER (X.690), as far as key stores need it. Each function answers a whole element. */

/** X.690: tag, length in the fewest octets, content. */
export function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const octetsOfLength = length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4;
  const header = Buffer.alloc(2 + octetsOfLength);
  header.writeUInt8(tag, 0);
  header.writeUInt8(0x80 | octetsOfLength, 1);
  header.writeUIntBE(length, 2, octetsOfLength);
  return Buffer.concat([header, content]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return element(0x31, Buffer.concat(parts));
}

/** `[0]`, around another element. */
export function explicit(content: Uint8Array): Buffer {
  return element(0xa0, content);
}

export function octets(content: Uint8Array): Buffer {
  return element(0x04, content);
}

/** A whole number that is not negative, below 2^31. */
export function integer(value: number): Buffer {
  const content = Buffer.alloc(5);
  content.writeUInt32BE(value, 1);
  let start = 0;
  while (start < 4 && content[start] === 0 && (content[start + 1] as number) < 0x80) start += 1;
  return element(0x02, content.subarray(start));
}

export const none = Buffer.of(0x05, 0);

export function bmpString(text: string): Buffer {
  return element(0x1e, Buffer.from(text, 'utf16le').swap16());
}

/** X.690 8.19: the first two arcs in one, each in groups of seven bits. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const groups = [first * 40 + second, ...rest].flatMap((arc) => {
    const bytes = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  });
  return element(0x06, Buffer.from(groups));
}
