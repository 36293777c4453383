import { isGuid } from '../../../foundation/ids.ts';
import type { DirectoryAudit } from '../../audit/directory-audit.ts';
import {
  type DirectoryAuditColumn,
  type DirectoryAuditCondition,
  type LoggedDirectoryAudit,
  readDirectoryAudits,
  selectDirectoryAudit,
} from '../../audit/directory-audits.ts';
import type { Filter } from '../filter.ts';
import type { GraphOperation, ReadOperation } from '../operation.ts';
import { noSuchObject } from '../targets.ts';
import { type LogProperties, logCondition } from './log-filter.ts';
import { logPage, logPages } from './log-page.ts';

const entitySet = 'auditLogs/directoryAudits';
const permissions = ['AuditLog.Read.All'] as const;

const properties: LogProperties<DirectoryAuditColumn> = {
  activitydatetime: { column: 'at', type: 'time' },
  activitydisplayname: { column: 'activity', type: 'text' },
  category: { column: 'category', type: 'text' },
  correlationid: { column: 'correlation_id', type: 'id' },
  'initiatedby/app/appid': { column: 'app_id', type: 'id' },
  'initiatedby/app/serviceprincipalid': { column: 'principal_id', type: 'id' },
  'initiatedby/user/id': { column: 'user_id', type: 'id' },
};

/** The directory audits (h.6): each change of the directory. */
export const directoryAuditOperations: readonly GraphOperation[] = [list(), read()];

function list(): ReadOperation {
  return {
    method: 'GET',
    path: entitySet,
    permissions,
    pages: logPages,
    run(request, queries) {
      const { tenantId, options } = request;
      const where = options.filter && logCondition(options.filter, properties, ofTarget);
      return logPage(
        request,
        { entitySet, time: 'activityDateTime' },
        (from) => readDirectoryAudits(queries, tenantId, { where, ...from }),
        async (rows) => rows.map(presentAudit),
      );
    },
  };
}

function read(): ReadOperation {
  return {
    method: 'GET',
    path: `${entitySet}/{}`,
    permissions,
    async run({ tenantId, keys: [key] }, queries) {
      const sequence = placeOf(tenantId, key?.value ?? '');
      const found =
        sequence === undefined ? undefined : await selectDirectoryAudit(queries, tenantId, sequence);
      if (found === undefined) throw noSuchObject(key?.value ?? '');
      return { kind: 'entity', entitySet, value: presentAudit(found) };
    },
  };
}

/** `targetResources/any(t: t/id eq '…')` */
function ofTarget(filter: Filter): DirectoryAuditCondition | undefined {
  if (filter.kind !== 'any' || filter.path.toLowerCase() !== 'targetresources') return undefined;
  const { part, variable } = filter;
  if (part?.kind !== 'compare' || part.by !== 'eq') return undefined;
  if (part.path.toLowerCase() !== `${variable}/id`.toLowerCase()) return undefined;
  const id = String(part.value);
  if (!isGuid(id)) return { kind: 'among', column: 'target_ids', values: [] };
  return { kind: 'lists', column: 'target_ids', id: id.toLowerCase() };
}

/** An audit's id: where it is in which log. */
function idOf({ tenantId, sequence }: Pick<LoggedDirectoryAudit, 'tenantId' | 'sequence'>): string {
  return `Directory_${tenantId}_${sequence}`;
}

function placeOf(tenantId: DirectoryAudit['tenantId'], id: string): number | undefined {
  const sequence = Number(/_(\d{1,15})$/.exec(id)?.[1] ?? Number.NaN);
  return idOf({ tenantId, sequence }) === id ? sequence : undefined;
}

function presentAudit(audit: LoggedDirectoryAudit): object {
  const { activity, initiatedBy, targets, additional = [] } = audit;
  return {
    id: idOf(audit),
    category: activity.category,
    correlationId: audit.correlationId ?? null,
    result: 'success',
    resultReason: '',
    activityDisplayName: activity.name,
    activityDateTime: new Date(audit.at).toISOString(),
    loggedByService: 'Core Directory',
    operationType: audit.operation,
    initiatedBy: presentInitiator(initiatedBy),
    targetResources: targets.map(({ id, displayName, type, userPrincipalName = null, modified }) => ({
      id,
      displayName,
      type,
      userPrincipalName,
      groupType: null,
      modifiedProperties: modified.map(({ name, oldValue = null, newValue = null }) => ({
        displayName: name,
        oldValue,
        newValue,
      })),
    })),
    additionalDetails: additional,
  };
}

function presentInitiator(initiatedBy: DirectoryAudit['initiatedBy']): object {
  if (initiatedBy.kind === 'user') {
    const { userId: id, displayName, userPrincipalName, address: ipAddress } = initiatedBy;
    return { user: { id, displayName, userPrincipalName, ipAddress }, app: null };
  }
  const { displayName, appId = null, principalId = null } = initiatedBy;
  return {
    user: null,
    app: { appId, displayName, servicePrincipalId: principalId, servicePrincipalName: null },
  };
}
