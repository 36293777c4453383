import { competingVariables, programEnvironment } from '../../agent/isolation/program-environment.ts';
import { trustedBy, writeBundles } from '../bundle-files.ts';
import { type Command, dataOption, optionText } from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { enrolAs } from '../enrolment.ts';
import { type EnvironmentFormat, formatEnvironment } from '../environment-text.ts';
import { resolveResource } from '../resource-name.ts';

const formats: readonly EnvironmentFormat[] = ['shell', 'dotenv', 'json'];

/** Prints what makes programs of a shell, an editor or a container run as a resource. */
export const env: Command = {
  name: 'env',
  summary: 'print the environment that makes programs run as a resource',
  arguments: [{ name: '<resource>', summary: 'its name, GROUP/NAME, or its whole id', names: 'resources' }],
  options: [
    { flags: '--format <format>', summary: 'for whom', choices: formats, default: 'shell' },
    { flags: '--close', summary: 'take the identity away from programs that were given this environment' },
    dataOption,
  ],
  details: `eval "$(innate env vm1)" prepares a shell. The endpoint behind it stays open until the server stops or
--close closes it. While it is open, every program of this machine's users can ask it for tokens.`,
  async run(input, { clock, environment, output }) {
    const [resource = ''] = input.words;
    using deployment = openDeployment(input, clock);
    const resourceId = await resolveResource(deployment.resources, resource);
    if (input.options['close'] === true) {
      const closed = await deployment.agent.release(resourceId);
      output.note(
        closed === 0 ? `no environment is open for ${resource}` : `closed the environment of ${resource}`,
      );
      return 0;
    }
    const machine = await enrolAs(deployment, resourceId);
    if (machine.identities.length === 0) {
      output.note(`${resource} carries no identity: programs will be refused tokens`);
    }
    const competing = competingVariables(environment);
    if (competing.length > 0) {
      output.note(`${competing.join(', ')} may win over the resource's identity in a program's credentials`);
    }
    const endpoint = await deployment.agent.keep(resourceId);
    const changes = programEnvironment({
      base: environment,
      host: endpoint.environment,
      proxy: endpoint.proxy,
      ...writeBundles(
        { dataFolder: deployment.dataFolder, authority: trustedBy(endpoint, deployment) },
        environment,
      ),
      directNames: [],
      proxyOnly: false,
    });
    const format = formats.find((one) => one === optionText(input, 'format')) ?? 'shell';
    output.result(formatEnvironment(changes, format));
    return 0;
  },
};
