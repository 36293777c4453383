import { type AnsweringCommand, CommandError, type CommandGroup, optionText } from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { identityKind } from '../resources/identity-kind.ts';
import { deleteCommand, listCommand, showCommand, updateCommand } from '../resources/resource-commands.ts';
import { flattened } from '../resources/resource-kind.ts';
import {
  groupOption,
  idsOption,
  locationOption,
  nameIn,
  nameOption,
  nameOptionOf,
  nameWordOf,
  placeOptions,
  tagsOption,
} from '../resources/resource-options.ts';
import { requireGroup, segment, targetsIn } from '../resources/resource-target.ts';
import { tagsIn } from '../resources/tags.ts';
import { identityFederatedCredential } from './identity-federated-credential.ts';

/** The last version that lists them. */
const associatedResourcesVersion = '2023-01-31';

const create: AnsweringCommand = {
  name: 'create',
  summary: 'make a user-assigned identity',
  arguments: [{ name: '[name]', summary: 'its name' }],
  options: [groupOption, nameOption, locationOption, tagsOption, ...placeOptions],
  async answer(input, { clock }) {
    const name = nameIn(input);
    if (name === undefined) throw new CommandError('say what the identity is called: -n NAME', 2);
    const tags = tagsIn(input);
    using deployment = openDeployment(input, clock);
    const group = await requireGroup(input, deployment);
    const made = await deployment.resources.put(
      `${group.id}/providers/${identityKind.type}/${segment(name)}`,
      identityKind.apiVersion,
      {
        location: optionText(input, 'location') ?? group.location,
        ...(tags === undefined ? {} : { tags }),
      },
    );
    return { data: flattened(made), columns: identityKind.columns };
  },
};

const listResources: AnsweringCommand = {
  name: 'list-resources',
  summary: 'list the resources that an identity is attached to',
  arguments: [nameWordOf(identityKind)],
  options: [groupOption, nameOptionOf(identityKind), idsOption, ...placeOptions],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const [id = ''] = await targetsIn(input, deployment, identityKind);
    const found = await deployment.resources.list(
      `${id}/listAssociatedResources`,
      associatedResourcesVersion,
      {},
      'POST',
    );
    return {
      data: found.map((resource) => resource.whole()),
      columns: {
        name: (resource) => lastOf(resource.string('id')),
        group: (resource) => resource.string('resourceGroup'),
        type: (resource) => resource.string('type'),
      },
      nothing: 'it is attached to no resource',
    };
  },
};

/** User-assigned identities, with `az`'s words. */
export const identity: CommandGroup = {
  name: 'identity',
  summary: 'user-assigned identities, and whose tokens open them',
  commands: [
    create,
    listCommand(identityKind),
    showCommand(identityKind),
    updateCommand(identityKind),
    deleteCommand(identityKind, ', and every token that it held is refused'),
    listResources,
    identityFederatedCredential,
  ],
  details: `innate identity create -g demo -n orders-api
innate identity show -g demo -n orders-api --query principalId -o tsv
innate vm identity assign -g demo -n vm1 --identities orders-api`,
};

function lastOf(id: string): string {
  return id.split('/').at(-1) ?? id;
}
