import type { AsyncOperations } from '../../resource-manager/async-operations.ts';
import { locationOperations } from '../../resource-manager/location-operations.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { networkApiVersions } from './api-versions.ts';

/** Where long-running operations of Network are asked about. */
export function networkOperations(operations: AsyncOperations): ResourceType {
  return locationOperations('Microsoft.Network', networkApiVersions, operations);
}
