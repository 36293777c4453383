/**
 * Patterns of action names as role definitions spell them (`spec/resource-manager.md` d.3): compared without regard to
 * case, anchored at both ends, `*` stands for any run of characters, slashes included, or for none; a star between two
 * slashes may also vanish together with one of them, so that a role's `x/<star>/read` grants `x/read`.
 */
export type ActionMatcher = (action: CanonicalAction) => boolean;

declare const canonical: unique symbol;
/** An action name in lower case, printable ASCII, of bounded length. */
export type CanonicalAction = string & { readonly [canonical]: true };

export const maxActionLength = 512;

/** The comparable form of an action name, or `undefined` where the text can be none. */
export function canonicalAction(text: string): CanonicalAction | undefined {
  if (text.length === 0 || text.length > maxActionLength) return undefined;
  for (let at = 0; at < text.length; at += 1) {
    const c = text.charCodeAt(at);
    // `*` belongs to patterns: an action that carries one names no operation.
    if (c <= 0x20 || c >= 0x7f || c === 0x2a) return undefined;
  }
  return text.toLowerCase() as CanonicalAction;
}

interface Chunk {
  readonly text: string;
  /** The chunk stands behind a star between two slashes: the character in front of it is a slash. */
  readonly afterSlash: boolean;
}

/**
 * Compiles a pattern to a matcher that looks for each literal chunk once, from left to right: no backtracking, so the
 * cost of a pattern is bounded by its length times the action's, whatever either contains.
 *
 * @throws TypeError where the pattern is longer than an action may be or is not printable ASCII
 */
export function compilePattern(pattern: string): ActionMatcher {
  if (pattern.length === 0 || pattern.length > maxActionLength || !/^[\x21-\x7e]+$/.test(pattern)) {
    throw new TypeError('a pattern is 1 to 512 printable ASCII characters');
  }
  const chunks = split(pattern.toLowerCase());
  const [first, ...rest] = chunks as [Chunk, ...Chunk[]];
  const last = rest.pop();
  if (last === undefined) return (action) => action === first.text;

  return (action) => {
    if (!action.startsWith(first.text)) return false;
    let at = first.text.length;
    for (const chunk of rest) {
      const found = find(action, chunk, at);
      if (found === -1) return false;
      at = found + chunk.text.length;
    }
    const tail = action.length - last.text.length;
    return tail >= at && action.endsWith(last.text) && standsRight(action, last, tail);
  };
}

function split(pattern: string): Chunk[] {
  const chunks: Chunk[] = [];
  let start = 0;
  let afterSlash = false;
  for (let star = pattern.indexOf('*'); star !== -1; star = pattern.indexOf('*', start)) {
    chunks.push({ text: pattern.slice(start, star), afterSlash });
    afterSlash = pattern[star - 1] === '/' && pattern[star + 1] === '/';
    // The `/` behind such a star is the one that `afterSlash` asks for.
    start = star + (afterSlash ? 2 : 1);
  }
  chunks.push({ text: pattern.slice(start), afterSlash });
  return chunks;
}

/** The leftmost place is the right one: it leaves the most for the chunks behind. */
function find(action: string, chunk: Chunk, from: number): number {
  let at = action.indexOf(chunk.text, from);
  while (at !== -1 && !standsRight(action, chunk, at)) {
    if (at === action.length) return -1;
    at = action.indexOf(chunk.text, at + 1);
  }
  return at;
}

function standsRight(action: string, chunk: Chunk, at: number): boolean {
  return !chunk.afterSlash || action[at - 1] === '/';
}
