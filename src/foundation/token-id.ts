/**
 * `uti` of a token: the exchange's GUID as sixteen octets in the order Windows writes them (first three groups little
 * endian), base64url (`spec/token-service-and-directory.md` d.3).
 */
export function tokenIdOf(trace: string): string {
  const octets = Buffer.from(trace.replaceAll('-', ''), 'hex');
  octets.subarray(0, 4).reverse();
  octets.subarray(4, 6).reverse();
  octets.subarray(6, 8).reverse();
  return octets.toString('base64url');
}
