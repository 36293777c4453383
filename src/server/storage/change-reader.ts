import { sql } from 'kysely';
import type { Change, ChangeKind } from './change.ts';
import type { Database, Queries } from './database.ts';
import type { ChangeLogTable } from './tables.ts';

/**
 * A change with its place in the log. Positions only grow: a reader that has reached `position` has seen every change
 * below it. They mean the same to every replica of one database.
 */
export interface PlacedChange extends Change {
  readonly position: number;
}

export interface ChangeBatch {
  readonly changes: readonly PlacedChange[];
  /** True where there were more changes than a batch holds: they are passed over, and the reader is at the end. */
  readonly overflow: boolean;
}

/** Reads the log forward from where it starts. */
export interface ChangeReader {
  /** Every change below it has been read. */
  readonly position: number;
  /** No position above it had been given out when the log was last read. */
  readonly ceiling: number;
  /** Goes to the end of the log: what is visible now is passed over. */
  start(): Promise<void>;
  /** What was committed since the last call, each change once, in an order that keeps each row's own. */
  read(): Promise<ChangeBatch>;
}

export function changeReader(database: Database): ChangeReader {
  return database.engine === 'sqlite' ? new SqliteReader(database.read) : new PostgresReader(database.read);
}

/** More than this at once, and forgetting every copy is cheaper than naming what changed. */
const batchSize = 10_000;

type ChangeRow = Pick<ChangeLogTable, 'tenant_id' | 'kind' | 'key'> & { readonly seq: number };

function placed(row: ChangeRow, position: number): PlacedChange {
  return {
    seq: row.seq,
    tenantId: row.tenant_id as PlacedChange['tenantId'],
    kind: row.kind as ChangeKind,
    key: row.key,
    position,
  };
}

/** SQLite has one writer, so sequence numbers are in commit order and a position is the next one to come. */
class SqliteReader implements ChangeReader {
  readonly #queries: Queries;
  #position = 0;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  get position(): number {
    return this.#position;
  }

  get ceiling(): number {
    return this.#position;
  }

  async start(): Promise<void> {
    const last = await this.#queries
      .selectFrom('change_log')
      .select((select) => select.fn.max('seq').as('seq'))
      .executeTakeFirst();
    this.#position = Math.max(this.#position, (last?.seq ?? 0) + 1);
  }

  async read(): Promise<ChangeBatch> {
    const rows = await this.#queries
      .selectFrom('change_log')
      .select(['seq', 'tenant_id', 'kind', 'key'])
      .where('seq', '>=', this.#position)
      .orderBy('seq')
      .limit(batchSize + 1)
      .execute();
    if (rows.length > batchSize) {
      await this.start();
      return { changes: [], overflow: true };
    }
    const last = rows.at(-1);
    if (last !== undefined) this.#position = last.seq + 1;
    return { changes: rows.map((row) => placed(row, row.seq)), overflow: false };
  }
}

interface Place {
  readonly horizon: number;
  readonly ceiling: number;
}

interface PostgresRow extends Place {
  readonly xid: number | null;
  readonly seq: number | null;
  readonly tenant_id: string;
  readonly kind: string;
  readonly key: string;
}

/**
 * On PostgreSQL transactions commit in another order than they draw sequence numbers, so a position is a transaction
 * id: below the snapshot's `xmin` every transaction is decided, and no row can appear there any more. Rows at or above
 * it are given out as soon as they are visible, and remembered until the horizon has passed them, so that a change
 * never waits for somebody else's long transaction and is never given twice.
 *
 * Two transactions that touch one row commit in the order of their ids, because the later one began after the earlier
 * one's end or failed to serialise: ordering a batch by id keeps each row's order.
 */
class PostgresReader implements ChangeReader {
  readonly #queries: Queries;
  #horizon = 0;
  #ceiling = 0;
  #given: ReadonlySet<number> = new Set();

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  get position(): number {
    return this.#horizon;
  }

  get ceiling(): number {
    return this.#ceiling;
  }

  async start(): Promise<void> {
    const { rows } = await sql<Place & { readonly given: number[] }>`
      select pg_snapshot_xmin(snapshot)::text::bigint as horizon,
             pg_snapshot_xmax(snapshot)::text::bigint as ceiling,
             array(select seq::text from change_log where xid >= pg_snapshot_xmin(snapshot)) as given
        from (select pg_current_snapshot() as snapshot) as now`.execute(this.#queries);
    const [place] = rows;
    if (place === undefined) throw new Error('the snapshot query returned no row');
    this.#horizon = place.horizon;
    this.#ceiling = place.ceiling;
    this.#given = new Set(place.given.map(Number));
  }

  async read(): Promise<ChangeBatch> {
    const limit = batchSize + this.#given.size;
    const { rows } = await sql<PostgresRow>`
      select pg_snapshot_xmin(snapshot)::text::bigint as horizon,
             pg_snapshot_xmax(snapshot)::text::bigint as ceiling,
             xid::text::bigint as xid, seq, tenant_id, kind, key
        from (select pg_current_snapshot() as snapshot) as now
             left join change_log on xid >= ${String(this.#horizon)}::xid8
       order by change_log.xid, seq
       limit ${sql.lit(limit + 1)}`.execute(this.#queries);
    const first = rows[0];
    if (first === undefined) throw new Error('the snapshot query returned no row');
    if (rows.length > limit) {
      await this.start();
      return { changes: [], overflow: true };
    }
    const changes: PlacedChange[] = [];
    const given = new Set<number>();
    for (const row of rows) {
      if (row.xid === null || row.seq === null) continue;
      if (row.xid >= first.horizon) given.add(row.seq);
      if (!this.#given.has(row.seq)) changes.push(placed({ ...row, seq: row.seq }, row.xid));
    }
    this.#horizon = first.horizon;
    this.#ceiling = first.ceiling;
    this.#given = given;
    return { changes, overflow: false };
  }
}
