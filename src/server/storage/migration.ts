import type { ColumnBuilderCallback, ColumnDataType, Kysely, RawBuilder } from 'kysely';

/** How an engine spells the column types that differ. */
export interface ColumnTypes {
  readonly bytes: ColumnDataType;
  /** An integer that the database counts up, as primary key. */
  readonly sequence: ColumnDataType;
  readonly asSequence: ColumnBuilderCallback;
  /** Ends the definition of a table that is its primary key and little else, where the engine would keep it twice. */
  readonly keyIsTable: RawBuilder<unknown> | undefined;
  /** The collation that compares texts by their octets, where that is not how texts compare anyway. */
  readonly octetOrder: RawBuilder<unknown> | undefined;
  /** The id of the writing transaction, where transactions commit in another order than they write. */
  readonly transactionId:
    | { readonly type: RawBuilder<unknown>; readonly current: RawBuilder<unknown> }
    | undefined;
}

export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>, types: ColumnTypes): Promise<void>;
}
