import { asJsonObject, type JsonObject } from '../../../contract/arm.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import type { DeletionParticipant } from '../../resource-manager/deletion.ts';
import { deleteResources } from '../../resource-manager/deletion.ts';
import type { OperationContext } from '../../resource-manager/provider.ts';
import { listBelow, type Resource, saveResource } from '../../resource-manager/resource-store.ts';
import type { Queries, Transaction } from '../../storage/database.ts';
import { computeTime, instanceView, powerStatus, provisioningStatus } from './machine-state.ts';

export const scaleSetType = 'Microsoft.Compute/virtualMachineScaleSets';
export const instanceType = `${scaleSetType}/virtualMachines`;

/**
 * How many instances a scale set shall have; `undefined` where its machines are resources of their own, or nothing is
 * said.
 */
export function capacityOf({
  extra,
  properties,
}: Pick<Resource, 'extra' | 'properties'>): number | undefined {
  if (/^flexible$/i.test(String(properties['orchestrationMode']))) return undefined;
  const capacity = asJsonObject(extra['sku'])?.['capacity'];
  return typeof capacity === 'number' ? capacity : undefined;
}

/** The instances of a scale set, in the order of their numbers. */
export async function instancesOf(queries: Queries, set: Resource): Promise<readonly Resource[]> {
  const below = await listBelow(queries, set.tenantId, set.canonical);
  return below
    .filter(({ type }) => type === instanceType)
    .sort((one, other) => Number(one.name) - Number(other.name));
}

/**
 * Makes instances until there are as many as the set's capacity says, or ends those with the highest numbers. Numbers
 * do not come again.
 *
 * @returns the set as it shall be stored
 */
export async function fitInstances(
  transaction: Transaction,
  {
    participants,
    newId,
  }: { readonly participants: readonly DeletionParticipant[]; readonly newId: () => string },
  set: Resource,
  at: number,
): Promise<Resource> {
  const capacity = capacityOf(set);
  if (capacity === undefined) return set;
  const instances = await instancesOf(transaction, set);
  await endInstances(transaction, participants, instances.slice(capacity), at);
  let next = Number(set.state['nextInstance'] ?? 0);
  for (let count = instances.length; count < capacity; count += 1) {
    await saveResource(transaction, newInstance(set, String(next), newId(), at));
    next += 1;
  }
  return { ...set, state: { ...set.state, nextInstance: next } };
}

function newInstance(set: Resource, number: string, vmId: string, at: number): Resource {
  return {
    ...set,
    canonical: `${set.canonical}/virtualmachines/${number}` as Resource['canonical'],
    resourceId: `${set.resourceId}/virtualMachines/${number}`,
    type: instanceType,
    name: number,
    // it is where its set is, and in no list of resources
    location: '',
    tags: {},
    properties: { vmId, ...factsOf(set) },
    extra: {},
    state: { model: modelOf(set) },
    identityType: undefined,
    version: 1,
    createdAt: at,
    changedAt: at,
    globalName: undefined,
  };
}

/** What a host tells programs about the machine that it is. */
function factsOf({ extra, properties }: Resource): JsonObject {
  const profile = asJsonObject(properties['virtualMachineProfile']);
  const osType = asJsonObject(asJsonObject(profile?.['storageProfile'])?.['osDisk'])?.['osType'];
  const vmSize = asJsonObject(extra['sku'])?.['name'];
  return {
    hardwareProfile: typeof vmSize === 'string' ? { vmSize } : {},
    ...(osType === undefined ? {} : { storageProfile: { osDisk: { osType } } }),
  };
}

/** Counts the changes of what instances are made of. */
export function modelOf({ state }: Pick<Resource, 'state'>): number {
  return Number(state['model'] ?? 0);
}

/** The instances that ids name; `*` names all. @throws ArmError `InvalidParameter` where there is no such one */
export function selectInstances(
  instances: readonly Resource[],
  ids: readonly string[] | null | undefined,
): readonly Resource[] {
  if (ids == null || ids.length === 0 || ids.includes('*')) return instances;
  const byName = new Map(instances.map((each) => [each.name, each]));
  return [...new Set(ids)].map((id) => {
    const instance = byName.get(id);
    if (instance !== undefined) return instance;
    throw new ArmError(
      'invalid-value',
      'InvalidParameter',
      `The provided instanceId ${id.slice(0, 16)} is not an active Virtual Machine Scale Set VM instanceId.`,
      { refusedBy: 'service', target: 'instanceIds' },
    );
  });
}

/** Ends instances, and counts them off the set's capacity. */
export async function removeInstances(
  transaction: Transaction,
  participants: readonly DeletionParticipant[],
  set: Resource,
  ended: readonly Resource[],
  { at }: Pick<OperationContext, 'at'>,
): Promise<void> {
  await endInstances(transaction, participants, ended, at);
  const capacity = capacityOf(set);
  if (capacity === undefined || ended.length === 0) return;
  const sku = { ...asJsonObject(set.extra['sku']), capacity: Math.max(0, capacity - ended.length) };
  const extra = { ...set.extra, sku };
  await saveResource(transaction, { ...set, extra, version: set.version + 1, changedAt: at });
}

/** An instance as answers and lists show it: what the set's model says, under its own name. */
export function presentInstance(
  set: Resource,
  instance: Resource,
  identity: JsonObject | undefined,
  expanded: boolean,
): JsonObject {
  const { properties, extra } = set;
  const profile = asJsonObject(properties['virtualMachineProfile']) ?? {};
  const { osProfile, networkProfile, storageProfile } = profile;
  const manual = /^manual$/i.test(String(asJsonObject(properties['upgradePolicy'])?.['mode']));
  const sku = asJsonObject(extra['sku']);
  return {
    name: `${set.name}_${instance.name}`,
    id: instance.resourceId,
    type: instanceType,
    location: set.location,
    tags: set.tags,
    ...(identity === undefined ? {} : { identity }),
    instanceId: instance.name,
    ...(sku === undefined ? {} : { sku: { name: sku['name'] ?? '', tier: sku['tier'] ?? 'Standard' } }),
    properties: {
      latestModelApplied: !manual || Number(instance.state['model'] ?? 0) === modelOf(set),
      modelDefinitionApplied: 'VirtualMachineScaleSet',
      vmId: instance.properties['vmId'] ?? '',
      hardwareProfile: instance.properties['hardwareProfile'] ?? {},
      ...(storageProfile === undefined ? {} : { storageProfile }),
      ...(asJsonObject(osProfile) === undefined
        ? {}
        : { osProfile: presentSystem(asJsonObject(osProfile), instance) }),
      ...(networkProfile === undefined ? {} : { networkProfileConfiguration: networkProfile }),
      provisioningState: instance.provisioningState,
      timeCreated: computeTime(instance.createdAt),
      ...(expanded ? { instanceView: viewOfInstance(set, instance) } : {}),
    },
  };
}

function presentSystem(profile: JsonObject = {}, { name }: Resource): JsonObject {
  const { computerNamePrefix, ...rest } = profile;
  const number = Number(name).toString(36).toUpperCase().padStart(6, '0');
  return {
    ...rest,
    computerName: `${typeof computerNamePrefix === 'string' ? computerNamePrefix : ''}${number}`,
  };
}

/** How an instance is. */
export function viewOfInstance(set: Resource, instance: Resource): JsonObject {
  const profile = asJsonObject(set.properties['virtualMachineProfile']) ?? {};
  const { computerName: _name, ...view } = instanceView({ ...instance, properties: profile });
  return {
    platformUpdateDomain: Number(instance.name) % 5,
    platformFaultDomain: Number(instance.name) % 5,
    ...view,
  };
}

/** How a set is: how many of its instances are how. */
export function viewOfSet(set: Resource, instances: readonly Resource[]): JsonObject {
  const counts = new Map<string, number>();
  for (const { state } of instances) {
    for (const code of ['ProvisioningState/succeeded', String(powerStatus(state)['code'])]) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
  }
  return {
    virtualMachine: { statusesSummary: Array.from(counts, ([code, count]) => ({ code, count })) },
    statuses: [provisioningStatus(set.changedAt)],
  };
}

async function endInstances(
  transaction: Transaction,
  participants: readonly DeletionParticipant[],
  instances: readonly Resource[],
  at: number,
): Promise<void> {
  const [first] = instances;
  if (first === undefined) return;
  const { tenantId } = first;
  const resourceCanonicals = instances.map(({ canonical }) => canonical);
  await deleteResources(transaction, participants, { tenantId, resourceCanonicals, at });
}
