import type { AsyncOperations } from '../../resource-manager/async-operations.ts';
import { locationOperations } from '../../resource-manager/location-operations.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { appApiVersions } from './api-versions.ts';

/** Where long-running operations of container apps are asked about. */
export function appOperations(operations: AsyncOperations): ResourceType {
  return locationOperations('Microsoft.App', appApiVersions, operations);
}
