import { X509Certificate } from 'node:crypto';
import type { SentFederatedCredential } from '../../contract/federated-credential.ts';
import { isStorable } from '../../foundation/storable-text.ts';
import { parseExpression, requireClaimsOf } from './claims-expression.ts';
import { CredentialError } from './credential-error.ts';
import type { CredentialFacts, CredentialTrust, SubjectRule } from './federated-credential.ts';
import { KeySetError, readPinnedKeys } from './key-set.ts';

/** Federated credentials of one client at most, as in Azure. */
export const maxCredentials = 20;
const maxTextLength = 600;
const maxAuthorities = 10;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/;
const certificatePattern = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** @throws CredentialError `name` */
export function requireName(name: string): void {
  if (namePattern.test(name)) return;
  throw new CredentialError('name', `Federated Identity Credential name '${name.slice(0, 128)}' is invalid.`);
}

/**
 * What a credential will say, by the rules of b.4. Texts are kept as they are: a token must have the same, letter for
 * letter.
 *
 * @throws CredentialError
 */
export function readCredential(sent: SentFederatedCredential): CredentialFacts {
  const { issuer, description } = sent;
  if (!isGiven(issuer) || !(isGiven(sent.subject) || isGiven(sent.claimsMatchingExpression?.value))) {
    throw new CredentialError('empty', 'Federated Identity Credential from HTTP body has empty properties');
  }
  requireIssuer(issuer);
  if (isGiven(description) && (description.length > maxTextLength || !isStorable(description))) {
    throw new CredentialError(
      'description',
      `The description is not a text of at most ${maxTextLength} characters.`,
    );
  }
  return {
    issuer,
    subject: readSubject(issuer, sent),
    audience: readAudience(sent.audiences),
    description: isGiven(description) ? description : undefined,
    trust: readTrust(sent.innateTrust),
  };
}

function requireIssuer(issuer: string): void {
  const refuse = (why: string) => new CredentialError('issuer', `The issuer is invalid: ${why}.`);
  if (issuer.trim() !== issuer) throw refuse('it has white space around it');
  if (issuer.length > maxTextLength) throw refuse(`it is longer than ${maxTextLength} characters`);
  const url = /^https:\/\/[\x21-\x7e]+$/.test(issuer) ? URL.parse(issuer) : null;
  if (url === null) throw refuse('it is no URL of https');
  if (url.username !== '' || url.password !== '' || /[?#\\]/.test(issuer)) {
    throw refuse('it has a user, a query or a fragment');
  }
}

function readSubject(issuer: string, sent: SentFederatedCredential): SubjectRule {
  const { subject, claimsMatchingExpression } = sent;
  if (isGiven(subject)) {
    if (claimsMatchingExpression !== undefined && claimsMatchingExpression !== null) {
      throw new CredentialError(
        'expression',
        "Exactly one of 'subject' and 'claimsMatchingExpression' can be set.",
      );
    }
    requireText('subject', subject);
    return { kind: 'exact', subject };
  }
  const { value = '', languageVersion } = claimsMatchingExpression ?? {};
  if (languageVersion !== 1) {
    throw new CredentialError('expression', "The 'languageVersion' of a claims matching expression is 1.");
  }
  const expression = parseExpression(value);
  requireClaimsOf(issuer, expression);
  return { kind: 'expression', value, expression };
}

function readAudience(audiences: readonly string[] | null | undefined): string {
  const [audience, second] = audiences ?? [];
  if (audience === undefined || second !== undefined) {
    throw new CredentialError(
      'audience-count',
      'Federated identity credentials must have exactly one audience.',
    );
  }
  requireText('audience', audience);
  return audience;
}

function requireText(what: 'subject' | 'audience', text: string): void {
  const wellFormed = text !== '' && text.isWellFormed() && !/\p{Cc}/u.test(text);
  if (wellFormed && text.length <= maxTextLength) return;
  throw new CredentialError(what, `The ${what} is not a text of 1 to ${maxTextLength} characters.`);
}

function readTrust(sent: SentFederatedCredential['innateTrust']): CredentialTrust {
  const { keys, certificateAuthorities } = sent ?? {};
  const hasKeys = keys !== undefined && keys !== null;
  if (hasKeys && isGiven(certificateAuthorities)) {
    throw new CredentialError('trust', 'An issuer is trusted by pinned keys or by authorities, not by both.');
  }
  if (hasKeys) {
    requireKeys(keys);
    return { keys };
  }
  if (!isGiven(certificateAuthorities)) return {};
  requireCertificates(certificateAuthorities);
  return { certificateAuthorities };
}

function requireKeys(keys: readonly object[]): void {
  try {
    readPinnedKeys({ keys });
  } catch (error) {
    if (!(error instanceof KeySetError)) throw error;
    throw new CredentialError('trust', `The pinned keys are invalid: ${error.message}.`);
  }
}

function requireCertificates(pem: string): void {
  const found = pem.match(certificatePattern) ?? [];
  if (found.length === 0 || found.length > maxAuthorities || !found.every(isCertificate)) {
    throw new CredentialError('trust', `The authorities are not 1 to ${maxAuthorities} certificates in PEM.`);
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

function isGiven(text: string | null | undefined): text is string {
  return text !== undefined && text !== null && text !== '';
}
