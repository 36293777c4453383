import type { JsonMembers } from '../http/compact-jws.ts';
import { CredentialError } from './credential-error.ts';

/**
 * Claims matching expressions, language version 1: `claims['name'] eq 'text'` and `claims['name'] matches 'pattern'`,
 * joined by ` and `. Texts have no escapes and no quotation marks.
 */

const maxLength = 600;
const maxConditions = 8;
/** Characters of a claim that are looked at; a longer one matches nothing. */
const maxClaimLength = 2048;

interface Condition {
  readonly claim: string;
  readonly operator: 'eq' | 'matches';
  readonly text: string;
}

/** Conditions that must all hold; at least one. */
export type ClaimsExpression = readonly Condition[];

/** At a place in the text: no backtracking beyond one condition, each character is looked at once. */
const conditionPattern = /claims\['([A-Za-z_][A-Za-z0-9_]{0,63})'\] (eq|matches) '([^']*)'/y;

/** @throws CredentialError `expression`, saying where it ends to be one */
export function parseExpression(value: string): ClaimsExpression {
  if (value.length > maxLength) {
    throw invalid(`it is longer than ${maxLength} characters`);
  }
  const conditions: Condition[] = [];
  let at = 0;
  for (;;) {
    conditionPattern.lastIndex = at;
    const [whole, claim, operator, text] = conditionPattern.exec(value) ?? [];
    if (whole === undefined || claim === undefined || text === undefined) {
      throw invalid(`a condition such as claims['sub'] eq 'text' is expected at character ${at + 1}`);
    }
    if (text === '') throw invalid(`the claim '${claim}' is compared with nothing`);
    conditions.push({ claim, operator: operator === 'eq' ? 'eq' : 'matches', text });
    at += whole.length;
    if (at === value.length) break;
    if (!value.startsWith(' and ', at)) throw invalid(`' and ' is expected at character ${at + 1}`);
    at += 5;
    if (conditions.length === maxConditions) throw invalid(`it has more than ${maxConditions} conditions`);
  }
  return conditions;
}

const github = 'https://token.actions.githubusercontent.com';
const terraform = ['https://app.terraform.io', 'https://app.eu.terraform.io'];

/**
 * Which claims an issuer's expressions may speak of, and which they must: a repository's or a project's name can be
 * taken by somebody else later, its id cannot.
 *
 * @throws CredentialError `expression`
 */
export function requireClaimsOf(issuer: string, expression: ClaimsExpression): void {
  const claims = expression.map(({ claim }) => claim);
  const rule = ruleOf(issuer);
  const other = claims.find((claim) => !rule.allowed.includes(claim));
  if (other !== undefined) {
    throw invalid(
      `the claim '${other}' is none of ${rule.allowed.join(', ')}, which the issuer's may speak of`,
    );
  }
  if (!claims.includes('sub')) throw invalid("it must say something of the claim 'sub'");
  const needed = rule.oneOf(expression);
  if (needed.length > 0 && !needed.some((claim) => claims.includes(claim))) {
    throw invalid(
      `it must say something of ${needed.join(' or ')} as well: names can change hands, ids cannot`,
    );
  }
}

interface IssuerRule {
  readonly allowed: readonly string[];
  /** Claims of which one must be there. */
  oneOf(expression: ClaimsExpression): readonly string[];
}

function ruleOf(issuer: string): IssuerRule {
  if (issuer === github) {
    return {
      allowed: ['sub', 'job_workflow_ref', 'repository_id', 'repository_owner_id'],
      oneOf: () => ['repository_id', 'repository_owner_id'],
    };
  }
  if (terraform.includes(issuer)) return { allowed: ['sub'], oneOf: () => [] };
  // GitLab runs under any name; for other issuers the claim is not there, and the rule asks for nothing
  return {
    allowed: ['sub', 'project_id'],
    oneOf: (expression) =>
      expression.some(({ claim, text }) => claim === 'sub' && text.startsWith('project_path:'))
        ? ['project_id']
        : [],
  };
}

/** Counts the comparisons of characters, for whoever wants to know how many there are. */
export interface Steps {
  count: number;
}

/** Whether the claims meet every condition, letter for letter; a claim that is missing or is no text meets none. */
export function meets(
  expression: ClaimsExpression,
  claims: JsonMembers,
  steps: Steps = { count: 0 },
): boolean {
  return expression.every(({ claim, operator, text }) => {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    if (typeof value !== 'string' || value.length > maxClaimLength) return false;
    return operator === 'eq' ? value === text : matchesPattern(text, value, steps);
  });
}

const separators = /[/:]/;

/**
 * Whether the whole value is of the pattern. `?` is one character and `*` any run of them, but neither is ever a
 * separator (`/`, `:`), so that a part of the pattern speaks of one part of the value. A `*` that ends the pattern takes
 * the rest of the value, whatever it is. The work is at most the length of the pattern times that of the value.
 */
export function matchesPattern(pattern: string, value: string, steps: Steps = { count: 0 }): boolean {
  const takesRest = pattern.endsWith('*');
  const parts = split(takesRest ? pattern.slice(0, -1) : pattern);
  const found = split(value);
  for (const [index, part] of parts.entries()) {
    const piece = found[index];
    if (piece === undefined || piece.separator !== part.separator) return false;
    const isLast = index === parts.length - 1;
    if (!matchesPart(isLast && takesRest ? `${part.text}*` : part.text, piece.text, steps)) return false;
  }
  return takesRest || found.length === parts.length;
}

interface Part {
  /** What stands before it; empty before the first. */
  readonly separator: string;
  readonly text: string;
}

function split(text: string): readonly Part[] {
  const parts: Part[] = [];
  let start = 0;
  let separator = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (!separators.test(character)) continue;
    parts.push({ separator, text: text.slice(start, at) });
    separator = character;
    start = at + 1;
  }
  parts.push({ separator, text: text.slice(start) });
  return parts;
}

/** Greedy: on a mismatch the last `*` takes one character more, and what stands before it is settled. */
function matchesPart(pattern: string, text: string, steps: Steps): boolean {
  let [p, t, star, resume] = [0, 0, -1, 0];
  while (t < text.length) {
    steps.count += 1;
    const wanted = pattern.charAt(p);
    if (wanted === '*') {
      star = p;
      resume = t;
      p += 1;
    } else if (p < pattern.length && (wanted === '?' || wanted === text.charAt(t))) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      resume += 1;
      t = resume;
    } else {
      return false;
    }
  }
  while (pattern.charAt(p) === '*') p += 1;
  return p === pattern.length;
}

function invalid(why: string): CredentialError {
  return new CredentialError('expression', `The claims matching expression is invalid: ${why}.`);
}
