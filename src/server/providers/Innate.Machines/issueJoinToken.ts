import { canonicalId, parseScope } from '../../../contract/resource-id.ts';
import type { CanonicalId, TenantId } from '../../../foundation/ids.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { resourceNotFound } from '../../resource-manager/arm-errors.ts';
import { parameter, type ResourceType } from '../../resource-manager/provider.ts';
import { findResource } from '../../resource-manager/resource-store.ts';
import type { Database, Transaction } from '../../storage/database.ts';

/** Makes a join token, as `server/machines` does. */
export type IssueJoinToken = (
  transaction: Transaction,
  resource: {
    readonly tenantId: TenantId;
    readonly resourceId: string;
    readonly resourceCanonical: CanonicalId;
    readonly at: number;
  },
) => Promise<{ readonly joinToken: string; readonly expiresOn: unknown }>;

/**
 * The right to enrol a host as a resource: whoever has the token within its ten minutes becomes that machine, so the
 * action is one of its own, which write on the resource does not include.
 */
export function joinTokens(database: Database, issueJoinToken: IssueJoinToken): ResourceType {
  return {
    namespace: 'Innate.Machines',
    type: 'issueJoinToken',
    apiVersions: ['2026-11-01'],
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'POST',
        path: '/{scope}/providers/Innate.Machines/issueJoinToken',
        action: 'Innate.Machines/joinTokens/write',
        async run(context) {
          const { caller, at } = context;
          const { tenantId } = caller;
          const scope = parseScope(parameter(context, 'scope'));
          if (scope.kind !== 'resource') {
            throw new ArmError(
              'invalid-value',
              'InvalidScope',
              'A host is enrolled for a resource: the request names none.',
            );
          }
          const body = await database.transaction(async (transaction) => {
            const resource = await findResource(transaction, tenantId, canonicalId(scope));
            if (resource === undefined) throw resourceNotFound(scope);
            const { resourceId, canonical: resourceCanonical } = resource;
            return await issueJoinToken(transaction, { tenantId, resourceId, resourceCanonical, at });
          });
          return { status: 200, body };
        },
      },
    ],
  };
}
