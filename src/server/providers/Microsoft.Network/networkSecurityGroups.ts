import type { JsonObject } from '../../../contract/arm.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { networkType } from './network-type.ts';
import { type Parts, partsType } from './parts.ts';

const rules: Parts = {
  of: 'networkSecurityGroups',
  member: 'securityRules',
  defaults: {
    sourceAddressPrefixes: [],
    sourcePortRanges: [],
    destinationAddressPrefixes: [],
    destinationPortRanges: [],
  },
};

/** Security groups with their rules, which filter nothing. */
export function networkSecurityGroups(dependencies: TrackedDependencies): readonly ResourceType[] {
  const group = networkType(
    {
      type: 'networkSecurityGroups',
      parts: [rules],
      defaults: {},
      readOnly: ['defaultSecurityRules', 'networkInterfaces', 'subnets'],
      present: (resource) => ({
        defaultSecurityRules: defaultRules.map((rule) => presentDefault(resource, rule)),
      }),
    },
    dependencies,
  );
  return [group, partsType(dependencies.database, rules)];
}

/** `[name, priority, access, direction, source, destination]` */
const defaultRules = [
  ['AllowVnetInBound', 65_000, 'Allow', 'Inbound', 'VirtualNetwork', 'VirtualNetwork'],
  ['AllowAzureLoadBalancerInBound', 65_001, 'Allow', 'Inbound', 'AzureLoadBalancer', '*'],
  ['DenyAllInBound', 65_500, 'Deny', 'Inbound', '*', '*'],
  ['AllowVnetOutBound', 65_000, 'Allow', 'Outbound', 'VirtualNetwork', 'VirtualNetwork'],
  ['AllowInternetOutBound', 65_001, 'Allow', 'Outbound', '*', 'Internet'],
  ['DenyAllOutBound', 65_500, 'Deny', 'Outbound', '*', '*'],
] as const;

function presentDefault({ resourceId }: Resource, rule: (typeof defaultRules)[number]): JsonObject {
  const [name, priority, access, direction, sourceAddressPrefix, destinationAddressPrefix] = rule;
  return {
    name,
    id: `${resourceId}/defaultSecurityRules/${name}`,
    type: 'Microsoft.Network/networkSecurityGroups/defaultSecurityRules',
    properties: {
      provisioningState: 'Succeeded',
      protocol: '*',
      sourcePortRange: '*',
      destinationPortRange: '*',
      ...{ sourceAddressPrefix, destinationAddressPrefix, access, priority, direction },
    },
  };
}
