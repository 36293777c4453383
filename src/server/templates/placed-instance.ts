import type { ResourceInstance } from './resource-instance.ts';

/** A resource without its dependencies, which are known when all resources are. */
export type PlacedInstance = Omit<ResourceInstance, 'dependsOn' | 'dependencies'> & {
  /** The elements of its `dependsOn`, evaluated. */
  readonly dependsOnEntries: readonly string[];
};
