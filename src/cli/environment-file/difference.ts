/**
 * Whether something says all that is wanted of it. What is wanted may leave members out: they may be as they are. Lists are
 * compared as wholes; ids and locations without regard to case.
 */
export function holds(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((one, at) => holds(actual[at], one))
    );
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return false;
    return Object.entries(wanted).every(([name, value]) =>
      holds(Object.hasOwn(actual, name) ? (actual as Record<string, unknown>)[name] : undefined, value),
    );
  }
  if (typeof wanted === 'string' && typeof actual === 'string' && wanted.startsWith('/')) {
    return wanted.toLowerCase() === actual.toLowerCase();
  }
  return Object.is(actual, wanted) || (wanted === null && actual === undefined);
}

/** Whether two tags say the same, one by one. */
export function sameTags(
  actual: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(wanted);
  return names.length === Object.keys(actual).length && names.every((name) => actual[name] === wanted[name]);
}

/** Whether two names are of one location: `West Europe` is `westeurope`. */
export function sameLocation(one: string, other: string): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll(' ', '');
  return plain(one) === plain(other);
}
