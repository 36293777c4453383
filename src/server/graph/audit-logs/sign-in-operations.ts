import { parseGuid } from '../../../foundation/ids.ts';
import { readSignIns, selectSignIn } from '../../audit/sign-in-store.ts';
import type { GraphOperation, ReadOperation } from '../operation.ts';
import { noSuchObject } from '../targets.ts';
import { logPage, logPages } from './log-page.ts';
import { signInCondition } from './sign-in-filter.ts';
import { presentSignIns } from './sign-in-shape.ts';

const entitySet = 'auditLogs/signIns';
const permissions = ['AuditLog.Read.All'] as const;

/** The sign-in log (h.6): each token issued or refused. */
export const signInOperations: readonly GraphOperation[] = [list(), read()];

function list(): ReadOperation {
  return {
    method: 'GET',
    path: entitySet,
    permissions,
    pages: logPages,
    run(request, queries) {
      const { tenantId, options } = request;
      const where = signInCondition(options.filter);
      return logPage(
        request,
        { entitySet, time: 'createdDateTime' },
        (from) => readSignIns(queries, tenantId, { where, ...from }),
        (rows) => presentSignIns(queries, tenantId, rows),
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
      const id = key?.by === 'id' ? parseGuid(key.value) : undefined;
      const found = id && (await selectSignIn(queries, tenantId, id));
      if (found === undefined) throw noSuchObject(key?.value ?? '');
      const [value = {}] = await presentSignIns(queries, tenantId, [found]);
      return { kind: 'entity', entitySet, value };
    },
  };
}
