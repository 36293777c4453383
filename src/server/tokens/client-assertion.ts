import type { KeyObject } from 'node:crypto';
import { type CloudProfile, certificateLoginName, loginNames } from '../../contract/cloud-profile.ts';
import { type ClientId, parseGuid, type TenantId } from '../../foundation/ids.ts';
import type { Tenant } from '../directory/directory-store.ts';
import type { Principal } from '../directory/service-principals.ts';
import { type JsonMembers, parseCompactJws, type UnverifiedJws } from '../http/compact-jws.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { assertionSkew, checkTimes } from './assertion-times.ts';
import type { ClientCertificate, ClientCertificates, Thumbprint } from './client-certificates.ts';
import { algorithmFor, keyIsSound, signatureHolds } from './signature.ts';

/** Seconds that an assertion of a host may live: its id is kept so long. The agent's live ten minutes. */
const longestLifeOfHosts = 3600;
const maxJtiLength = 256;
/** Characters of an assertion at most: room for a chain in `x5c`. */
const maxAssertionLength = 24_576;
const thumbprintPattern = /^[A-Za-z0-9+/_-]{27,64}={0,2}$/;
const hexPattern = /^(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/;
const types = new Set<unknown>([undefined, 'JWT', 'http://openid.net/specs/jwt/1.0']);
const algorithmPattern = /^(?:[RP]S(?:256|384|512)|ES(?:256|384))$/;

/** Header members by which a signed text would mean another one (RFC 7515 §4.1.11, RFC 7797, RFC 7516). */
const changing = ['crit', 'b64', 'zip', 'enc', 'p2c'];

/** A client assertion that is well-formed, and proves nothing yet. */
export interface ClaimedAssertion {
  readonly jws: UnverifiedJws;
  /** The client it speaks for, where it names one by GUID. */
  readonly claimedSubject: ClientId | undefined;
  readonly thumbprints: readonly Thumbprint[];
}

/**
 * Reads an assertion in any of the dialects of b.2.
 *
 * @throws DomainError AADSTS50027, 5002726, 5002727 or 5002730
 */
export function readAssertion(text: string): ClaimedAssertion {
  const jws = parseCompactJws(text, maxAssertionLength);
  if (jws === undefined) throw aadsts(50027, { reason: 'The client assertion is not a well-formed JWT.' });
  const { header, payload } = jws;
  if (!types.has(header['typ'])) throw aadsts(5002727, {});
  if (typeof header['alg'] !== 'string' || !algorithmPattern.test(header['alg'])) throw aadsts(5002730, {});
  if (header['cty'] !== undefined) throw aadsts(5002726, {});
  if (changing.some((member) => header[member] !== undefined)) {
    throw aadsts(50027, { reason: 'The client assertion has a header that changes how it is read.' });
  }
  const subject = payload['sub'];
  return {
    jws,
    claimedSubject: typeof subject === 'string' ? parseGuid<ClientId>(subject) : undefined,
    thumbprints: readThumbprints(header),
  };
}

/** Every member that names a certificate, in any of the encodings clients use; what SHA-256 names comes first. */
function readThumbprints(header: JsonMembers): readonly Thumbprint[] {
  const found: Record<Thumbprint['algorithm'], Set<string>> = { 'sha-256': new Set(), 'sha-1': new Set() };
  for (const member of ['x5t#S256', 'x5t', 'kid']) {
    const text = header[member];
    if (typeof text !== 'string' || !thumbprintPattern.test(text)) continue;
    const octets = Buffer.from(text, hexPattern.test(text) ? 'hex' : 'base64');
    const value = octets.toString('base64url');
    if (octets.length === 32) found['sha-256'].add(value);
    else if (octets.length === 20) found['sha-1'].add(value);
  }
  return [...found['sha-256']]
    .map((value): Thumbprint => ({ algorithm: 'sha-256', value }))
    .concat([...found['sha-1']].map((value) => ({ algorithm: 'sha-1', value })));
}

/** What of a verified assertion lets a replay be told. */
export interface AssertionFacts {
  /** The assertion's own id; `undefined` where an application's names none. */
  readonly jti: string | undefined;
  /** When it stops being accepted, in milliseconds since the epoch: its `exp` and the assertionSkew granted behind it. */
  readonly expiresAt: number;
  /**
   * Always of a host: its agent signs a new one each time, so one that comes again is a copy. Of an application where the
   * deployment says so. `jti` is there then.
   */
  readonly onceOnly: boolean;
}

/** A certificate whose key signed the assertion. */
export interface ProvenAssertion {
  readonly certificate: ClientCertificate;
  readonly facts: AssertionFacts;
}

interface AssertionQuestion {
  readonly tenant: Tenant;
  readonly assertion: ClaimedAssertion;
  /** The principal of the client it is for; `undefined` where the tenant has none. */
  readonly principal: Principal | undefined;
  /** Whether the client is registered to keep no credential: then it is told so where it has no such certificate. */
  readonly isPublic: boolean;
  /** A key of ours, checked against where there is no other, so that the answer takes as long. */
  readonly decoy: KeyObject | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a deployment asks of applications' assertions beyond what Entra asks. */
export interface AssertionRules {
  /** Seconds that one may have left to live at most; any unless told. */
  readonly longestLife?: number;
  /** Whether one is good once. MSAL of JavaScript and Python send theirs again while it lasts, so it is not unless told. */
  readonly once?: boolean;
}

/** Checks assertions signed with a certificate's key (`private_key_jwt`, b.2). */
export class ClientAssertions {
  readonly #profile: CloudProfile;
  readonly #certificates: ClientCertificates;
  readonly #rules: AssertionRules;
  /** Accepted audiences by tenant: what a tenant's names make of the deployment's. */
  readonly #audiences = new Map<TenantId, ReadonlySet<string>>();

  /** @param rules for the assertions of applications; hosts' have their own, the strictest */
  constructor(profile: CloudProfile, certificates: ClientCertificates, rules: AssertionRules = {}) {
    this.#profile = profile;
    this.#certificates = certificates;
    this.#rules = rules;
  }

  /**
   * The certificate whose key signed the assertion, for this client, this tenant and this time. `undefined` where the
   * tenant has no such client, after the same work.
   *
   * @throws DomainError AADSTS700027, 1000502, 5002730, 50048, 70025, 700021, 700023, 700024 or 50027
   */
  async check(question: AssertionQuestion): Promise<ProvenAssertion | undefined> {
    const { tenant, assertion, principal, decoy, now } = question;
    const { jws } = assertion;
    const certificate =
      principal === undefined
        ? undefined
        : await this.#find(tenant.tenantId, principal, assertion.thumbprints);
    if (principal === undefined || certificate === undefined) {
      if (decoy !== undefined) signatureHolds('RS256', decoy, jws.signingInput, jws.signature);
      if (principal === undefined) return undefined;
      if (question.isPublic) throw aadsts(700025, {});
      throw badSignature('The key was not found.', assertion.thumbprints);
    }
    const algorithm = algorithmFor(jws.header['alg'], certificate.publicKey);
    if (algorithm === undefined || !keyIsSound(certificate.publicKey)) throw aadsts(5002730, {});
    if (!signatureHolds(algorithm, certificate.publicKey, jws.signingInput, jws.signature)) {
      throw badSignature(
        'The provided signature value did not match the expected signature value.',
        assertion.thumbprints,
      );
    }
    checkDates(certificate, now, assertion.thumbprints);
    checkParties(jws.payload, principal);
    this.#checkAudience(jws.payload['aud'], tenant);
    const ofHost = certificate.resourceId !== undefined && certificate.providerId === undefined;
    const onceOnly = ofHost || this.#rules.once === true;
    const expires = checkTimes(jws.payload, now, ofHost ? longestLifeOfHosts : this.#rules.longestLife);
    const jti = readJti(jws.payload['jti']);
    if (onceOnly && jti === undefined) throw aadsts(50027, { reason: "The claim 'jti' is missing." });
    return { certificate, facts: { jti, expiresAt: Math.ceil((expires + assertionSkew) * 1000), onceOnly } };
  }

  /**
   * The client's certificate of a thumbprint, at this time; that the client holds its key is proven already.
   *
   * @param thumbprint SHA-256, base64url
   * @param now milliseconds since the epoch
   * @throws DomainError AADSTS700027, 1000502 or 5002730
   */
  async certificateOf(principal: Principal, thumbprint: string, now: number): Promise<ClientCertificate> {
    const thumbprints: readonly Thumbprint[] = [{ algorithm: 'sha-256', value: thumbprint }];
    const certificate = await this.#find(principal.tenantId, principal, thumbprints);
    if (certificate === undefined) throw badSignature('The key was not found.', thumbprints);
    if (!keyIsSound(certificate.publicKey)) throw aadsts(5002730, {});
    checkDates(certificate, now, thumbprints);
    return certificate;
  }

  async #find(
    tenantId: TenantId,
    principal: Principal,
    thumbprints: readonly Thumbprint[],
  ): Promise<ClientCertificate | undefined> {
    for (const thumbprint of thumbprints) {
      const certificate = await this.#certificates.find(tenantId, principal.clientId, thumbprint);
      if (
        certificate !== undefined &&
        certificate.clientId === principal.clientId &&
        (certificate.principalId === undefined || certificate.principalId === principal.principalId)
      ) {
        return certificate;
      }
    }
    return undefined;
  }

  /**
   * Exactly one audience (T10): a name of this tenant's token endpoint or issuer, under any of the deployment's login
   * names. Of several, another server could be one that holds the assertion as well; no official client sends a list.
   */
  #checkAudience(claimed: unknown, tenant: Tenant): void {
    if (typeof claimed !== 'string' || !this.#audiencesOf(tenant).has(canonicalUrl(claimed))) {
      throw aadsts(700023, {});
    }
  }

  #audiencesOf({ tenantId, defaultDomain }: Tenant): ReadonlySet<string> {
    const known = this.#audiences.get(tenantId);
    if (known !== undefined) return known;
    const accepted = new Set<string>();
    for (const name of [tenantId, defaultDomain]) {
      accepted.add(`https://${this.#profile.v1IssuerHost}/${name}`);
      accepted.add(`https://${certificateLoginName(this.#profile)}/${name}/oauth2/v2.0/token`);
      for (const host of loginNames(this.#profile)) {
        const authority = `https://${host}/${name}`;
        for (const path of ['/v2.0', '/oauth2/token', '/oauth2/v2.0/token']) {
          accepted.add(`${authority}${path}`);
        }
      }
    }
    if (this.#audiences.size >= 1024) this.#audiences.clear();
    this.#audiences.set(tenantId, accepted);
    return accepted;
  }
}

/** Lower case, without port, repeated slashes and a trailing one: differences that clients' settings make. */
function canonicalUrl(url: string): string {
  if (url.length > 512) return '';
  const match = /^https:\/\/([^/:?#]+)(?::\d{1,5})?(\/[^?#]*)?$/i.exec(url);
  if (match === null) return '';
  const path = (match[2] ?? '').replace(/\/{2,}/g, '/').replace(/\/$/, '');
  return `https://${match[1]}${path}`.toLowerCase();
}

function checkParties(payload: JsonMembers, principal: Principal): void {
  const { iss, sub } = payload;
  const issuer = typeof iss === 'string' ? parseGuid<ClientId>(iss) : undefined;
  const subject = typeof sub === 'string' ? parseGuid<ClientId>(sub) : undefined;
  if (issuer === undefined) {
    // who names another issuer means a federated credential
    throw aadsts(70025, { client: principal.clientId, name: principal.displayName });
  }
  if (subject !== issuer) throw aadsts(50048, {});
  if (issuer !== principal.clientId) throw aadsts(700021, {});
}

function readJti(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const kept = typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
  if (!kept || value === '' || value.length > maxJtiLength) {
    throw aadsts(50027, { reason: "The claim 'jti' is no string of at most 256 characters." });
  }
  return value;
}

function checkDates(
  { notBefore, notAfter }: ClientCertificate,
  now: number,
  thumbprints: readonly Thumbprint[],
): void {
  if (notAfter <= now) throw badSignature('The key used is expired.', thumbprints);
  if (notBefore > now + assertionSkew * 1000) throw aadsts(1000502, {});
}

function badSignature(reason: string, thumbprints: readonly Thumbprint[]) {
  const [first] = thumbprints;
  const hex = first === undefined ? '' : Buffer.from(first.value, 'base64url').toString('hex').toUpperCase();
  return aadsts(700027, { reason, thumbprint: hex });
}
