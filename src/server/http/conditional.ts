import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '../../foundation/domain-error.ts';

/** Entity tags of a header, quotes included; `*` stands for any. */
export type EntityTags = '*' | readonly string[];

/** RFC 9110 §13.1: what must hold of the stored state before a write is done. */
export interface Preconditions {
  readonly ifMatch: EntityTags | undefined;
  readonly ifNoneMatch: EntityTags | undefined;
}

const maxTags = 32;
const entityTag = /^(?:W\/)?"[\x21\x23-\x7e]{0,128}"$/;

/**
 * The preconditions of a request.
 *
 * @throws DomainError `malformed` where a header is neither `*` nor a list of entity tags
 */
export function preconditionsOf(headers: IncomingHttpHeaders): Preconditions {
  return {
    ifMatch: tagsOf('If-Match', headers['if-match']),
    ifNoneMatch: tagsOf('If-None-Match', headers['if-none-match']),
  };
}

function tagsOf(name: string, value: string | undefined): EntityTags | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  if (value.trim() === '*') return '*';
  const tags = value.split(',').map((tag) => tag.trim());
  // Azure accepts a bare tag as well: its own command line sends it so
  const quoted = tags.map((tag) => (/^[A-Za-z0-9_-]{1,128}$/.test(tag) ? `"${tag}"` : tag));
  if (quoted.length > maxTags || !quoted.every((tag) => entityTag.test(tag))) {
    throw new DomainError('malformed', `The header '${name}' is not a list of entity tags.`);
  }
  return quoted;
}

/**
 * Holds a write against its preconditions (RFC 9110 §13.2.2).
 *
 * @param current the entity tag of what is stored; `null` where it has none; `undefined` where nothing is stored
 * @throws DomainError `precondition-failed`
 */
export function requirePreconditions(preconditions: Preconditions, current: string | null | undefined): void {
  const { ifMatch, ifNoneMatch } = preconditions;
  if (ifMatch !== undefined && !matches(ifMatch, current)) {
    throw new DomainError('precondition-failed', 'The condition specified by If-Match is not met.');
  }
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, current)) {
    throw new DomainError('precondition-failed', 'The condition specified by If-None-Match is not met.');
  }
}

/**
 * Whether a reader's copy is current (RFC 9110 §13.1.2): the answer is then 304. A header that cannot be understood is
 * as good as none.
 */
export function isCurrent(ifNoneMatch: string | undefined, current: string): boolean {
  if (ifNoneMatch === undefined || ifNoneMatch.length > 4096) return false;
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || opaque(tag.trim()) === current);
}

function matches(tags: EntityTags, current: string | null | undefined): boolean {
  if (current === undefined) return false;
  if (tags === '*') return true;
  return current !== null && tags.some((tag) => opaque(tag) === opaque(current));
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, '');
}
