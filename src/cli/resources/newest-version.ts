import type { ResourceManagerClient } from '../../client/resource-manager-client.ts';
import { CommandError } from '../command.ts';

export const providersVersion = '2021-04-01';

/** What provider documents say of a type. */
export interface ServedType {
  /** The newest api-version; a preview only where there is nothing else. */
  readonly newest: string;
  /** Whether its resources say where they are. */
  readonly located: boolean;
}

/**
 * A type as it is served.
 *
 * @param type `Microsoft.Storage/storageAccounts`
 * @throws CommandError where it is not served
 */
export async function servedType(resources: ResourceManagerClient, type: string): Promise<ServedType> {
  const [namespace = '', ...types] = type.split('/');
  const provider = await resources.get(`/providers/${namespace}`, providersVersion);
  const wanted = types.join('/').toLowerCase();
  const served = (provider?.list('resourceTypes', (one) => one) ?? []).filter(
    (one) => one.string('resourceType').toLowerCase() === wanted,
  );
  const versions = served
    .flatMap((one) => one.whole()['apiVersions'])
    .filter((version) => typeof version === 'string')
    .toSorted()
    .reverse();
  const newest = versions.find((version) => !version.includes('-preview')) ?? versions[0];
  if (newest === undefined) throw new CommandError(`the type ${type} is not served: say its version`);
  const located = served.some((one) => /SupportsLocation/.test(one.optionalString('capabilities') ?? ''));
  return { newest, located };
}

/** The newest api-version of a type. @throws CommandError where it is not served */
export async function newestVersion(resources: ResourceManagerClient, type: string): Promise<string> {
  return (await servedType(resources, type)).newest;
}
