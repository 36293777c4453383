import { CompiledQuery } from 'kysely';
import type { Database, Queries } from './database.ts';
import type { Tables } from './tables.ts';

/** Insert statements kept ready, one for each number of rows. */
const keptStatements = 256;

/**
 * Inserts rows into one table by statements made once: for the few places where compiling a query for each batch would
 * be a good part of its cost.
 */
export class RowInserter<Table extends keyof Tables & string> {
  readonly #head: string;
  readonly #columns: number;
  readonly #tail: string;
  readonly #numbered: boolean;
  readonly #statements = new Map<number, string>();

  /** @param tail what follows the rows: a conflict clause, columns to return */
  constructor(
    engine: Database['engine'],
    table: Table,
    columns: readonly (keyof Tables[Table] & string)[],
    tail = '',
  ) {
    const names = columns.map((column) => `"${column}"`).join(', ');
    this.#head = `insert into "${table}" (${names}) values `;
    this.#columns = columns.length;
    this.#tail = tail === '' ? '' : ` ${tail}`;
    this.#numbered = engine === 'postgres';
  }

  /** @returns the rows that the tail returns */
  async insert<Row>(queries: Queries, rows: readonly (readonly unknown[])[]): Promise<readonly Row[]> {
    if (rows.length === 0) return [];
    const query = CompiledQuery.raw(this.#statement(rows.length), rows.flat());
    return (await queries.executeQuery<Row>(query)).rows;
  }

  #statement(rows: number): string {
    const known = this.#statements.get(rows);
    if (known !== undefined) return known;
    let parameter = 0;
    const place = () => (this.#numbered ? `$${++parameter}` : '?');
    const row = () => `(${Array.from({ length: this.#columns }, place).join(', ')})`;
    const statement = `${this.#head}${Array.from({ length: rows }, row).join(', ')}${this.#tail}`;
    if (this.#statements.size < keptStatements) this.#statements.set(rows, statement);
    return statement;
  }
}
