import type { ResourceManagerClient, ResourcePage } from '../../client/resource-manager-client.ts';
import type { Progress } from '../progress.ts';
import { resourceGroupVersion } from './resource-target.ts';

/** Deletes a resource group with all that it holds, telling meanwhile how much remains. */
export async function removeGroup(
  { resources }: { readonly resources: Pick<ResourceManagerClient, 'page' | 'delete'> },
  progress: Progress,
  id: string,
): Promise<void> {
  await progress.during(`Deleting resource group ${id.split('/').at(-1)}`, async (tell) => {
    // what cannot be counted is deleted all the same
    const remaining = () =>
      resources.page(`${id}/resources`, resourceGroupVersion).then(
        (page) => {
          const sentence = countTold(page);
          if (sentence !== undefined) tell(sentence);
        },
        () => {},
      );
    await resources.delete(id, resourceGroupVersion, remaining);
  });
}

/** The first page tells enough: of very many resources, a count each second would slow their deletion down. */
function countTold({ items, more }: ResourcePage): string | undefined {
  if (items.length === 0) return undefined;
  if (more) return `more than ${items.length} resources remain`;
  return `${items.length} ${items.length === 1 ? 'resource remains' : 'resources remain'}`;
}
