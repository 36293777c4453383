/**
 * Whether a text can be looked for and kept in every database: no NUL, which PostgreSQL takes nowhere, and no half of a
 * pair of surrogates, which UTF-8 has not.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** Whether every text in a value of JSON is. */
export function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => isStorable(name) && isStorableJson(member));
}
