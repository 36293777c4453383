import { selectTenant } from '../../directory/directory-store.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import type { Database } from '../../storage/database.ts';
import { resourcesApiVersions } from './api-versions.ts';

/** The tenant of the caller: the only one a token can speak for (`spec/resource-manager.md` a.9). */
export function tenants(database: Database): ResourceType {
  return {
    namespace: 'Microsoft.Resources',
    type: 'tenants',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/tenants',
        action: 'Microsoft.Resources/tenants/read',
        async run({ caller: { tenantId } }) {
          const tenant = await selectTenant(database.read, { tenantId });
          const value = tenant === undefined ? [] : [tenant];
          return {
            status: 200,
            body: {
              value: value.map(({ displayName, defaultDomain }) => ({
                id: `/tenants/${tenantId}`,
                tenantId,
                displayName,
                defaultDomain,
                domains: [defaultDomain],
                tenantType: 'AAD',
                tenantCategory: 'Home',
              })),
            },
          };
        },
      },
    ],
  };
}
