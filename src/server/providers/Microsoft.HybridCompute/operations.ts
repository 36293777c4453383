import type { AsyncOperations } from '../../resource-manager/async-operations.ts';
import { locationOperations } from '../../resource-manager/location-operations.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { hybridApiVersions } from './api-versions.ts';

/** Where long-running operations of hybrid machines are asked about. */
export function hybridOperations(operations: AsyncOperations): ResourceType {
  return locationOperations('Microsoft.HybridCompute', hybridApiVersions, operations);
}
