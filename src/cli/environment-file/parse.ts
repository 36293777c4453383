import { isCollection, LineCounter, parseDocument } from 'yaml';
import {
  type EnvironmentFile,
  environmentFileSchema,
  resourceKinds,
} from '../../contract/environment-file.ts';
import { FileErrors, type FilePositions, filePositions } from './file-position.ts';

export interface ParsedFile {
  readonly content: EnvironmentFile;
  readonly positions: FilePositions;
}

/** How often aliases of a file may stand for others: files of a few lines could become gigabytes. */
const mostAliases = 100;

/**
 * Reads an environment file: YAML 1.2 with one document, JSON included.
 *
 * @param file its name, for messages
 * @throws FileErrors with line and column of everything that is wrong; no message holds a value of the file
 */
export function parseEnvironmentFile(text: string, file: string): ParsedFile {
  const lines = new LineCounter();
  // the parser's own pretty messages quote the line, and a secret may stand there
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    version: '1.2',
  });
  const positions = filePositions(file, document, lines);
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    throw new FileErrors(
      broken.map(({ pos, code }) => {
        const { line, col } = lines.linePos(pos[0]);
        return `${file}:${line}:${col}: ${syntaxProblems[code] ?? 'this is no YAML'}`;
      }),
    );
  }
  if (!isCollection(document.contents)) {
    throw new FileErrors([
      `${positions.of([])}: the file holds no environment: it begins with group:, resources: or roleAssignments:`,
    ]);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: mostAliases });
  } catch {
    throw new FileErrors([`${positions.of([])}: aliases of the file stand for too much`]);
  }
  const read = environmentFileSchema.safeParse(value);
  if (read.success) return { content: read.data, positions };
  throw new FileErrors(read.error.issues.flatMap((issue) => explain(issue, [], value, positions)));
}

/** What the parser's codes mean to people; its own messages may quote the file. */
const syntaxProblems: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias has no anchor and no tag',
  BAD_ALIAS: 'this is no alias',
  BAD_INDENT: 'this is not indented as what it belongs to',
  BAD_SCALAR_START: 'a text that begins so must be quoted',
  BLOCK_AS_IMPLICIT_KEY: 'a nested mapping begins on a line of its own',
  BLOCK_IN_FLOW: 'a block stands within brackets',
  DUPLICATE_KEY: 'this key stands twice',
  IMPOSSIBLE: 'this is no YAML',
  KEY_OVER_1024_CHARS: 'this key is too long',
  MISSING_CHAR: 'a character is missing: a closing quote, a bracket, a comma or a colon',
  MULTILINE_IMPLICIT_KEY: 'a key stands on one line',
  MULTIPLE_ANCHORS: 'a value has one anchor at most',
  MULTIPLE_DOCS: 'a file holds one document',
  MULTIPLE_TAGS: 'a value has one tag at most',
  NON_STRING_KEY: 'a key is a text',
  TAB_AS_INDENT: 'lines are indented by spaces, not by tabs',
  TAG_RESOLVE_FAILED: 'this tag is not understood',
  UNEXPECTED_TOKEN: 'this is not expected here',
};

/** As much of a schema's complaint as is read here. */
interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
}

function explain(
  issue: Issue,
  above: readonly PropertyKey[],
  root: unknown,
  positions: FilePositions,
): string[] {
  const path = [...above, ...issue.path].filter((one) => typeof one !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map(
      (key) => `${positions.of(path, key)}: ${pathText([...path, key])} is unknown`,
    );
  }
  if (issue.code === 'invalid_union' && issue.errors !== undefined) {
    const value = valueAt(root, path);
    const isResource = path.length === 2 && path[0] === 'resources';
    const branch = isResource ? issue.errors[kindOf(value)] : nearest(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => explain(inner, path, root, positions));
    if (isResource) {
      return [`${positions.of(path)}: ${pathText(path)} says not what it is: ${resourceKinds.join(', ')}`];
    }
  }
  const missing = valueAt(root, path) === undefined;
  const message = issue.message
    .replace(/^Invalid input: /, '')
    .replace(/^Invalid input$/, 'has none of the forms that it may have')
    .replace(/^Invalid (string|key).*$/, 'has the wrong form');
  const key = path.at(-1);
  const place =
    missing || typeof key !== 'string' ? positions.of(path) : positions.of(path.slice(0, -1), key);
  return [`${place}: ${pathText(path)}: ${missing ? 'is missing' : message}`];
}

/** The branch that a resource means by its key. */
function kindOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return -1;
  return resourceKinds.findIndex((kind) => kind in value);
}

/** Of several forms of a value the one that the value comes nearest to: whose complaints are deepest. */
function nearest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const depth = (issues: readonly Issue[]) =>
    Math.min(...issues.map(({ code, path }) => path.length + (code === 'invalid_type' ? 0 : 1)));
  const ranked = branches.toSorted((one, other) => depth(other) - depth(one));
  const [first, second] = ranked;
  return first !== undefined && (second === undefined || depth(first) > depth(second)) ? first : undefined;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  return value;
}

/** `resources[2].identity`. */
export function pathText(path: readonly (string | number)[]): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`))
    .join('');
}
