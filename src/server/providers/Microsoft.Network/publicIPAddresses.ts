import { isJsonObject, type JsonObject } from '../../../contract/arm.ts';
import { holderOf } from '../../resource-manager/holding.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { documentationAddress } from '../documentation-address.ts';
import { networkType } from './network-type.ts';

/** Public addresses, of ranges for documentation: what a program is shown leads nowhere, and to nobody. */
export function publicIPAddresses(dependencies: TrackedDependencies): ResourceType {
  return networkType(
    {
      type: 'publicIPAddresses',
      parts: [],
      defaults: {
        publicIPAddressVersion: 'IPv4',
        publicIPAllocationMethod: 'Dynamic',
        idleTimeoutInMinutes: 4,
        ipTags: [],
      },
      readOnly: ['ipAddress', 'ipConfiguration', 'dnsSettings.fqdn'],
      envelope: ({ sku, ...rest }) => ({
        ...rest,
        sku: { name: 'Basic', tier: 'Regional', ...(isJsonObject(sku) ? sku : {}) },
      }),
      present(resource) {
        const holder = holderOf(resource);
        return {
          ipAddress: documentationAddress(resource.resourceId),
          ...(holder === undefined ? {} : { ipConfiguration: { id: holder } }),
          ...presentName(resource),
        };
      },
    },
    dependencies,
  );
}

/** The name that a label makes is shown as Azure makes it. */
function presentName({ properties, location }: Resource): JsonObject {
  const { dnsSettings } = properties;
  if (!isJsonObject(dnsSettings)) return {};
  const { domainNameLabel: label } = dnsSettings;
  if (typeof label !== 'string') return { dnsSettings };
  return { dnsSettings: { ...dnsSettings, fqdn: `${label.toLowerCase()}.${location}.cloudapp.azure.com` } };
}
