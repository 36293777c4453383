import type { JsonObject, JsonValue } from '../../../contract/arm.ts';
import {
  virtualMachineNamePattern,
  virtualMachinePatchSchema,
  virtualMachineSchema,
} from '../../../contract/Microsoft.Compute.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { mergePatch, without } from '../../resource-manager/merge-patch.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import { requireResource } from '../../resource-manager/tracked-answer.ts';
import { trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { computeApiVersions } from './api-versions.ts';

const type = 'Microsoft.Compute/virtualMachines';
const item = `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/${type}/{name}`;

/** Azure takes these and never shows them again; Innate does not even keep them. */
const secrets = [
  'osProfile.adminPassword',
  'osProfile.customData',
  'osProfile.windowsConfiguration.additionalUnattendContent.*.content',
  'userData',
];

/** What the server says of a machine; a client's read-modify-write sends it back. */
const readOnly = ['provisioningState', 'vmId', 'timeCreated', 'instanceView'];

/** Virtual machines: what a host is, as far as identity goes. Properties are kept as sent. */
export function virtualMachines(dependencies: TrackedDependencies): ResourceType {
  return trackedResource(
    {
      namespace: 'Microsoft.Compute',
      type: 'virtualMachines',
      apiVersions: computeApiVersions,
      identity: { systemAssigned: true, userAssigned: false },
      put: virtualMachineSchema,
      patch: virtualMachinePatchSchema,
      extraMembers: ['zones', 'plan', 'extendedLocation'],
      statusOfNew: 201,
      deletion: 'polled',
      entityTags: true,
      systemData: false,
      requireName(name) {
        if (virtualMachineNamePattern.test(name)) return;
        throw invalidResourceName(
          type,
          name,
          'it has 1 to 64 letters, digits, underscores, hyphens and inner periods',
        );
      },
      replace(sent, { existing, randomness }) {
        const { vmId } = existing?.properties ?? {};
        return { ...kept(sent as JsonObject), vmId: vmId ?? randomness.uuid() };
      },
      merge(sent, { existing }) {
        return mergePatch(existing.properties, kept(sent as JsonObject));
      },
      present(resource, query) {
        const expanded = (query.get('$expand') ?? '').toLowerCase().split(',');
        return {
          ...resource.properties,
          provisioningState: resource.provisioningState,
          timeCreated: time(resource.createdAt),
          ...(expanded.includes('instanceview') ? { instanceView: instanceView(resource) } : {}),
        };
      },
      more: [
        {
          method: 'GET',
          path: `${item}/instanceView`,
          action: `${type}/instanceView/read`,
          run: async (context) => ({
            status: 200,
            body: instanceView(await requireResource({ dependencies }, context)),
          }),
        },
      ],
    },
    dependencies,
  );
}

function kept(sent: JsonObject): JsonObject {
  return without(sent, [...secrets, ...readOnly]);
}

function instanceView(resource: Resource): JsonObject {
  const osProfile = resource.properties['osProfile'];
  const computerName = isObject(osProfile) ? osProfile['computerName'] : undefined;
  return {
    computerName: computerName ?? resource.name,
    statuses: [
      {
        code: 'ProvisioningState/succeeded',
        level: 'Info',
        displayStatus: 'Provisioning succeeded',
        time: time(resource.changedAt),
      },
      { code: 'PowerState/running', level: 'Info', displayStatus: 'VM running' },
    ],
  };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Compute writes its times with an offset rather than `Z`. */
function time(at: number): string {
  return new Date(at).toISOString().replace('Z', '+00:00');
}
