import type { JsonObject } from '../../../contract/arm.ts';

/** A size of machines. */
export interface Size {
  readonly name: string;
  readonly family: string;
  readonly cores: number;
  readonly memoryInMB: number;
  readonly resourceDiskSizeInMB: number;
  readonly maxDataDiskCount: number;
}

/** `[name, family, cores, GiB of memory, MB of the resource disk, data disks]`: the sizes that tools choose themselves. */
const table: readonly (readonly [string, string, number, number, number, number])[] = [
  ['Standard_A1_v2', 'standardAv2Family', 1, 2, 10_240, 2],
  ['Standard_B1ls', 'standardBSFamily', 1, 0.5, 4096, 2],
  ['Standard_B1s', 'standardBSFamily', 1, 1, 4096, 2],
  ['Standard_B1ms', 'standardBSFamily', 1, 2, 4096, 2],
  ['Standard_B2s', 'standardBSFamily', 2, 4, 8192, 4],
  ['Standard_B2ms', 'standardBSFamily', 2, 8, 16_384, 4],
  ['Standard_B4ms', 'standardBSFamily', 4, 16, 32_768, 8],
  ['Standard_B2s_v2', 'standardBsv2Family', 2, 8, 0, 4],
  ['Standard_B2ts_v2', 'standardBsv2Family', 2, 1, 0, 4],
  ['Standard_DS1_v2', 'standardDSv2Family', 1, 3.5, 7168, 4],
  ['Standard_DS2_v2', 'standardDSv2Family', 2, 7, 14_336, 8],
  ['Standard_DS3_v2', 'standardDSv2Family', 4, 14, 28_672, 16],
  ['Standard_D2s_v3', 'standardDSv3Family', 2, 8, 16_384, 4],
  ['Standard_D4s_v3', 'standardDSv3Family', 4, 16, 32_768, 8],
  ['Standard_D8s_v3', 'standardDSv3Family', 8, 32, 65_536, 16],
  ['Standard_D2s_v4', 'standardDSv4Family', 2, 8, 0, 4],
  ['Standard_D2s_v5', 'standardDSv5Family', 2, 8, 0, 4],
  ['Standard_D4s_v5', 'standardDSv5Family', 4, 16, 0, 8],
  ['Standard_D8s_v5', 'standardDSv5Family', 8, 32, 0, 16],
  ['Standard_D2as_v5', 'standardDASv5Family', 2, 8, 0, 4],
  ['Standard_D2ds_v5', 'standardDDSv5Family', 2, 8, 76_800, 4],
  ['Standard_E2s_v5', 'standardESv5Family', 2, 16, 0, 4],
  ['Standard_E4s_v5', 'standardESv5Family', 4, 32, 0, 8],
  ['Standard_F2s_v2', 'standardFSv2Family', 2, 4, 16_384, 4],
  ['Standard_F4s_v2', 'standardFSv2Family', 4, 8, 32_768, 8],
];

export const sizes: readonly Size[] = table.map(([name, family, cores, gigabytes, disk, disks]) => ({
  ...{ name, family, cores },
  memoryInMB: gigabytes * 1024,
  resourceDiskSizeInMB: disk,
  maxDataDiskCount: disks,
}));

/** A size as `vmSizes` lists it. */
export function presentSize(size: Size): JsonObject {
  const { name, cores, memoryInMB, resourceDiskSizeInMB, maxDataDiskCount } = size;
  return {
    ...{ name, osDiskSizeInMB: 1_047_552, resourceDiskSizeInMB, memoryInMB, maxDataDiskCount },
    numberOfCores: cores,
  };
}

/** A size as `skus` lists it, in a region: without restrictions and in three zones. */
export function presentSku(size: Size, location: string): JsonObject {
  const capabilities: Readonly<Record<string, string>> = {
    vCPUs: String(size.cores),
    vCPUsAvailable: String(size.cores),
    MemoryGB: String(size.memoryInMB / 1024),
    MaxDataDiskCount: String(size.maxDataDiskCount),
    MaxResourceVolumeMB: String(size.resourceDiskSizeInMB),
    OSVhdSizeMB: '1047552',
    CpuArchitectureType: 'x64',
    HyperVGenerations: 'V1,V2',
    PremiumIO: String(/^Standard_(?!A)/.test(size.name)),
    EphemeralOSDiskSupported: 'False',
    EncryptionAtHostSupported: 'True',
    AcceleratedNetworkingEnabled: 'True',
    LowPriorityCapable: 'True',
  };
  return {
    resourceType: 'virtualMachines',
    name: size.name,
    tier: 'Standard',
    size: size.name.replace(/^Standard_/, ''),
    family: size.family,
    locations: [location],
    locationInfo: [{ location, zones: ['1', '2', '3'], zoneDetails: [] }],
    capabilities: Object.entries(capabilities).map(([name, value]) => ({ name, value })),
    restrictions: [],
  };
}
