import type { Clock } from '../../foundation/clock.ts';
import type { Named } from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { resourceGroupVersion, subscriptionVersion } from '../resources/resource-target.ts';

/** Milliseconds that somebody waits who has pressed a key. */
const patience = 2000;
/** Names that a shell takes as they are: another would be run, or split, where it is put on the line. */
const plain = /^[A-Za-z0-9._@-]{1,260}$/;

/**
 * Names of what the running deployment has, as many as stand on one page. Where none runs, or it does not answer in time, there are none.
 *
 * @param dataFolder what `--data` says
 */
export async function namesOfDeployment(
  named: Named,
  dataFolder: string | undefined,
  clock: Clock,
): Promise<readonly string[]> {
  const timer = Promise.withResolvers<readonly string[]>();
  const waiting = setTimeout(() => timer.resolve([]), patience);
  try {
    return await Promise.race([ask(named, dataFolder, clock).catch(() => []), timer.promise]);
  } finally {
    clearTimeout(waiting);
  }
}

async function ask(named: Named, dataFolder: string | undefined, clock: Clock): Promise<readonly string[]> {
  const options = dataFolder === undefined ? {} : { data: dataFolder };
  using deployment = openDeployment({ words: [], options, command: [] }, clock);
  const { resources, file } = deployment;
  const subscription = `/subscriptions/${file.subscriptionId}`;
  const { items } =
    named === 'groups'
      ? await resources.page(`${subscription}/resourceGroups`, resourceGroupVersion)
      : await resources.page(
          `${subscription}/resources`,
          subscriptionVersion,
          named === 'resources' ? {} : { filter: `resourceType eq '${named.type}'` },
        );
  const names = items.map((one) => one.string('name')).filter((name) => plain.test(name));
  return [...new Set(names)];
}
