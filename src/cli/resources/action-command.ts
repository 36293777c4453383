import type { AnsweringCommand } from '../command.ts';
import { openDeployment } from '../deployment.ts';
import type { ResourceKind } from './resource-kind.ts';
import { groupOption, idsOption, nameOptionOf, nameWordOf, placeOptions } from './resource-options.ts';
import { targetsIn } from './resource-target.ts';

/** An action of resources that answers nothing: `start`, `deallocate`. */
export function actionCommand(kind: ResourceKind, action: string, done: string): AnsweringCommand {
  return {
    name: action,
    summary: `${action} a ${kind.noun}, as far as its record goes`,
    arguments: [nameWordOf(kind)],
    options: [groupOption, nameOptionOf(kind), idsOption, ...placeOptions],
    async answer(input, { clock, progress }) {
      using deployment = openDeployment(input, clock);
      const ids = await targetsIn(input, deployment, kind);
      for (const id of ids) {
        await progress.during(`${id.split('/').at(-1)}: ${action}`, () =>
          deployment.resources.post(`${id}/${action}`, kind.apiVersion),
        );
      }
      return { said: ids.map((id) => `${id.split('/').at(-1)} is ${done}`).join('\n') };
    },
  };
}
