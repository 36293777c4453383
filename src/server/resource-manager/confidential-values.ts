import type { JsonObject, JsonValue } from '../../contract/arm.ts';

/** Tells whether a text has a confidential one inside. Case is no disguise: names and places are told in lower case. */
export function confidentialIn(confidential: readonly string[]): (text: string) => boolean {
  const lowered = confidential.map((text) => text.toLowerCase());
  return (text) => {
    const searched = text.toLowerCase();
    return lowered.some((one) => searched.includes(one));
  };
}

/**
 * A copy without the texts that have a confidential one inside, at any depth: what a request within another says is
 * never shown, and a record cannot keep without showing it.
 */
export function withoutConfidential(object: JsonObject, confidential: readonly string[]): JsonObject {
  if (confidential.length === 0) return object;
  const isConfidential = confidentialIn(confidential);
  const visit = (value: JsonValue): JsonValue | undefined => {
    if (typeof value === 'string') {
      return isConfidential(value) ? undefined : value;
    }
    if (Array.isArray(value)) return value.map(visit).filter((item) => item !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const kept: [string, JsonValue][] = [];
    for (const [name, member] of Object.entries(value as JsonObject)) {
      const inside = isConfidential(name) ? undefined : visit(member);
      if (inside !== undefined) kept.push([name, inside]);
    }
    return Object.fromEntries(kept);
  };
  return visit(object) as JsonObject;
}
