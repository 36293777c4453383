import { canonicalLocation } from '../../../contract/arm.ts';
import { readFilter } from '../../resource-manager/filter.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { regions } from '../../resource-manager/regions.ts';
import { skuApiVersions } from './api-versions.ts';
import { presentSku, sizes } from './sizes.ts';

/** What can be ordered where (e.3): each size of machines, in every region or in the one that is asked for. */
export function skus(): ResourceType {
  return {
    namespace: 'Microsoft.Compute',
    type: 'skus',
    apiVersions: skuApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/subscriptions/{subscriptionId}/providers/Microsoft.Compute/skus',
        action: 'Microsoft.Compute/skus/read',
        async run({ query }) {
          const asked = readFilter(query.get('$filter'), ['location']).get('location');
          const places =
            asked === undefined
              ? regions.filter(({ physical }) => physical).map(({ name }) => name)
              : [canonicalLocation(asked)];
          const value = places.flatMap((place) => sizes.map((size) => presentSku(size, place)));
          return { status: 200, body: { value } };
        },
      },
    ],
  };
}
