import { DomainError } from '../../foundation/domain-error.ts';

/** A word, a literal or a sign of a `$filter`. */
export type FilterToken =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'sign'; readonly text: '(' | ')' | ',' | ':' };

const maxLength = 8192;
const pattern =
  /\s*(?:'((?:[^']|'')*)'|([(),:])|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])|(\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))|(-?\d{1,15}(?:\.\d{1,6})?)(?![\w-])|([A-Za-z$_][\w$./]*))/iy;

/** Cuts a `$filter` into tokens. @throws DomainError `unsupported` where something is no token */
export function filterTokens(text: string): readonly FilterToken[] {
  if (text.length > maxLength) throw invalidFilter();
  const tokens: FilterToken[] = [];
  const trimmed = text.trimEnd();
  pattern.lastIndex = 0;
  while (pattern.lastIndex < trimmed.length) {
    const match = pattern.exec(trimmed);
    if (match === null) throw invalidFilter();
    const [, quoted, sign, guid, time, number, word] = match;
    if (quoted !== undefined) tokens.push({ kind: 'literal', value: quoted.replaceAll("''", "'") });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign as '(' });
    else if (guid !== undefined) tokens.push({ kind: 'literal', value: guid });
    else if (time !== undefined) tokens.push({ kind: 'literal', value: time });
    else if (number !== undefined) tokens.push({ kind: 'literal', value: Number(number) });
    else tokens.push(wordToken(word ?? ''));
  }
  return tokens;
}

function wordToken(text: string): FilterToken {
  switch (text.toLowerCase()) {
    case 'true':
      return { kind: 'literal', value: true };
    case 'false':
      return { kind: 'literal', value: false };
    case 'null':
      return { kind: 'literal', value: null };
    default:
      return { kind: 'word', text };
  }
}

export function invalidFilter(): DomainError {
  return new DomainError('unsupported', 'Unsupported or invalid query filter clause specified.');
}
