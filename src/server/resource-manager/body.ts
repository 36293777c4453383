import type { core, ZodType } from 'zod';
import { DomainError } from '../../foundation/domain-error.ts';
import { isStorableJson } from '../../foundation/storable-text.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { isIncomparable, parseJson } from '../http/surface.ts';
import type { Content, Operation } from './provider.ts';

const maxMembers = 10_000;
const maxStringLength = 64 * 1024;

/**
 * A request's body under its schema.
 *
 * @param bounded the form that was read with bounds of its own
 * @throws ArmError `InvalidRequestContent` with the first thing that is wrong and where
 */
export function readBody<Body>(schema: ZodType<Body>, value: unknown, bounded?: Content): Body {
  if (value === undefined && !schema.safeParse(undefined).success) {
    throw invalid('A request body is required');
  }
  if (bounded === undefined) requireModest(value);
  if (!isStorableJson(value)) throw invalid('There are characters that no text here has');
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(issue === undefined ? 'The body is not of the expected shape' : describe(issue));
}

const jsonContent: Content = { maxOctets: 1024 * 1024, parse: parseJson };

/** How the body of an operation is read. */
export function contentOf({ content }: Pick<Operation, 'content'>): Content {
  return content ?? jsonContent;
}

/**
 * Reads a body's text.
 *
 * @throws DomainError `too-large`, or what the form makes of it
 */
export function parseContent(content: Content, text: string): unknown {
  requireSize(content, Buffer.byteLength(text));
  const value = content.parse(text);
  // strict JSON was held to this as it was read
  if (content !== jsonContent) requireComparableLengths(value);
  return value;
}

function requireComparableLengths(value: unknown): void {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (isIncomparable((next as { length?: unknown }).length))
      throw invalid("A member 'length' is no length");
    pending.push(...Object.values(next));
  }
}

/** @throws DomainError `too-large` */
export function requireSize({ maxOctets }: Content, octets: number): void {
  if (octets > maxOctets) throw new DomainError('too-large', 'The request body is too large.');
}

/** Bounds what a schema that keeps unknown members would take in. Depth is bounded where the text is parsed. */
function requireModest(value: unknown): void {
  let members = 0;
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === 'string' && next.length > maxStringLength) {
      throw invalid(`A string is longer than ${maxStringLength} characters`);
    }
    if (typeof next !== 'object' || next === null) continue;
    const inside = Object.values(next);
    members += inside.length;
    if (members > maxMembers) throw invalid(`There are more than ${maxMembers} members`);
    pending.push(...inside);
  }
}

type Issue = core.$ZodIssue;

function describe(issue: Issue): string {
  const path = issue.path.map(String);
  if (issue.code === 'invalid_type' && issue.input === undefined && path.length > 0) {
    const parent = path.slice(0, -1).join('.');
    return `Required property '${path.at(-1)}' not found in JSON. Path '${parent}'.`;
  }
  return `${issue.message}. Path '${path.join('.')}'.`;
}

function invalid(reason: string): ArmError {
  return new ArmError(
    'malformed',
    'InvalidRequestContent',
    `The request content was invalid and could not be deserialized: '${reason}'.`,
  );
}
