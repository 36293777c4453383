import type { ResourceType } from '../../resource-manager/provider.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { networkType } from './network-type.ts';
import { type Parts, partsType } from './parts.ts';

export const subnets: Parts = {
  of: 'virtualNetworks',
  member: 'subnets',
  defaults: {
    delegations: [],
    privateEndpointNetworkPolicies: 'Disabled',
    privateLinkServiceNetworkPolicies: 'Enabled',
  },
};

/** Virtual networks with their subnets. */
export function virtualNetworks(dependencies: TrackedDependencies): readonly ResourceType[] {
  const network = networkType(
    {
      type: 'virtualNetworks',
      parts: [subnets],
      defaults: { virtualNetworkPeerings: [], enableDdosProtection: false },
      readOnly: [],
    },
    dependencies,
  );
  return [network, partsType(dependencies.database, subnets)];
}
