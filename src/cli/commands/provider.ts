import {
  type AnsweringCommand,
  type Columns,
  CommandError,
  type CommandGroup,
  optionText,
} from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { providersVersion } from '../resources/newest-version.ts';
import { placeOptions } from '../resources/resource-options.ts';
import { missingExitCode, segment, subscriptionIn } from '../resources/resource-target.ts';

const columns: Columns = {
  namespace: (provider) => provider.string('namespace'),
  state: (provider) => provider.optionalString('registrationState') ?? '',
  types: (provider) => String(provider.list('resourceTypes', (one) => one).length),
};
const namespaceOption = { flags: '-n, --namespace <namespace>', summary: 'the namespace: Microsoft.Compute' };
const namespaceWord = { name: '[namespace]', summary: 'the namespace' };

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list the namespaces that are served, and whether the subscription uses them',
  options: placeOptions,
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const path = `${await subscriptionIn(input, deployment)}/providers`;
    const found = await deployment.resources.list(path, providersVersion);
    return { data: found.map((one) => one.whole()), columns };
  },
};

const show: AnsweringCommand = {
  name: 'show',
  summary: 'show the types of a namespace and their api-versions',
  arguments: [namespaceWord],
  options: [namespaceOption, ...placeOptions],
  async answer(input, { clock }) {
    const namespace = namespaceIn(optionText(input, 'namespace') ?? input.words[0]);
    using deployment = openDeployment(input, clock);
    const path = `${await subscriptionIn(input, deployment)}/providers/${namespace}`;
    const found = await deployment.resources.get(path, providersVersion);
    if (found === undefined) throw new CommandError(`there is no namespace '${namespace}'`, missingExitCode);
    return { data: found.whole(), columns };
  },
};

const register = (name: 'register' | 'unregister'): AnsweringCommand => ({
  name,
  summary: `${name === 'register' ? 'let' : 'no longer let'} the subscription use a namespace`,
  arguments: [namespaceWord],
  options: [namespaceOption, ...placeOptions],
  async answer(input, { clock }) {
    const namespace = namespaceIn(optionText(input, 'namespace') ?? input.words[0]);
    using deployment = openDeployment(input, clock);
    const path = `${await subscriptionIn(input, deployment)}/providers/${namespace}/${name}`;
    const found = await deployment.resources.post(path, providersVersion);
    return { data: found?.whole(), columns };
  },
});

/** Namespaces of resource types, with `az`'s words. */
export const provider: CommandGroup = {
  name: 'provider',
  summary: 'namespaces of resource types',
  commands: [list, show, register('register'), register('unregister')],
};

function namespaceIn(text: string | undefined): string {
  if (text === undefined) throw new CommandError('say which namespace: -n Microsoft.Compute', 2);
  return segment(text);
}
