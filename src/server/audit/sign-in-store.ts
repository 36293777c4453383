import type { Selectable } from 'kysely';
import { guid, type TenantId } from '../../foundation/ids.ts';
import type { SignInsTable } from '../storage/audit-tables.ts';
import type { Queries } from '../storage/database.ts';
import {
  type LogCondition,
  type LogPage,
  type LogPlace,
  type LogQuery,
  readLogTable,
} from './log-reading.ts';
import type { SignIn, SignInKind } from './sign-in.ts';

/** What sign-ins are narrowed by. */
export type SignInColumn =
  | 'sign_in_id'
  | 'at'
  | 'kind'
  | 'account_id'
  | 'client_id'
  | 'resource_app_id'
  | 'correlation_id'
  | 'error_code';

export type SignInCondition = LogCondition<SignInColumn>;

/** A sign-in with its place in the log. */
export interface LoggedSignIn extends SignIn, LogPlace {}

/** A page of a tenant's sign-ins, latest first. */
export async function readSignIns(
  queries: Queries,
  tenantId: TenantId,
  query: LogQuery<SignInColumn>,
): Promise<LogPage<LoggedSignIn>> {
  const { rows, next } = await readLogTable(queries, 'sign_ins', tenantId, query);
  return { rows: rows.map(asSignIn), next };
}

/** The sign-in of an id, whatever its kind and however long the log. */
export async function selectSignIn(
  queries: Queries,
  tenantId: TenantId,
  signInId: string,
): Promise<LoggedSignIn | undefined> {
  const where: SignInCondition = { kind: 'compare', column: 'sign_in_id', by: '=', value: signInId };
  for (let after: LogPlace | undefined; ; ) {
    const { rows, next } = await readSignIns(queries, tenantId, { where, after, limit: 1 });
    if (rows.length > 0 || next === undefined) return rows[0];
    after = next;
  }
}

function asSignIn(row: Selectable<SignInsTable>): LoggedSignIn {
  const details = JSON.parse(row.details) as Pick<SignIn, 'credential' | 'address'>;
  return {
    ...details,
    sequence: row.sequence,
    signInId: row.sign_in_id,
    tenantId: guid<TenantId>(row.tenant_id),
    at: row.at,
    kind: row.kind as SignInKind,
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    ...(row.client_id === null ? {} : { clientId: row.client_id }),
    ...(row.resource_app_id === null ? {} : { resourceAppId: row.resource_app_id }),
    correlationId: row.correlation_id,
    errorCode: row.error_code,
  };
}
