import type { Selectable } from 'kysely';
import { guid, type TenantId } from '../../foundation/ids.ts';
import type { DirectoryAuditsTable } from '../storage/audit-tables.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { portionsOf } from '../storage/portions.ts';
import type { AuditCategory, DirectoryAudit } from './directory-audit.ts';
import {
  type LogCondition,
  type LogPage,
  type LogPlace,
  type LogQuery,
  readLogTable,
} from './log-reading.ts';

/** What directory audits are narrowed by. */
export type DirectoryAuditColumn =
  | 'at'
  | 'activity'
  | 'category'
  | 'correlation_id'
  | 'user_id'
  | 'app_id'
  | 'principal_id'
  | 'target_ids';

export type DirectoryAuditCondition = LogCondition<DirectoryAuditColumn>;

/** An audit with its place in the log. */
export interface LoggedDirectoryAudit extends DirectoryAudit, LogPlace {}

/** Records a change in its own transaction: neither is there without the other (C20). */
export async function recordDirectoryAudit(transaction: Transaction, audit: DirectoryAudit): Promise<void> {
  await recordDirectoryAudits(transaction, [audit]);
}

/** Records changes in their own transaction, each as an audit, in this order. */
export async function recordDirectoryAudits(
  transaction: Transaction,
  audits: readonly DirectoryAudit[],
): Promise<void> {
  for (const portion of portionsOf(audits)) {
    await transaction.insertInto('directory_audits').values(portion.map(rowOf)).execute();
  }
}

function rowOf(audit: DirectoryAudit) {
  const { tenantId, at, activity, correlationId, initiatedBy, targets, operation, additional } = audit;
  const details: Details = {
    operation,
    initiatedBy,
    targets,
    ...(additional === undefined ? {} : { additional }),
  };
  const application = initiatedBy.kind === 'application' ? initiatedBy : undefined;
  return {
    tenant_id: tenantId,
    at: Math.trunc(at),
    activity: activity.name,
    category: activity.category,
    correlation_id: correlationId ?? null,
    user_id: initiatedBy.kind === 'user' ? initiatedBy.userId : null,
    app_id: application?.appId ?? null,
    principal_id: application?.principalId ?? null,
    target_ids: targets.flatMap(({ id }) => id ?? []).join(' '),
    details: JSON.stringify(details),
  };
}

type Details = Pick<DirectoryAudit, 'operation' | 'initiatedBy' | 'targets' | 'additional'>;

/** A page of a tenant's directory audits, latest first. */
export async function readDirectoryAudits(
  queries: Queries,
  tenantId: TenantId,
  query: LogQuery<DirectoryAuditColumn>,
): Promise<LogPage<LoggedDirectoryAudit>> {
  const { rows, next } = await readLogTable(queries, 'directory_audits', tenantId, query);
  return { rows: rows.map(asAudit), next };
}

/** The audit of a place in the log. */
export async function selectDirectoryAudit(
  queries: Queries,
  tenantId: TenantId,
  sequence: number,
): Promise<LoggedDirectoryAudit | undefined> {
  const row = await queries
    .selectFrom('directory_audits')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('sequence', '=', sequence)
    .executeTakeFirst();
  return row && asAudit(row);
}

function asAudit(row: Selectable<DirectoryAuditsTable>): LoggedDirectoryAudit {
  const { additional, ...details } = JSON.parse(row.details) as Details;
  return {
    ...details,
    ...(additional === undefined ? {} : { additional }),
    sequence: row.sequence,
    tenantId: guid<TenantId>(row.tenant_id),
    at: row.at,
    activity: { name: row.activity, category: row.category as AuditCategory },
    ...(row.correlation_id === null ? {} : { correlationId: row.correlation_id }),
  };
}
