import type { JsonMembers } from '../http/compact-jws.ts';
import { meets } from './claims-expression.ts';
import type { FederatedCredential } from './federated-credential.ts';

/** What a presented token claims; nothing of it is proven yet. */
export interface PresentedClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly claims: JsonMembers;
}

export type MatchResult =
  | { readonly kind: 'matched'; readonly credential: FederatedCredential }
  /** The first thing that no credential has: issuer, then audience, then subject. */
  | {
      readonly kind: 'refused';
      readonly by: 'none-configured' | 'issuer' | 'audience' | 'subject' | 'case-of-subject' | 'several';
    };

/**
 * The one credential that a token is for: issuer, audience and subject are compared octet for octet, without any
 * normalisation (T15). A token that several credentials would take, as expressions can overlap, is taken by none.
 */
export function matchCredential(
  credentials: readonly FederatedCredential[],
  presented: PresentedClaims,
): MatchResult {
  if (credentials.length === 0) return { kind: 'refused', by: 'none-configured' };
  const ofIssuer = credentials.filter(({ issuer }) => issuer === presented.issuer);
  if (ofIssuer.length === 0) return { kind: 'refused', by: 'issuer' };
  const forAudience = ofIssuer.filter(({ audience }) => audience === presented.audience);
  if (forAudience.length === 0) return { kind: 'refused', by: 'audience' };
  const [credential, second] = forAudience.filter((candidate) => takesSubject(candidate, presented));
  if (second !== undefined) return { kind: 'refused', by: 'several' };
  if (credential !== undefined) return { kind: 'matched', credential };
  const lower = presented.subject.toLowerCase();
  const differsInCase = forAudience.some(
    ({ subject }) => subject.kind === 'exact' && subject.subject.toLowerCase() === lower,
  );
  return { kind: 'refused', by: differsInCase ? 'case-of-subject' : 'subject' };
}

function takesSubject({ subject }: FederatedCredential, presented: PresentedClaims): boolean {
  return subject.kind === 'exact'
    ? subject.subject === presented.subject
    : meets(subject.expression, presented.claims);
}
