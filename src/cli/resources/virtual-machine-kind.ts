import { carrierColumns, type ResourceKind } from './resource-kind.ts';

/** Virtual machines. */
export const virtualMachineKind: ResourceKind = {
  noun: 'virtual machine',
  plural: 'virtual machines',
  type: 'Microsoft.Compute/virtualMachines',
  apiVersion: '2024-07-01',
  columns: carrierColumns,
};
