import { parseScope, ResourceIdError } from '../../contract/resource-id.ts';
import { CommandError, type CommandInput, optionText } from '../command.ts';
import type { Deployment } from '../deployment.ts';
import { resolveResource } from '../resource-name.ts';
import { groupIn, subscriptionIn } from '../resources/resource-target.ts';

/**
 * The scope that a command line means: `--scope` as an id or as the name of a resource, else the group of `-g`, else the
 * subscription.
 *
 * @throws CommandError where it is none
 */
export async function scopeIn(input: CommandInput, deployment: Deployment): Promise<string> {
  const text = optionText(input, 'scope');
  if (text === undefined) {
    return (await groupIn(input, deployment)) ?? (await subscriptionIn(input, deployment));
  }
  if (!text.startsWith('/')) return await resolveResource(deployment.resources, text);
  try {
    parseScope(text);
  } catch (error) {
    if (!(error instanceof ResourceIdError)) throw error;
    throw new CommandError(`'${text}' is no scope: ${error.message}`, 2);
  }
  return text.replace(/(?<=.)\/+$/, '');
}
