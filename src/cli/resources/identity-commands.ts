import type { JsonReader } from '../../client/json-reader.ts';
import { type AnsweringCommand, type CommandGroup, type CommandOption, optionList } from '../command.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { givesRole, grantOptions, grantRole } from '../roles/role-grant.ts';
import { identitiesAdded, identitiesRemoved, own, readIdentities } from './identity-block.ts';
import { identityKind } from './identity-kind.ts';
import { carriedBy, type ResourceKind } from './resource-kind.ts';
import { groupOption, nameOptionOf, nameWordOf, placeOptions } from './resource-options.ts';
import { requireResource, targetsIn } from './resource-target.ts';

const identitiesOption: CommandOption = {
  flags: '--identities <identity...>',
  summary: `${own} or system for its own, and names or ids of user-assigned ones; its own unless told`,
  names: identityKind,
};
const columns = {
  identity: carriedBy,
  principal: (identity: JsonReader) => identity.optionalString('principalId') ?? '',
};

/** `identity assign|remove|show` of resources of a kind. */
export function identityCommands(kind: ResourceKind): CommandGroup {
  const change = (
    name: 'assign' | 'remove',
    changed: typeof identitiesAdded | typeof identitiesRemoved,
  ): AnsweringCommand => ({
    name,
    summary:
      name === 'assign' ? `give a ${kind.noun} identities` : `take identities away from a ${kind.noun}`,
    arguments: [nameWordOf(kind)],
    options: [
      groupOption,
      nameOptionOf(kind),
      identitiesOption,
      ...(name === 'assign' ? grantOptions : []),
      ...placeOptions,
    ],
    async answer(input, { clock, randomness, progress }) {
      using deployment = openDeployment(input, clock);
      const [id = ''] = await targetsIn(input, deployment, kind);
      const standing = await requireResource(deployment, id, kind);
      const texts = optionList(input, 'identities');
      const wanted = readIdentities(texts.length === 0 ? [own] : texts, groupOf(id));
      const identity = changed(standing.optionalObject('identity'), wanted);
      const resource = await progress.during(`Updating ${id.split('/').at(-1)}`, () =>
        deployment.resources.patch(id, kind.apiVersion, { identity }),
      );
      if (name === 'assign' && givesRole(input)) {
        await grantRole(input, deployment, randomness, resource.object('identity').string('principalId'));
      }
      return answerOf(resource);
    },
  });
  return {
    name: 'identity',
    summary: `identities that a ${kind.noun} carries`,
    commands: [
      change('assign', identitiesAdded),
      change('remove', identitiesRemoved),
      {
        name: 'show',
        summary: `show the identities that a ${kind.noun} carries`,
        arguments: [nameWordOf(kind)],
        options: [groupOption, nameOptionOf(kind), ...placeOptions],
        async answer(input, { clock }) {
          using deployment: Deployment = openDeployment(input, clock);
          const [id = ''] = await targetsIn(input, deployment, kind);
          return answerOf(await requireResource(deployment, id, kind));
        },
      },
    ],
  };
}

function answerOf(resource: JsonReader) {
  const identity = resource.optionalObject('identity');
  if (identity === undefined) return { data: null, said: 'it carries no identity' };
  return { data: identity.whole(), columns };
}

/** Id of the group that a resource is in. */
function groupOf(id: string): string {
  return id.replace(/\/providers\/.*$/, '');
}
