import { type AnsweringCommand, CommandError, optionList, optionText } from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { applySteps, changesTold, summary } from '../environment-file/apply.ts';
import { planEnvironment } from '../environment-file/plan.ts';
import { readFiles } from '../environment-file/read-files.ts';
import { createWorld } from '../environment-file/step.ts';
import { placeOptions } from '../resources/resource-options.ts';
import { subscriptionIn } from '../resources/resource-target.ts';

/** Makes sure of what files say, in a deployment that runs. */
export const apply: AnsweringCommand = {
  name: 'apply',
  summary: 'make sure of what an environment file says, while the server runs',
  options: [
    { flags: '-f, --file <file...>', summary: 'environment files, or ARM templates' },
    { flags: '-g, --resource-group <name>', summary: 'the resource group of templates' },
    ...placeOptions,
  ],
  details: `innate apply -f environment.yaml
innate apply -f network.json -g demo

What is as the files want it is left alone. docs/guides/environment-files.md says what a file may hold.`,
  async answer(input, { clock, environment, randomness, progress }) {
    const names = optionList(input, 'file');
    if (names.length === 0) throw new CommandError('say which files: -f FILE', 2);
    const files = readFiles(names, optionText(input, 'resourceGroup'), environment);
    using deployment = openDeployment(input, clock);
    const steps = planEnvironment(files, {
      subscription: await subscriptionIn(input, deployment),
      tenantId: deployment.file.tenantId,
    });
    const { resources, directory, vault, file } = deployment;
    const world = createWorld(
      { resources, directory, vault, operatorClientId: file.operator.clientId },
      randomness,
    );
    const applied = await progress.during('Applying', (tell) =>
      applySteps(steps, world, ({ what, name }, at) => tell(`${at + 1} of ${steps.length}, ${what} ${name}`)),
    );
    return {
      data: applied.map(({ step, outcome }) => ({
        what: step.what,
        name: step.name,
        outcome,
        place: step.place,
      })),
      said: [...changesTold(applied), summary(applied)].join('\n'),
    };
  },
};
