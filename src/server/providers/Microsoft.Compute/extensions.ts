import type { ResourceType } from '../../resource-manager/provider.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { machineExtension } from '../machine-extension.ts';
import { computeApiVersions } from './api-versions.ts';
import { provisioningStatus } from './machine-state.ts';

/** Extensions of virtual machines. */
export function virtualMachineExtensions(dependencies: TrackedDependencies): ResourceType {
  return machineExtension(
    {
      namespace: 'Microsoft.Compute',
      type: 'virtualMachines/extensions',
      apiVersions: computeApiVersions,
      showsView: (query) => /^instanceview$/i.test(query.get('$expand') ?? ''),
      instanceView: ({ name, properties, changedAt }) => ({
        name,
        type: `${String(properties['publisher'])}.${String(properties['type'])}`,
        typeHandlerVersion: properties['typeHandlerVersion'] ?? '1.0',
        statuses: [provisioningStatus(changedAt)],
      }),
    },
    dependencies,
  );
}
