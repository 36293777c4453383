import { asJsonObject, type JsonObject } from '../../../contract/arm.ts';
import { scaleSetSchema, virtualMachineNamePattern } from '../../../contract/Microsoft.Compute.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { mergePatch, without, withoutNulls } from '../../resource-manager/merge-patch.ts';
import type { OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import { findResource, type Resource } from '../../resource-manager/resource-store.ts';
import { trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import type { Transaction } from '../../storage/database.ts';
import { computeApiVersions } from './api-versions.ts';
import { completedModel } from './machine-shape.ts';
import { computeTime } from './machine-state.ts';
import { scaleSetActions } from './scale-set-actions.ts';
import { fitInstances, modelOf, scaleSetType } from './scale-set-instances.ts';

/** Azure takes these and never shows them again; Innate does not even keep them. */
const secrets = [
  'virtualMachineProfile.osProfile.adminPassword',
  'virtualMachineProfile.osProfile.customData',
  'virtualMachineProfile.osProfile.windowsConfiguration.additionalUnattendContent.*.content',
  'virtualMachineProfile.userData',
  'virtualMachineProfile.extensionProfile.extensions.*.properties.protectedSettings',
];

const readOnly = ['provisioningState', 'uniqueId', 'timeCreated', 'virtualMachineProfile.timeCreated'];

const defaults: JsonObject = {
  singlePlacementGroup: true,
  orchestrationMode: 'Uniform',
  overprovision: true,
  doNotRunExtensionsOnOverprovisionedVMs: false,
  platformFaultDomainCount: 5,
};

/** Scale sets: a model, as many instances of it as the capacity says, and identities that all of them share. */
export function virtualMachineScaleSets(dependencies: TrackedDependencies): ResourceType {
  return trackedResource(
    {
      namespace: 'Microsoft.Compute',
      type: 'virtualMachineScaleSets',
      apiVersions: computeApiVersions,
      put: scaleSetSchema,
      patch: scaleSetSchema,
      extraMembers: ['sku', 'zones', 'plan', 'extendedLocation'],
      statusOfNew: 201,
      deletion: 'polled',
      entityTags: true,
      systemData: false,
      requireName(name) {
        if (virtualMachineNamePattern.test(name)) return;
        const rule = 'it has 1 to 64 letters, digits, underscores, hyphens and inner periods';
        throw invalidResourceName(scaleSetType, name, rule);
      },
      envelope({ sku, ...rest }) {
        const sent = asJsonObject(sku);
        if (sent === undefined) return rest;
        return {
          ...rest,
          sku: { ...(sent['name'] == null ? {} : { tier: 'Standard' }), ...withoutNulls(sent) },
        };
      },
      replace(sent, { existing, randomness }) {
        const uniqueId = existing?.properties['uniqueId'] ?? randomness.uuid();
        return { ...defaults, ...completed(withoutNulls(kept(sent))), uniqueId };
      },
      merge: (sent, { existing }) => completed(mergePatch(existing.properties, kept(sent))),
      settle: (transaction, set, context) => settle(transaction, dependencies, set, context),
      present: ({ properties, provisioningState, createdAt }) => ({
        ...properties,
        provisioningState,
        timeCreated: computeTime(createdAt),
      }),
      more: scaleSetActions(dependencies),
    },
    dependencies,
  );
}

function kept(sent: object | null | undefined): JsonObject {
  return without((sent ?? {}) as JsonObject, [...secrets, ...readOnly]);
}

const modes = ['Manual', 'Automatic', 'Rolling'];

/** The model as Azure completes it; words as Azure spells them. */
function completed(properties: JsonObject): JsonObject {
  const { virtualMachineProfile, upgradePolicy, ...rest } = properties;
  const profile = asJsonObject(virtualMachineProfile);
  const policy = asJsonObject(upgradePolicy) ?? {};
  const asked = String(policy['mode'] ?? 'Manual');
  const mode = modes.find((each) => each.toLowerCase() === asked.toLowerCase()) ?? asked;
  return {
    ...rest,
    upgradePolicy: { ...policy, mode },
    ...(profile === undefined ? {} : { virtualMachineProfile: completedModel(profile) }),
  };
}

/** Counts changes of the model, and makes or ends instances. */
async function settle(
  transaction: Transaction,
  { participants, randomness }: TrackedDependencies,
  set: Resource,
  { at }: OperationContext,
): Promise<Resource> {
  const before = await findResource(transaction, set.tenantId, set.canonical);
  const size = (resource: Resource | undefined) => asJsonObject(resource?.extra['sku'])?.['name'] ?? null;
  const model = (resource: Resource | undefined) =>
    JSON.stringify([resource?.properties['virtualMachineProfile'] ?? null, size(resource)]);
  const changed = model(before) !== model(set);
  const counted = changed ? { ...set, state: { ...set.state, model: modelOf(set) + 1 } } : set;
  const newId = () => randomness.uuid();
  return await fitInstances(transaction, { participants, newId }, withCapacity(counted, before), at);
}

/** A PUT that says nothing of the capacity leaves it. */
function withCapacity(set: Resource, before: Resource | undefined): Resource {
  const [sku, known] = [asJsonObject(set.extra['sku']), asJsonObject(before?.extra['sku'])];
  if (sku?.['capacity'] !== undefined || known?.['capacity'] === undefined) return set;
  return { ...set, extra: { ...set.extra, sku: { ...known, ...sku, capacity: known['capacity'] } } };
}
