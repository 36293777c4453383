import type { AsyncOperations } from '../../resource-manager/async-operations.ts';
import { locationOperations } from '../../resource-manager/location-operations.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { computeApiVersions } from './api-versions.ts';

/** Where long-running operations of Compute are asked about. */
export function computeOperations(operations: AsyncOperations): ResourceType {
  return locationOperations('Microsoft.Compute', computeApiVersions, operations);
}
