import { ApiError } from '../../client/agents-client.ts';
import type { JsonReader } from '../../client/json-reader.ts';
import { parseScope, resourceGroupOf } from '../../contract/resource-id.ts';
import { type Command, CommandError, type CommandInput, dataOption, optionText, verbOf } from '../command.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { resolveResource } from '../resource-name.ts';

const apiVersion = '2024-07-01';
const groupVersion = '2022-09-01';
const type = 'Microsoft.Compute/virtualMachines';
const verbs = ['create', 'delete', 'list', 'show'] as const;
type Verb = (typeof verbs)[number];

/** Virtual machines through the public API. Innate keeps their records and identities; it starts no image. */
export const vm: Command = {
  name: 'vm',
  summary: 'create, delete, list or show virtual machines',
  arguments: [
    { name: '<create|delete|list|show>', summary: 'what to do' },
    { name: '[name]', summary: 'its name, GROUP/NAME, or its whole id' },
  ],
  options: [
    { flags: '--group <name>', summary: 'the resource group (for create: must exist)' },
    { flags: '--no-identity', summary: 'create it without an identity of its own' },
    dataOption,
  ],
  details: `innate vm create vm2 --group demo
innate vm delete demo/vm2      waits until it is gone; its identity ends with it`,
  async run(input, context) {
    const [claimedVerb, name] = input.words;
    const verb = verbOf('vm', verbs, claimedVerb);
    using deployment = openDeployment(input, context.clock);
    context.output.result(await perform(verb, name, input, deployment));
    return 0;
  },
};

async function perform(
  verb: Verb,
  name: string | undefined,
  input: CommandInput,
  { file, resources }: Deployment,
): Promise<string> {
  const group = optionText(input, 'group');
  if (verb === 'list') {
    const below = group === undefined ? '' : `/resourceGroups/${group}`;
    const machines = await resources.list(
      `/subscriptions/${file.subscriptionId}${below}/providers/${type}`,
      apiVersion,
    );
    return machines.length === 0 ? 'no virtual machines' : machines.map(describe).join('\n');
  }
  if (name === undefined) throw new CommandError(`innate vm ${verb} needs the name of a virtual machine`, 2);
  if (verb === 'create') {
    if (group === undefined || name.includes('/')) {
      throw new CommandError(
        'innate vm create takes a name and --group, the resource group it is made in',
        2,
      );
    }
    const groupId = `/subscriptions/${file.subscriptionId}/resourceGroups/${group}`;
    const found = await resources.get(groupId, groupVersion);
    if (found === undefined) throw new CommandError(`there is no resource group '${group}'`);
    const identity = input.options['identity'] === false ? {} : { identity: { type: 'SystemAssigned' } };
    const made = await resources.put(`${groupId}/providers/${type}/${name}`, apiVersion, {
      location: found.string('location'),
      ...identity,
      properties: {},
    });
    return describe(made);
  }
  const wanted = group === undefined || name.includes('/') ? name : `${group}/${name}`;
  const id = await resolveResource(resources, wanted);
  if (!id.toLowerCase().includes(`/providers/${type}/`.toLowerCase())) {
    throw new CommandError(`${id} is no virtual machine`);
  }
  if (verb === 'delete') {
    await resources.delete(id, apiVersion);
    return `${id} is deleted, and its identity with it`;
  }
  const machine = await resources.get(id, apiVersion);
  if (machine === undefined) throw new ApiError(404, 'ResourceNotFound', `there is no virtual machine ${id}`);
  return describe(machine);
}

/** One line: group/name, and the principal of its own identity. */
function describe(machine: JsonReader): string {
  const group = resourceGroupOf(parseScope(machine.string('id')));
  const principal = machine.optionalObject('identity')?.optionalString('principalId');
  return `${group}/${machine.string('name')}  ${principal ? `identity ${principal}` : 'no identity of its own'}`;
}
