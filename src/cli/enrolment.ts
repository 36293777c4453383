import type { ControlMachine } from '../contract/control-socket.ts';
import { CommandError } from './command.ts';
import type { Deployment } from './deployment.ts';
import { sameResource } from './resource-name.ts';

/**
 * Makes this host the resource, unless it is already: the operator asks for a join token, the agent redeems it.
 *
 * @throws CommandError where the resource is not there; `ApiError`, `Unreachable`
 */
export async function enrolAs(deployment: Deployment, resourceId: string): Promise<ControlMachine> {
  const { agent, resources } = deployment;
  const known = (await agent.machines()).find((machine) => sameResource(machine.resourceId, resourceId));
  if (known !== undefined) return known;
  const answer = await resources.post(`${resourceId}/providers/Innate.Machines/issueJoinToken`, '2026-11-01');
  if (answer === undefined) throw new CommandError('the server issued no join token');
  return await agent.enrol(answer.string('joinToken'));
}
