import { siteNamePattern, webNameSchema } from '../../../contract/Microsoft.Web.ts';
import type { Operation, OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import { isGlobalNameTaken } from '../../resource-manager/resource-store.ts';
import type { Database } from '../../storage/database.ts';
import { webApiVersions } from './api-versions.ts';

type Check = OperationContext<(typeof webNameSchema)['_output']>;

/** Whether a name is free for a site, in any tenant: it is a host name. */
export function nameAvailability(database: Database): ResourceType {
  return {
    namespace: 'Microsoft.Web',
    type: 'checkNameAvailability',
    apiVersions: webApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'POST',
        path: '/subscriptions/{subscriptionId}/providers/Microsoft.Web/checknameavailability',
        action: 'Microsoft.Web/checknameavailability/read',
        body: webNameSchema,
        async run({ body: { name } }: Check) {
          const answer = (reason: string, message: string) => ({
            status: 200,
            body: { nameAvailable: false, reason, message },
          });
          if (!siteNamePattern.test(name)) {
            return answer(
              'Invalid',
              `The name ${name} has other characters than letters, digits and inner hyphens.`,
            );
          }
          if (await isGlobalNameTaken(database.read, 'Microsoft.Web/sites', name)) {
            return answer(
              'AlreadyExists',
              `Hostname '${name}' already exists. Please select a different name.`,
            );
          }
          return { status: 200, body: { nameAvailable: true, reason: '', message: '' } };
        },
      } as Operation,
    ],
  };
}
