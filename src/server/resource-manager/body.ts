import type { core, ZodType } from 'zod';
import { ArmError } from '../http/dialects/arm.ts';

const maxMembers = 10_000;
const maxStringLength = 64 * 1024;

/**
 * A request's body under its schema.
 *
 * @throws ArmError `InvalidRequestContent` with the first thing that is wrong and where
 */
export function readBody<Body>(schema: ZodType<Body>, value: unknown): Body {
  if (value === undefined && !schema.safeParse(undefined).success) {
    throw invalid('A request body is required');
  }
  requireModest(value);
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(issue === undefined ? 'The body is not of the expected shape' : describe(issue));
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
