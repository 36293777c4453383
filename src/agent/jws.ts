import { type KeyObject, sign } from 'node:crypto';

/**
 * A compact JWS over JSON claims: ES256 for a P-256 key, RS256 for an RSA key. The private key's work is done off the
 * event loop.
 *
 * @param header members beside `alg`
 */
export async function signClaims(
  key: KeyObject,
  header: Readonly<Record<string, string>>,
  claims: object,
): Promise<string> {
  const alg = key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
  const signed = `${encode({ alg, ...header })}.${encode(claims)}`;
  const signature = await new Promise<Buffer>((resolve, reject) => {
    sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, (error, value) =>
      error === null ? resolve(value) : reject(error),
    );
  });
  return `${signed}.${signature.toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}
