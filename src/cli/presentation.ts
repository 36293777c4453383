import { compile, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath';
import { stringify } from 'yaml';
import { JsonReader } from '../client/json-reader.ts';
import { type Answer, CommandError, type CommandInput, optionText } from './command.ts';
import { printable } from './output.ts';
import { type OutputForm, outputForms } from './presentation-options.ts';

/** What an answer becomes: the text for standard output, `undefined` where there is none. */
export type Presentation = (answer: Answer) => string | undefined;

/**
 * How the command line wants answers shown. It is read before the command does anything, so that a query that cannot be
 * read changes nothing.
 *
 * @throws CommandError with exit code 2 where the query is no JMESPath
 */
export function readPresentation(input: CommandInput): Presentation {
  const form = outputForms.find((one) => one === optionText(input, 'output')) ?? 'table';
  const text = optionText(input, 'query');
  if (text === undefined) return (answer) => present(answer, form);
  const query = readQuery(text);
  return ({ data }) => (data === undefined ? undefined : present({ data: query(data) }, form));
}

function readQuery(text: string): (data: unknown) => unknown {
  try {
    const tree = compile(text);
    return (data) => {
      try {
        return TreeInterpreter.search(tree, data as JSONValue);
      } catch (error) {
        throw refusedQuery(error);
      }
    };
  } catch (error) {
    throw refusedQuery(error);
  }
}

function refusedQuery(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  return new CommandError(`--query is refused: ${error instanceof Error ? error.message : 'no JMESPath'}`, 2);
}

/** An answer as text in one of the forms. */
export function present(answer: Answer, form: OutputForm): string | undefined {
  const { data, said } = answer;
  switch (form) {
    case 'none':
      return undefined;
    case 'json':
      return data === undefined ? undefined : escapeControls(JSON.stringify(data, null, 2));
    case 'yaml':
      return data === undefined ? undefined : printable(stringify(data, { lineWidth: 0 }).trimEnd());
    case 'tsv':
      return data === undefined ? undefined : separated(data);
    case 'table':
      return said ?? table(answer);
  }
}

/** JSON escapes C0 controls by itself; C1 and DEL move cursors too. */
function escapeControls(text: string): string {
  return text.replace(/[\x7f-\x9f]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
}

/** Values of a row with tabs between, a row each line, no headings: for `cut` and `read`. */
function separated(data: unknown): string | undefined {
  const rows = Array.isArray(data) ? data : [data];
  const lines = rows
    .filter((row) => row !== null && row !== undefined)
    .map((row) => cellsOf(row).map(cell).join('\t'));
  return lines.length === 0 ? undefined : lines.join('\n');
}

function cellsOf(row: unknown): readonly unknown[] {
  if (Array.isArray(row)) return row;
  return isObject(row) ? Object.values(row) : [row];
}

function table({ data, columns, nothing }: Answer): string | undefined {
  if (data === undefined || data === null) return undefined;
  const rows = Array.isArray(data) ? data : [data];
  if (rows.length === 0) return nothing;
  if (columns === undefined) return tableOfAnything(rows);
  const read = Object.entries(columns);
  return aligned(
    read.map(([name]) => name),
    rows.map((row) => read.map(([, of]) => of(new JsonReader(row, 'the answer')))),
  );
}

/** Whatever a query leaves: members of objects that are plain become columns; other values stand alone. */
function tableOfAnything(rows: readonly unknown[]): string {
  if (rows.every(isObject)) {
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) =>
      rows.every((row) => typeof row[name] !== 'object' || row[name] === null),
    );
    if (names.length > 0)
      return aligned(
        names,
        rows.map((row) => names.map((name) => cell(row[name]))),
      );
  }
  const cells = rows.map((row) => (Array.isArray(row) ? row.map(cell) : [cell(row)]));
  return aligned(undefined, cells);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return oneLine(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** What others have named stands in cells: no character of it may end a line, begin a cell or move the cursor. */
function oneLine(text: string): string {
  return printable(text.replaceAll(/[\n\t\u2028\u2029]/g, ' '));
}

function aligned(headings: readonly string[] | undefined, rows: readonly (readonly string[])[]): string {
  const body = rows.map((row) => row.map((text) => oneLine(text) || '-'));
  const all = headings === undefined ? body : [headings.map((name) => name.toUpperCase()), ...body];
  const count = Math.max(...all.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) =>
    Math.max(...all.map((row) => row[at]?.length ?? 0)),
  );
  return all
    .map((row) =>
      row
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
