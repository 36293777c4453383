import { createHash } from 'node:crypto';

/** The ranges that are set aside for documentation (RFC 5737): addresses that lead nowhere. */
const documentation = ['192.0.2.', '198.51.100.', '203.0.113.'];

/** The public address of a resource: always the same one, and nobody's. */
export function documentationAddress(resourceId: string): string {
  const hash = createHash('sha256').update(resourceId.toLowerCase(), 'utf8').digest();
  const range = documentation[hash.readUInt8(0) % documentation.length];
  return `${range}${1 + (hash.readUInt16BE(1) % 254)}`;
}
