import { asJsonObject, type JsonObject, type JsonValue } from '../../../contract/arm.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { type Image, imagesNamed } from './images.ts';

/** The machine whose properties they are. */
export interface ShapedMachine {
  readonly name: string;
  /** As displayed. */
  readonly resourceId: string;
  readonly randomness: Randomness;
  /** The properties that it has had so far: its disk keeps its name. */
  readonly existing: JsonObject | undefined;
}

/**
 * What Compute adds to the properties of a machine: names and sizes of its disks, the defaults of its operating
 * system. Profiles that are not sent are not made up.
 */
export function completed(sent: JsonObject, machine: ShapedMachine): JsonObject {
  const { storageProfile, osProfile, ...rest } = sent;
  const image = imageOf(asJsonObject(storageProfile)?.['imageReference']);
  const operatingSystem = operatingSystemOf(sent, image);
  return {
    ...rest,
    ...part('storageProfile', storageProfile, (profile) =>
      completedStorage(profile, image, operatingSystem, machine),
    ),
    ...part('osProfile', osProfile, (profile) => completedSystem(profile, operatingSystem)),
  };
}

/** A profile of instances that are not made yet, as a scale set has it: nothing of it has a name or an id. */
export function completedModel(sent: JsonObject): JsonObject {
  const { storageProfile, osProfile, ...rest } = sent;
  const image = imageOf(asJsonObject(storageProfile)?.['imageReference']);
  const operatingSystem = operatingSystemOf(sent, image);
  return {
    ...rest,
    ...part('osProfile', osProfile, (profile) => completedSystem(profile, operatingSystem)),
    ...part('storageProfile', storageProfile, (profile) => ({
      ...profile,
      ...part('osDisk', profile['osDisk'], (disk) => completedDisk(disk, operatingSystem)),
    })),
  };
}

/** The catalogue's image that a reference names. */
export function imageOf(reference: JsonValue | undefined): Image | undefined {
  const { publisher, offer, sku } = asJsonObject(reference) ?? {};
  if (typeof publisher !== 'string' || typeof offer !== 'string' || typeof sku !== 'string') return undefined;
  return imagesNamed({ publisher, offer, sku })[0];
}

function operatingSystemOf(properties: JsonObject, image: Image | undefined): Image['operatingSystem'] {
  const asked = asJsonObject(asJsonObject(properties['storageProfile'])?.['osDisk'])?.['osType'];
  if (typeof asked === 'string') return asked.toLowerCase() === 'windows' ? 'Windows' : 'Linux';
  if (image !== undefined) return image.operatingSystem;
  return asJsonObject(properties['osProfile'])?.['windowsConfiguration'] === undefined ? 'Linux' : 'Windows';
}

function completedStorage(
  profile: JsonObject,
  image: Image | undefined,
  operatingSystem: Image['operatingSystem'],
  machine: ShapedMachine,
): JsonObject {
  return {
    dataDisks: [],
    ...profile,
    ...part('imageReference', profile['imageReference'], (reference) => ({
      ...reference,
      ...(image === undefined ? {} : { exactVersion: image.version }),
    })),
    ...part('osDisk', profile['osDisk'], (disk) => {
      const completed = { deleteOption: 'Detach', ...completedDisk(disk, operatingSystem) };
      if (disk['vhd'] !== undefined) return completed;
      return { ...completed, ...named(completed, machine) };
    }),
  };
}

function completedDisk(disk: JsonObject, osType: Image['operatingSystem']): JsonObject {
  const unmanaged = disk['vhd'] !== undefined;
  return {
    osType,
    caching: 'ReadWrite',
    diskSizeGB: osType === 'Windows' ? 127 : 30,
    ...disk,
    ...(/^fromimage$/i.test(String(disk['createOption'])) ? { createOption: 'FromImage' } : {}),
    ...(unmanaged
      ? {}
      : { managedDisk: { storageAccountType: 'Premium_LRS', ...asJsonObject(disk['managedDisk']) } }),
  };
}

/** A managed disk has a name, and lies beside the machine. */
function named(disk: JsonObject, { name, resourceId, randomness, existing }: ShapedMachine): JsonObject {
  const before = asJsonObject(asJsonObject(existing?.['storageProfile'])?.['osDisk'])?.['name'];
  const chosen = disk['name'] ?? before;
  const diskName =
    typeof chosen === 'string' ? chosen : `${name}_OsDisk_1_${randomness.uuid().replaceAll('-', '')}`;
  const id = resourceId.replace(/\/virtualMachines\/[^/]+$/i, `/disks/${diskName}`);
  return { name: diskName, managedDisk: { id, ...asJsonObject(disk['managedDisk']) } };
}

function completedSystem(profile: JsonObject, operatingSystem: Image['operatingSystem']): JsonObject {
  const defaults = { provisionVMAgent: true };
  return {
    secrets: [],
    allowExtensionOperations: true,
    requireGuestProvisionSignal: true,
    ...profile,
    ...(operatingSystem === 'Linux'
      ? {
          linuxConfiguration: {
            disablePasswordAuthentication: false,
            ...defaults,
            patchSettings: { patchMode: 'ImageDefault', assessmentMode: 'ImageDefault' },
            ...asJsonObject(profile['linuxConfiguration']),
          },
        }
      : {
          windowsConfiguration: {
            ...defaults,
            enableAutomaticUpdates: true,
            patchSettings: { patchMode: 'AutomaticByOS', assessmentMode: 'ImageDefault' },
            ...asJsonObject(profile['windowsConfiguration']),
          },
        }),
  };
}

function part(
  name: string,
  value: JsonValue | undefined,
  complete: (value: JsonObject) => JsonObject,
): JsonObject {
  const inner = asJsonObject(value);
  return inner === undefined ? {} : { [name]: complete(inner) };
}
