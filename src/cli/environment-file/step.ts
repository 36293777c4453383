import type { Randomness } from '../../foundation/randomness.ts';
import type { Deployment } from '../deployment.ts';
import { type ServedType, servedType } from '../resources/newest-version.ts';

export type Outcome = 'created' | 'changed' | 'unchanged';

/** One thing that a file wants to be there, and how it is made so. */
export interface Step {
  /** What nothing else has: the id of a resource in lower case, or a name of its own. */
  readonly key: string;
  /** What it is, as people say it: `virtual machine`. */
  readonly what: string;
  readonly name: string;
  /** `FILE:LINE:COLUMN` of where it is wanted. */
  readonly place: string;
  /** Keys of what must be there first; those that no file wants are taken to be there. */
  readonly needs: readonly string[];
  /** Makes sure of it. */
  apply(world: World): Promise<Outcome>;
}

/** The deployment that steps are applied to, through the public API as its operator. */
export interface World {
  readonly deployment: Pick<Deployment, 'resources' | 'directory' | 'vault'> & {
    readonly operatorClientId: string;
  };
  readonly randomness: Randomness;
  /** A type as it is served. @throws CommandError where it is not */
  servedType(type: string): Promise<ServedType>;
  /** Where a resource group is. */
  locationOf(groupId: string): Promise<string>;
}

/** A world that asks each question once. */
export function createWorld(deployment: World['deployment'], randomness: Randomness): World {
  const { resources } = deployment;
  const types = new Map<string, Promise<ServedType>>();
  const locations = new Map<string, Promise<string>>();
  return {
    deployment,
    randomness,
    servedType: (type) => remembered(types, type, () => servedType(resources, type)),
    locationOf: (groupId) =>
      remembered(locations, groupId, async () => {
        const group = await resources.get(groupId, '2022-09-01');
        return group?.string('location') ?? 'westeurope';
      }),
  };
}

async function remembered<T>(kept: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const known = kept.get(key.toLowerCase());
  if (known !== undefined) return await known;
  const asked = ask();
  kept.set(key.toLowerCase(), asked);
  return await asked;
}
