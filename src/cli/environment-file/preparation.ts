import type { Operator } from '../../client/operator.ts';
import type { ServerFile } from '../../contract/ready-file.ts';
import type { CommandContext } from '../command.ts';
import { progressByLines } from '../progress.ts';
import { applySteps, changesTold, summary } from './apply.ts';
import { planEnvironment } from './plan.ts';
import { readFiles } from './read-files.ts';
import { createWorld } from './step.ts';

/** What is done with a server that has just started, before anybody is told that it is ready. */
export type Preparation = (operator: Operator, file: ServerFile) => Promise<void>;

/** In place of a subscription that is not known yet. */
const unknownSubscription = '/subscriptions/00000000-0000-0000-0000-000000000000';

/**
 * Reads files, and makes sure of them when the server runs.
 *
 * @param group the resource group of templates, where one is named
 * @throws FileErrors with everything that is wrong, before anything is started
 */
export function prepareByFiles(
  names: readonly string[],
  group: string | undefined,
  { clock, environment, output, randomness }: CommandContext,
): Preparation {
  const files = readFiles(names, group, environment);
  planEnvironment(files, { subscription: unknownSubscription, tenantId: '' });
  return async ({ resources, directory, vault }, { subscriptionId, tenantId, operator }) => {
    const steps = planEnvironment(files, { subscription: `/subscriptions/${subscriptionId}`, tenantId });
    const deployment = { resources, directory, vault, operatorClientId: operator.clientId };
    // by lines on terminals too: the server's log goes there
    const applied = await progressByLines(output, clock).during('Applying', (tell) =>
      applySteps(steps, createWorld(deployment, randomness), ({ what, name }, at) =>
        tell(`${at + 1} of ${steps.length}, ${what} ${name}`),
      ),
    );
    for (const line of changesTold(applied)) output.note(line);
    output.note(`${names.join(', ')}: ${summary(applied)}`);
  };
}
