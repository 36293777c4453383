import { asJsonObject, type JsonObject, type JsonValue } from '../../../contract/arm.ts';
import {
  virtualMachineNamePattern,
  virtualMachinePatchSchema,
  virtualMachineSchema,
} from '../../../contract/Microsoft.Compute.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { findByReference, type Held, hold, holderOf } from '../../resource-manager/holding.ts';
import { requireLinked } from '../../resource-manager/linked-access.ts';
import { mergePatch, without, withoutNulls } from '../../resource-manager/merge-patch.ts';
import type { OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import { requireResource } from '../../resource-manager/tracked-answer.ts';
import { trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import type { Transaction } from '../../storage/database.ts';
import { computeApiVersions } from './api-versions.ts';
import { completed } from './machine-shape.ts';
import { computeTime, generalizeAction, instanceView, machineActions } from './machine-state.ts';
import { presentSize, sizes } from './sizes.ts';

const type = 'Microsoft.Compute/virtualMachines';
const item = `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/${type}/{name}`;

const place = { item, namespace: 'Microsoft.Compute', type };

/** Azure takes these and never shows them again; Innate does not even keep them. */
const secrets = [
  'osProfile.adminPassword',
  'osProfile.customData',
  'osProfile.windowsConfiguration.additionalUnattendContent.*.content',
  'userData',
];

/** What the server says of a machine; a client's read-modify-write sends it back. */
const readOnly = [
  'provisioningState',
  'vmId',
  'timeCreated',
  'instanceView',
  'storageProfile.imageReference.exactVersion',
];

/** Virtual machines: what a host is, as far as identity goes. Properties are kept as sent, completed as Azure does. */
export function virtualMachines(dependencies: TrackedDependencies): ResourceType {
  return trackedResource(
    {
      namespace: 'Microsoft.Compute',
      type: 'virtualMachines',
      apiVersions: computeApiVersions,
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
      replace(sent, { existing, name, resourceId, randomness }) {
        const before = existing?.properties;
        const vmId = before?.['vmId'] ?? randomness.uuid();
        const machine = { name, resourceId, randomness, existing: before };
        return { ...completed(withoutNulls(kept(sent as JsonObject)), machine), vmId };
      },
      merge(sent, { existing, name, resourceId, randomness }) {
        const { properties } = existing;
        const machine = { name, resourceId, randomness, existing: properties };
        return completed(mergePatch(properties, kept(sent as JsonObject)), machine);
      },
      settle: holdInterfaces,
      present(resource, query) {
        const expanded = (query.get('$expand') ?? '').toLowerCase().split(',');
        return {
          ...resource.properties,
          provisioningState: resource.provisioningState,
          timeCreated: computeTime(resource.createdAt),
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
        {
          method: 'GET',
          path: `${item}/vmSizes`,
          action: `${type}/vmSizes/read`,
          async run(context) {
            await requireResource({ dependencies }, context);
            return { status: 200, body: { value: sizes.map(presentSize) } };
          },
        },
        ...machineActions(dependencies, place),
        generalizeAction(dependencies, place),
      ],
    },
    dependencies,
  );
}

/** A machine holds its network interfaces, where they are resources: they name it in turn (e.3). */
async function holdInterfaces(
  transaction: Transaction,
  machine: Resource,
  context: OperationContext,
): Promise<Resource> {
  const held: Held[] = [];
  for (const id of interfacesOf(machine.properties)) {
    const resource = await findByReference(transaction, machine.tenantId, id);
    if (resource === undefined) continue;
    if (holderOf(resource) !== machine.resourceId) {
      const action = 'Microsoft.Network/networkInterfaces/join/action';
      await requireLinked(context, { id, action, done: `${type}/write` });
    }
    held.push({ resource, by: machine.resourceId });
  }
  return await hold(transaction, machine, held, context.at);
}

function interfacesOf(properties: JsonObject): readonly string[] {
  const list = asJsonObject(properties['networkProfile'])?.['networkInterfaces'];
  if (!Array.isArray(list)) return [];
  const ids = (list as readonly JsonValue[]).map((each) => asJsonObject(each)?.['id']);
  return ids.filter((id) => typeof id === 'string');
}

function kept(sent: JsonObject): JsonObject {
  return without(sent, [...secrets, ...readOnly]);
}
