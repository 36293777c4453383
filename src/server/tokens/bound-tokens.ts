import type { JsonMembers } from '../http/compact-jws.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { given, type TokenForm } from './token-form.ts';

const thumbprintPattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * The certificate that the token shall be bound to: the connection's, where the client asks for `token_type=mtls_pop`
 * (b.6). Another kind of token than the one asked for is no use to a client, so unknown kinds are refused.
 *
 * @param certificate SHA-256 of the certificate that the connection shows, base64url
 * @returns `undefined` where the token is to be everybody's
 * @throws DomainError AADSTS9002313
 */
export function wantedBinding(form: TokenForm, certificate: string | undefined): string | undefined {
  const type = given(form, 'token_type')?.toLowerCase();
  if (type === undefined || type === 'bearer') return undefined;
  if (type !== 'mtls_pop') throw aadsts(9002313, { reason: "The 'token_type' is not supported." });
  if (certificate !== undefined) return certificate;
  throw aadsts(9002313, {
    reason: 'A bound token is given only over a connection that shows a certificate.',
  });
}

/** What a token or an assertion is bound to. */
export interface Binding {
  /** SHA-256 of a certificate, base64url; `undefined` for a binding of a kind that nobody can meet here. */
  readonly thumbprint: string | undefined;
}

/** The `cnf` of a token or an assertion (RFC 8705 §3.1); `undefined` where it is bound to nothing. */
export function bindingIn({ cnf }: JsonMembers): Binding | undefined {
  if (cnf === undefined) return undefined;
  if (typeof cnf !== 'object' || cnf === null || Object.keys(cnf).length !== 1) {
    return { thumbprint: undefined };
  }
  const thumbprint = (cnf as JsonMembers)['x5t#S256'];
  const isOne = typeof thumbprint === 'string' && thumbprintPattern.test(thumbprint);
  return { thumbprint: isOne ? thumbprint : undefined };
}

/** Whether a connection that shows this certificate, or none, meets a binding. */
export function isMet({ thumbprint }: Binding, certificate: string | undefined): boolean {
  return thumbprint !== undefined && thumbprint === certificate;
}
