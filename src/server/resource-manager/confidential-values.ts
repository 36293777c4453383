import type { JsonObject, JsonValue } from '../../contract/arm.ts';

/**
 * A copy without the texts that have a confidential one inside, at any depth: what a request within another says is
 * never shown, and a record cannot keep without showing it.
 */
export function withoutConfidential(object: JsonObject, confidential: readonly string[]): JsonObject {
  if (confidential.length === 0) return object;
  const visit = (value: JsonValue): JsonValue | undefined => {
    if (typeof value === 'string') {
      return confidential.some((text) => value.includes(text)) ? undefined : value;
    }
    if (Array.isArray(value)) return value.map(visit).filter((item) => item !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const kept: [string, JsonValue][] = [];
    for (const [name, member] of Object.entries(value as JsonObject)) {
      const inside = visit(member);
      if (inside !== undefined) kept.push([name, inside]);
    }
    return Object.fromEntries(kept);
  };
  return visit(object) as JsonObject;
}
