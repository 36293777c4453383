import type { ResourceManagerClient } from '../../client/resource-manager-client.ts';
import { CommandError } from '../command.ts';

export const providersVersion = '2021-04-01';

/**
 * The newest api-version of a type that is served; previews only where there is nothing else.
 *
 * @param type `Microsoft.Storage/storageAccounts`
 * @throws CommandError where the type is not served
 */
export async function newestVersion(resources: ResourceManagerClient, type: string): Promise<string> {
  const [namespace = '', ...types] = type.split('/');
  const provider = await resources.get(`/providers/${namespace}`, providersVersion);
  const wanted = types.join('/').toLowerCase();
  const versions = (provider?.list('resourceTypes', (one) => one) ?? [])
    .filter((one) => one.string('resourceType').toLowerCase() === wanted)
    .flatMap((one) => one.whole()['apiVersions'])
    .filter((version) => typeof version === 'string')
    .toSorted()
    .reverse();
  const newest = versions.find((version) => !version.includes('-preview')) ?? versions[0];
  if (newest === undefined) throw new CommandError(`the type ${type} is not served: say its version`);
  return newest;
}
