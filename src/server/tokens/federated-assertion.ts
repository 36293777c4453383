import type { CloudProfile } from '../../contract/cloud-profile.ts';
import { exchangeAudience } from '../../contract/federated-credential.ts';
import type { Directory } from '../directory/directory.ts';
import type { Tenant } from '../directory/directory-store.ts';
import type { Principal } from '../directory/service-principals.ts';
import type { FederatedCredential } from '../federation/federated-credential.ts';
import type { FederatedCredentials } from '../federation/federated-credentials.ts';
import { IssuerError, type Issuers } from '../federation/issuers.ts';
import { type MatchResult, matchCredential, type PresentedClaims } from '../federation/match.ts';
import { TokenRejected, type TokenVerifier } from '../http/bearer.ts';
import type { JsonMembers } from '../http/compact-jws.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { assertionSkew, checkTimes, outOfTime } from './assertion-times.ts';
import { bindingIn } from './bound-tokens.ts';
import type { AssertionFacts, ClaimedAssertion } from './client-assertion.ts';
import { parseIssuer } from './issuers.ts';
import { signatureHolds } from './signature.ts';
import type { TokenDecision } from './token-decision.ts';

/** Application id of the exchange: the audience of our own tokens for `api://AzureADTokenExchange` (b.5). */
const exchangeAppId = 'fb60f99c-7a34-4190-8149-302f77469936';
/** The claim that marks a token obtained through a federated credential. */
const federationMark = 'xms_ficinfo';
const maxKidLength = 256;
const maxClaimLength = 8192;

/** How a client was let in by a token of another issuer: for the sign-in log, and for the token's mark. */
export interface FederatedProof {
  readonly credentialId: string;
  readonly credentialName: string;
  readonly issuer: string;
  readonly subject: string;
}

/** A token of another issuer that holds, and the credential that it opens its client by. */
export interface ProvenFederation {
  readonly federation: FederatedProof;
  readonly facts: AssertionFacts;
}

interface FederatedQuestion {
  readonly tenant: Tenant;
  /** The client that is claimed. */
  readonly principal: Principal;
  readonly assertion: ClaimedAssertion;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Whether an assertion is of another issuer than its client (b.1): clients are named by GUIDs, issuers by URLs.
 */
export function namesOtherIssuer({ jws }: ClaimedAssertion): boolean {
  const { iss } = jws.payload;
  return typeof iss === 'string' && /^[a-z][a-z0-9+.-]*:/i.test(iss);
}

/** Marks the token of a client that a federated credential let in: it opens no further one. */
export function markFederation(
  decision: TokenDecision,
  client: { readonly federation?: FederatedProof } | { readonly proof: 'none' },
): TokenDecision {
  if (!('federation' in client) || client.federation === undefined) return decision;
  return { ...decision, marks: { ...decision.marks, [federationMark]: client.federation.credentialId } };
}

/**
 * Checks tokens of other issuers that clients show in the place of an assertion of their own (workload identity
 * federation, b.4). A token may come again until it expires: a projected token's file is read many times.
 */
export class FederatedAssertions {
  readonly #profile: CloudProfile;
  readonly #credentials: Pick<FederatedCredentials, 'of'>;
  readonly #issuers: Pick<Issuers, 'key'>;
  readonly #verifier: TokenVerifier;
  readonly #directory: Pick<Directory, 'principal'>;

  constructor(parts: {
    readonly profile: CloudProfile;
    readonly credentials: Pick<FederatedCredentials, 'of'>;
    readonly issuers: Pick<Issuers, 'key'>;
    /** Of our own tokens, which managed identities show. */
    readonly verifier: TokenVerifier;
    readonly directory: Pick<Directory, 'principal'>;
  }) {
    this.#profile = parts.profile;
    this.#credentials = parts.credentials;
    this.#issuers = parts.issuers;
    this.#verifier = parts.verifier;
    this.#directory = parts.directory;
  }

  /**
   * @throws DomainError AADSTS70025, 700211 to 700214, 7002137, 7002138, 700222, 700229, 700231, 700263, 501661, 700024,
   *   700027, 50027 or 5002730
   */
  async check(question: FederatedQuestion): Promise<ProvenFederation> {
    const { principal, assertion, now } = question;
    const presented = this.#read(assertion);
    const credentials = await this.#credentials.of(principal);
    const match = matchCredential(credentials, presented);
    if (match.kind === 'refused') throw this.#refusal(match.by, presented, question, credentials);
    const { credential } = match;
    if (this.#isOurs(presented.issuer)) await this.#checkOurs(question);
    else await this.#checkTheirs(credential, assertion);
    const expires = checkTimes(assertion.jws.payload, now, undefined);
    return {
      federation: {
        credentialId: credential.credentialId,
        credentialName: credential.name,
        issuer: presented.issuer,
        subject: presented.subject,
      },
      facts: { jti: undefined, expiresAt: Math.ceil((expires + assertionSkew) * 1000), onceOnly: false },
    };
  }

  #isOurs(issuer: string): boolean {
    return parseIssuer(this.#profile, issuer) !== undefined;
  }

  /** @throws DomainError AADSTS50027 where a claim that decides is no text; of several audiences none is the one */
  #read({ jws }: ClaimedAssertion): PresentedClaims {
    const { iss, sub, aud } = jws.payload;
    const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
    if (!isText(iss) || !isText(sub) || !audiences.every(isText)) {
      throw aadsts(50027, {
        reason: "The claims 'iss', 'sub' and 'aud' of the assertion are not all texts.",
      });
    }
    // several audiences are no credential's: whoever else they name holds the token as well
    const audience = audiences.join('\n');
    const isExchange = this.#isOurs(iss) && audience === exchangeAppId;
    return {
      issuer: iss,
      subject: sub,
      audience: isExchange ? exchangeAudience : audience,
      claims: jws.payload,
    };
  }

  #refusal(
    by: Extract<MatchResult, { readonly kind: 'refused' }>['by'],
    { issuer, subject, audience }: PresentedClaims,
    { principal }: FederatedQuestion,
    credentials: readonly FederatedCredential[],
  ) {
    switch (by) {
      case 'none-configured':
        return aadsts(70025, { client: principal.clientId, name: principal.displayName });
      case 'issuer':
        return aadsts(700211, { issuer });
      case 'audience': {
        const byAppId = credentials.some(
          (credential) => credential.issuer === issuer && credential.audience === exchangeAppId,
        );
        return byAppId && audience === exchangeAudience
          ? aadsts(700214, { expected: exchangeAudience })
          : aadsts(700212, { audience });
      }
      case 'case-of-subject':
        return aadsts(7002138, { subject });
      case 'subject':
        return this.#isOurs(issuer) ? aadsts(7002137, { subject }) : aadsts(700213, { subject });
      case 'several':
        return aadsts(700263, {});
      default:
        return by satisfies never;
    }
  }

  /** @throws DomainError AADSTS501661, 700027 or 5002730 */
  async #checkTheirs(credential: FederatedCredential, { jws }: ClaimedAssertion): Promise<void> {
    const { kid, alg } = jws.header;
    if (typeof kid !== 'string' || kid === '' || kid.length > maxKidLength) {
      throw aadsts(50027, { reason: "The assertion's header names no key." });
    }
    const key = await this.#keyOf(credential, kid);
    if (key === undefined) throw badSignature('The key was not found.');
    if (alg !== key.algorithm) throw aadsts(5002730, {});
    if (!signatureHolds(key.algorithm, key.publicKey, jws.signingInput, jws.signature)) {
      throw badSignature('The provided signature value did not match the expected signature value.');
    }
  }

  async #keyOf(credential: FederatedCredential, kid: string) {
    try {
      return await this.#issuers.key(credential, kid);
    } catch (error) {
      if (error instanceof IssuerError) throw aadsts(501661, {}, error.message);
      throw error;
    }
  }

  /**
   * A token of our own (b.5): by our own verifier, without any request. Only a user-assigned identity's of this tenant,
   * and none that was itself obtained through a credential: trust is not handed on.
   *
   * @throws DomainError AADSTS700222, 700229, 700231, 700024 or 700027
   */
  async #checkOurs({ tenant, assertion, now }: FederatedQuestion): Promise<void> {
    const { payload, signingInput, signature } = assertion.jws;
    const issuer =
      typeof payload['iss'] === 'string' ? parseIssuer(this.#profile, payload['iss']) : undefined;
    if (issuer?.version !== 'v2' || issuer.tenantId !== tenant.tenantId) throw aadsts(700222, {});
    if (payload['idtyp'] !== 'app') throw aadsts(700229, {});
    const token = `${signingInput}.${Buffer.from(signature).toString('base64url')}`;
    const caller = await this.#verify(token, payload, now);
    if (payload[federationMark] !== undefined) throw aadsts(700231, {});
    const principal = await this.#directory.principal(caller.tenantId, caller.principalId);
    if (principal?.principalType !== 'ManagedIdentity' || principal.identity.kind !== 'UserAssigned') {
      throw aadsts(700222, {});
    }
  }

  async #verify(token: string, payload: JsonMembers, now: number) {
    try {
      // a bound token has been held against the connection's certificate when the assertion was read
      return await this.#verifier.verify(
        token,
        [exchangeAppId],
        undefined,
        () => bindingIn(payload)?.thumbprint,
      );
    } catch (error) {
      if (!(error instanceof TokenRejected)) throw error;
      if (error.reason === 'expired' || error.reason === 'not-yet-valid')
        throw outOfTime(payload, now, error);
      throw badSignature('The token does not hold.', error.message);
    }
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxClaimLength;
}

/** @param cause for the log */
function badSignature(reason: string, cause?: string) {
  return aadsts(700027, { reason, thumbprint: '' }, cause);
}
