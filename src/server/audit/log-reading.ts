import { setImmediate as turn } from 'node:timers/promises';
import type { ExpressionBuilder, ExpressionWrapper, Selectable, SqlBool } from 'kysely';
import type { TenantId } from '../../foundation/ids.ts';
import type { AuditTables } from '../storage/audit-tables.ts';
import type { Queries } from '../storage/database.ts';

/** A row's place in a log, from which reading goes on. */
export interface LogPlace {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Orders rows of one time. */
  readonly sequence: number;
}

/** Which rows of a log are wanted, by their columns. */
export type LogCondition<Column extends string> =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly LogCondition<Column>[] }
  | {
      readonly kind: 'compare';
      readonly column: Column;
      /** A column without a value equals none, and is told apart from every. */
      readonly by: '=' | '!=' | '<' | '<=' | '>' | '>=';
      readonly value: string | number;
    }
  | { readonly kind: 'among'; readonly column: Column; readonly values: readonly (string | number)[] }
  /** An id among several that the column lists. */
  | { readonly kind: 'lists'; readonly column: Column; readonly id: string };

/** A page of a log, latest first. */
export interface LogPage<Row> {
  readonly rows: readonly Row[];
  /** Where the next page begins; `undefined` at the log's end. A page may be short, or empty, and have a next one. */
  readonly next: LogPlace | undefined;
}

/** Part of a log: behind one place, up to another and with it. */
interface Stretch {
  readonly after: LogPlace | undefined;
  readonly last: LogPlace | undefined;
}

export interface LogSource<Row extends LogPlace> {
  /** The place of the row so many behind another; `undefined` where there are fewer. */
  placeBehind(after: LogPlace | undefined, count: number): Promise<LogPlace | undefined>;
  /** The wanted rows of a stretch, latest first. */
  rows(stretch: Stretch, limit: number): Promise<readonly Row[]>;
}

/** Rows that one query looks at: the others of this process wait no longer than it takes. */
const stretchLength = 5000;
/** Stretches of one page; behind them it ends short, and the reader asks on. */
const maxStretches = 40;

/**
 * A page of a log of whatever length, whatever it is narrowed to: read in stretches of rows along the index by time, so
 * that a search for what is rare holds up nobody, and takes no index that writing would pay for.
 */
export async function readLog<Row extends LogPlace>(
  source: LogSource<Row>,
  { after, limit }: { readonly after?: LogPlace | undefined; readonly limit: number },
): Promise<LogPage<Row>> {
  const rows: Row[] = [];
  let place = after;
  for (let count = 0; count < maxStretches; count += 1) {
    if (count > 0) await turn();
    const last = await source.placeBehind(place, stretchLength);
    rows.push(...(await source.rows({ after: place, last }, limit + 1 - rows.length)));
    const end = rows[limit - 1];
    if (rows.length > limit && end !== undefined) {
      return { rows: rows.slice(0, limit), next: { at: end.at, sequence: end.sequence } };
    }
    if (last === undefined) return { rows, next: undefined };
    place = last;
  }
  return { rows, next: place };
}

/** Which part of a log is read. */
export interface LogQuery<Column extends string> {
  /** All of the tenant's unless told. */
  readonly where?: LogCondition<Column> | undefined;
  /** Goes on behind this place of the log. */
  readonly after?: LogPlace | undefined;
  readonly limit: number;
}

type LogRow<Table extends keyof AuditTables> = Selectable<AuditTables[Table]> & LogPlace;

/** A page of the rows that a table keeps of a tenant, latest first. */
export async function readLogTable<Table extends 'sign_ins' | 'directory_audits'>(
  queries: Queries,
  table: Table,
  tenantId: TenantId,
  { where, after, limit }: LogQuery<string>,
): Promise<LogPage<LogRow<Table>>> {
  const bounds = timeBounds(where);
  const log = () =>
    queries
      .selectFrom<'sign_ins' | 'directory_audits'>(table)
      .where('tenant_id', '=', tenantId)
      .orderBy('at', 'desc')
      .orderBy('sequence', 'desc');
  return await readLog(
    {
      placeBehind: (behind, count) =>
        log()
          .select(['at', 'sequence'])
          .where((e) => stretchSql(e, { after: behind, last: undefined }))
          .where((e) => e.and(bounds.map((bound) => conditionSql(e, bound))))
          .offset(count - 1)
          .limit(1)
          .executeTakeFirst(),
      rows: async (stretch, most) =>
        (await log()
          .selectAll()
          .where((e) => stretchSql(e, stretch))
          .where((e) => conditionSql(e, where ?? { kind: 'and', parts: [] }))
          .limit(most)
          .execute()) as readonly unknown[] as readonly LogRow<Table>[],
    },
    { after, limit },
  );
}

type LogExpressions = ExpressionBuilder<AuditTables, keyof AuditTables>;
type LogExpression = ExpressionWrapper<AuditTables, keyof AuditTables, SqlBool>;

/** A condition as SQL; every value is a parameter. */
function conditionSql(e: LogExpressions, condition: LogCondition<string>): LogExpression {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return e[condition.kind](condition.parts.map((part) => conditionSql(e, part)));
    case 'among':
      return condition.values.length === 0
        ? e.lit(false)
        : e(condition.column as never, 'in', [...condition.values] as never);
    case 'lists':
      return e(condition.column as never, 'like', `%${condition.id.replaceAll(/[%_\\]/g, '')}%` as never);
    case 'compare': {
      const compared = e(condition.column as never, condition.by, condition.value as never);
      if (condition.by !== '!=') return compared;
      return e.or([compared, e(condition.column as never, 'is', null as never)]);
    }
    default:
      return condition satisfies never;
  }
}

/** A stretch as SQL, told twice: the outer bounds of `at` are what an index is entered by. */
function stretchSql(e: LogExpressions, { after, last }: Stretch): LogExpression {
  const at = 'at' as never;
  const sequence = 'sequence' as never;
  const bounds: LogExpression[] = [];
  if (after !== undefined) {
    bounds.push(e(at, '<=', after.at as never));
    bounds.push(
      e.or([
        e(at, '<', after.at as never),
        e.and([e(at, '=', after.at as never), e(sequence, '<', after.sequence as never)]),
      ]),
    );
  }
  if (last !== undefined) {
    bounds.push(e(at, '>=', last.at as never));
    bounds.push(
      e.or([
        e(at, '>', last.at as never),
        e.and([e(at, '=', last.at as never), e(sequence, '>=', last.sequence as never)]),
      ]),
    );
  }
  return e.and(bounds);
}

/** The parts of a condition that bound the time of every row it holds for: where reading may begin and end. */
function timeBounds(condition: LogCondition<string> | undefined): readonly LogCondition<string>[] {
  if (condition?.kind === 'and') return condition.parts.flatMap(timeBounds);
  return condition?.kind === 'compare' && condition.column === 'at' ? [condition] : [];
}
