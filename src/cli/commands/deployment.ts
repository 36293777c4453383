import type { JsonReader } from '../../client/json-reader.ts';
import { parseScope, resourceType } from '../../contract/resource-id.ts';
import {
  type AnsweringCommand,
  type Columns,
  CommandError,
  type CommandGroup,
  type CommandInput,
  optionText,
} from '../command.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import type { TemplateScope } from '../environment-file/template-file.ts';
import { deploymentIn, templateOptions } from '../resources/deployment-input.ts';
import { shortScope, withGroup } from '../resources/resource-kind.ts';
import { groupOption, nameIn, nameOption, placeOptions } from '../resources/resource-options.ts';
import { requireGroup, requireResource, segment, subscriptionIn } from '../resources/resource-target.ts';

const apiVersion = '2025-04-01';
const noun = 'deployment';
const word = { name: '[name]', summary: "its name; as the template's file, unless told" };
const columns: Columns = {
  name: (one) => one.string('name'),
  state: (one) => one.object('properties').optionalString('provisioningState') ?? '',
  when: (one) => one.object('properties').optionalString('timestamp') ?? '',
  mode: (one) => one.object('properties').optionalString('mode') ?? '',
};
const changeColumns: Columns = {
  change: (one) => one.string('changeType'),
  resource: (one) => shortScope(one.string('resourceId')),
  type: (one) => typeOf(one.string('resourceId')),
};

/** `deployment group` or `deployment sub`. */
function commandsAt(scope: TemplateScope): readonly AnsweringCommand[] {
  const placed =
    scope === 'group'
      ? [groupOption, ...placeOptions]
      : [
          { flags: '-l, --location <location>', summary: 'where its record is', default: 'westeurope' },
          ...placeOptions,
        ];
  const of = scope === 'group' ? 'of a resource group' : 'of the subscription';

  const placeIn = async (input: CommandInput, deployment: Deployment): Promise<string> => {
    const above =
      scope === 'group'
        ? (await requireGroup(input, deployment)).id
        : await subscriptionIn(input, deployment);
    return `${above}/providers/Microsoft.Resources/deployments`;
  };
  const idIn = async (input: CommandInput, deployment: Deployment, otherwise?: string): Promise<string> => {
    const name = nameIn(input) ?? otherwise;
    if (name === undefined) throw new CommandError('say which deployment: -n NAME', 2);
    return `${await placeIn(input, deployment)}/${segment(name)}`;
  };
  const bodyIn = (input: CommandInput) => {
    const { name, properties } = deploymentIn(input, scope);
    const location = scope === 'group' ? undefined : optionText(input, 'location');
    return { name, body: { ...(location === undefined ? {} : { location }), properties } };
  };

  const create: AnsweringCommand = {
    name: 'create',
    summary: `deploy a template, and wait until it has ended`,
    arguments: [word],
    options: [nameOption, ...templateOptions, ...placed],
    async answer(input, { clock, progress }) {
      const { name, body } = bodyIn(input);
      using deployment = openDeployment(input, clock);
      const id = await idIn(input, deployment, name);
      const made = await progress.during(`Deploying ${id.split('/').at(-1)}`, (tell) =>
        deployment.resources.put(id, apiVersion, body, async () => tell(await stepsOf(id, deployment))),
      );
      return { data: withGroup(made), columns };
    },
  };
  const validate: AnsweringCommand = {
    name: 'validate',
    summary: 'check a template, and change nothing',
    arguments: [word],
    options: [nameOption, ...templateOptions, ...placed],
    async answer(input, { clock }) {
      const { name, body } = bodyIn(input);
      using deployment = openDeployment(input, clock);
      const id = await idIn(input, deployment, name);
      const answer = await deployment.resources.post(`${id}/validate`, apiVersion, body);
      return { data: answer?.whole(), said: 'the template is valid' };
    },
  };
  const whatIf: AnsweringCommand = {
    name: 'what-if',
    summary: 'say what a template would change, and change nothing',
    arguments: [word],
    options: [nameOption, ...templateOptions, ...placed],
    async answer(input, { clock, progress }) {
      const { name, body } = bodyIn(input);
      using deployment = openDeployment(input, clock);
      const id = await idIn(input, deployment, name);
      const answer = await progress.during('Predicting', () =>
        deployment.resources.post(`${id}/whatIf`, apiVersion, body),
      );
      const changes = answer?.object('properties').list('changes', (one) => one.whole()) ?? [];
      return { data: changes, columns: changeColumns, nothing: 'nothing would change' };
    },
  };
  const list: AnsweringCommand = {
    name: 'list',
    summary: `list the deployments ${of}`,
    options: placed,
    async answer(input, { clock }) {
      using deployment = openDeployment(input, clock);
      const found = await deployment.resources.list(await placeIn(input, deployment), apiVersion);
      return { data: found.map(withGroup), columns, nothing: 'no deployments' };
    },
  };
  const show: AnsweringCommand = {
    name: 'show',
    summary: `show a deployment ${of}`,
    arguments: [word],
    options: [nameOption, ...placed],
    async answer(input, { clock }) {
      using deployment = openDeployment(input, clock);
      const found = await requireResource(deployment, await idIn(input, deployment), { apiVersion, noun });
      return { data: withGroup(found), columns };
    },
  };
  const remove: AnsweringCommand = {
    name: 'delete',
    summary: `delete the record of a deployment ${of}; what it made stays`,
    arguments: [word],
    options: [nameOption, ...placed],
    async answer(input, { clock }) {
      using deployment = openDeployment(input, clock);
      const id = await idIn(input, deployment);
      await deployment.resources.delete(id, apiVersion);
      return { said: `the record of ${id.split('/').at(-1)} is deleted` };
    },
  };
  return [create, validate, whatIf, list, show, remove];
}

/** Deployments of templates, with `az`'s words. */
export const deployment: CommandGroup = {
  name: 'deployment',
  summary: 'deployments of templates',
  commands: [
    { name: 'group', summary: 'of a resource group', commands: commandsAt('group') },
    { name: 'sub', summary: 'of the subscription', commands: commandsAt('subscription') },
  ],
  details: `innate deployment group what-if -g demo -f network.json -p name=net1
innate deployment group create -g demo -f network.json -p name=net1`,
};

/** How far a deployment is. */
async function stepsOf(id: string, { resources }: Deployment): Promise<string> {
  const steps = await resources.list(`${id}/operations`, apiVersion).catch((): readonly JsonReader[] => []);
  const ended = steps.filter((step) => {
    const state = step.object('properties').optionalString('provisioningState');
    return state === 'Succeeded' || state === 'Failed';
  });
  return `${ended.length} of ${steps.length} steps ended`;
}

function typeOf(id: string): string {
  const scope = parseScope(id);
  return scope.kind === 'resource' ? resourceType(scope) : scope.kind;
}
