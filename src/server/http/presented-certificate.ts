import type { X509Certificate } from 'node:crypto';
import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';

/** Digests of the connections that showed a certificate: taken once, since a connection carries many requests. */
const known = new WeakMap<object, string>();

/**
 * SHA-256 (base64url) of the certificate whose key the client holds, as TLS has proven on this connection; `undefined`
 * where the connection was not asked for one or shows none. It says nothing about who the certificate stands for.
 */
export function presentedCertificate(request: FastifyRequest): string | undefined {
  const socket = request.raw.socket as Partial<TLSSocket>;
  const before = known.get(socket);
  if (before !== undefined) return before;
  const certificate: X509Certificate | undefined = socket.getPeerX509Certificate?.();
  if (certificate === undefined) return undefined;
  const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url');
  known.set(socket, thumbprint);
  return thumbprint;
}
