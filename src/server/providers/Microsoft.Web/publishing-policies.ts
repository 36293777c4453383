import { z } from 'zod';
import type { JsonObject } from '../../../contract/arm.ts';
import type { Operation, OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import { changeResource } from '../../resource-manager/resource-change.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import { collectionPath } from '../../resource-manager/tracked-resource.ts';
import { webApiVersions } from './api-versions.ts';
import { requireSite, siteScope } from './config-kinds.ts';
import type { SiteDependencies } from './sites.ts';

const schema = z.object({ properties: z.object({ allow: z.boolean() }) });

/** Whether passwords may be used to publish: an answer to be kept and told, since nothing can be published. */
export function publishingPolicies(
  { database }: SiteDependencies,
  of: 'sites' | 'sites/slots',
): ResourceType {
  const namespace = 'Microsoft.Web';
  const member = 'basicPublishingCredentialsPolicies';
  const type = `${namespace}/${of}/${member}`;
  const show = ({ resourceId, state, location }: Resource, name: string): JsonObject => ({
    id: `${resourceId}/${member}/${name}`,
    name,
    type,
    location,
    properties: { allow: state[`${name}Allowed`] === true },
  });
  return {
    namespace,
    type: `${of}/${member}`,
    apiVersions: webApiVersions,
    owner: 'provider',
    tracked: false,
    operations: ['ftp', 'scm'].flatMap((name): Operation[] => {
      const path = `${collectionPath({ namespace, type: of })}/{name}/${member}/${name}`;
      return [
        {
          method: 'GET',
          path,
          action: `${type}/read`,
          run: async (context) => ({
            status: 200,
            body: show(await requireSite(database.read, context), name),
          }),
        },
        {
          method: 'PUT',
          path,
          action: `${type}/write`,
          body: schema,
          async run(context: OperationContext<z.infer<typeof schema>>) {
            const { allow } = context.body.properties;
            const changed = await database.transaction((transaction) =>
              changeResource(transaction, context, siteScope(context), (site) => ({
                ...site,
                state: { ...site.state, [`${name}Allowed`]: allow },
              })),
            );
            return { status: 200, body: show(changed, name) };
          },
        } as Operation,
      ];
    }),
  };
}
