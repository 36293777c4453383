import type { JsonObject } from '../../../contract/arm.ts';
import { hybridMachineNamePattern, hybridMachineSchema } from '../../../contract/Microsoft.HybridCompute.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { mergePatch, without, withoutNulls } from '../../resource-manager/merge-patch.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { machineExtension } from '../machine-extension.ts';
import { hybridApiVersions } from './api-versions.ts';

const readOnly = [
  'provisioningState',
  'status',
  'lastStatusChange',
  'errorDetails',
  'agentVersion',
  'displayName',
  'machineFqdn',
  'vmUuid',
  'osName',
  'osVersion',
  'osSku',
  'domainName',
  'dnsFqdn',
  'adFqdn',
  'detectedProperties',
  'networkProfile',
  'extensions',
];

/**
 * Machines that stand elsewhere and are known here (Azure Arc). They carry an identity of their own and no other: a
 * machine's agent knows none.
 */
export function hybridMachines(dependencies: TrackedDependencies): readonly ResourceType[] {
  const machine = trackedResource(
    {
      namespace: 'Microsoft.HybridCompute',
      type: 'machines',
      apiVersions: hybridApiVersions,
      identity: { systemAssigned: true, userAssigned: false },
      put: hybridMachineSchema,
      patch: hybridMachineSchema,
      extraMembers: ['kind'],
      statusOfNew: 200,
      deletion: 'at-once',
      entityTags: false,
      systemData: true,
      requireName(name) {
        if (hybridMachineNamePattern.test(name)) return;
        const rule = 'it has 1 to 54 letters, digits, underscores, hyphens and inner periods';
        throw invalidResourceName('Microsoft.HybridCompute/machines', name, rule);
      },
      replace(sent, { existing, randomness }) {
        const before = existing?.properties['vmId'];
        const properties = withoutNulls(kept(sent));
        return { ...properties, vmId: properties['vmId'] ?? before ?? randomness.uuid() };
      },
      merge: (sent, { existing }) => mergePatch(existing.properties, kept(sent)),
      present: ({ properties, provisioningState, name, createdAt }) => ({
        ...properties,
        provisioningState,
        status: 'Connected',
        lastStatusChange: new Date(createdAt).toISOString(),
        displayName: name,
        machineFqdn: name,
        detectedProperties: {},
      }),
    },
    dependencies,
  );
  const extension = machineExtension(
    {
      namespace: 'Microsoft.HybridCompute',
      type: 'machines/extensions',
      apiVersions: hybridApiVersions,
      showsView: () => true,
      instanceView: ({ name, properties, changedAt }) => ({
        name,
        ...(properties['type'] === undefined ? {} : { type: properties['type'] }),
        typeHandlerVersion: properties['typeHandlerVersion'] ?? '1.0',
        status: {
          code: 'success',
          level: 'Information',
          displayStatus: 'Provisioning succeeded',
          time: new Date(changedAt).toISOString(),
        },
      }),
    },
    dependencies,
  );
  return [machine, extension];
}

function kept(sent: object | null | undefined): JsonObject {
  return without((sent ?? {}) as JsonObject, readOnly);
}
