import type { AsyncOperations } from '../../resource-manager/async-operations.ts';
import { locationOperations } from '../../resource-manager/location-operations.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { containerApiVersions } from './api-versions.ts';

/** Where long-running operations of container groups are asked about. */
export function containerOperations(operations: AsyncOperations): ResourceType {
  return locationOperations('Microsoft.ContainerInstance', containerApiVersions, operations);
}
