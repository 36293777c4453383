import type { Deployment } from '../deployment.ts';
import type { Progress } from '../progress.ts';
import { resourceGroupVersion } from './resource-target.ts';

/** Deletes a resource group with all that it holds, telling meanwhile how much remains. */
export async function removeGroup({ resources }: Deployment, progress: Progress, id: string): Promise<void> {
  await progress.during(`Deleting resource group ${id.split('/').at(-1)}`, async (tell) => {
    const remaining = async () => {
      const count = await resources.list(`${id}/resources`, resourceGroupVersion).then(
        (found) => found.length,
        () => undefined,
      );
      if (count !== undefined && count > 0)
        tell(`${count} ${count === 1 ? 'resource remains' : 'resources remain'}`);
    };
    await resources.delete(id, resourceGroupVersion, remaining);
  });
}
