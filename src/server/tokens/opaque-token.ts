import { hash } from 'node:crypto';
import { guid, guidText, type TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';

/** What is given out to be shown again once: it means nothing to who holds it, and the server keeps its digest alone. */
export interface OpaqueToken {
  /** What is given out. */
  readonly text: string;
  /** SHA-256 of the text, base64url. */
  readonly digest: string;
}

const secretOctets = 32;
const tenantOctets = 16;

/** `c` for authorization codes, `r` for refresh tokens. */
export type OpaqueKind = 'c' | 'r';

/** 256 random bits behind the tenant's id, by which the token service finds the tenant of a request that names none. */
export function mintOpaque(kind: OpaqueKind, tenantId: TenantId, randomness: Randomness): OpaqueToken {
  const tenant = Buffer.from(tenantId.replaceAll('-', ''), 'hex');
  const octets = Buffer.concat([tenant, randomness.bytes(secretOctets)]);
  const text = `${kind}.${octets.toString('base64url')}`;
  return { text, digest: digestOf(text) };
}

/** @returns `undefined` for a text that is none of the kind */
export function readOpaque(
  kind: OpaqueKind,
  text: string,
): { readonly tenantId: TenantId; readonly digest: string } | undefined {
  if (!opaquePattern.test(text) || !text.startsWith(`${kind}.`)) return undefined;
  const octets = Buffer.from(text.slice(2), 'base64url');
  const tenantId = guid<TenantId>(guidText(octets.subarray(0, tenantOctets)));
  return { tenantId, digest: digestOf(text) };
}

const opaquePattern = /^[cr]\.[A-Za-z0-9_-]{64}$/;

/** What is kept of a secret of high entropy. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}
