import {
  type AnsweringCommand,
  CommandError,
  type CommandInput,
  type CommandOption,
  optionText,
} from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { givesRole, grantOptions, grantRole } from '../roles/role-grant.ts';
import { identityBlock, own, readIdentities } from './identity-block.ts';
import { identityKind } from './identity-kind.ts';
import { flattened, type ResourceKind } from './resource-kind.ts';
import {
  groupOption,
  locationOption,
  nameIn,
  nameOption,
  placeOptions,
  tagsOption,
} from './resource-options.ts';
import { requireGroup, segment } from './resource-target.ts';
import { tagsIn } from './tags.ts';

const identityOptions: readonly CommandOption[] = [
  {
    flags: '--assign-identity [identity...]',
    summary: `${own} or system for its own, and names or ids of user-assigned ones; its own unless told`,
    names: identityKind,
  },
  { flags: '--no-identity', summary: 'none at all' },
];

/** What a kind adds to `create`. */
export interface Creation {
  readonly options?: readonly CommandOption[];
  /** Members of the body beside location, tags and identity. */
  body(input: CommandInput, group: string): Readonly<Record<string, unknown>>;
}

/**
 * `create` of a kind that carries an identity. Without a word about it a resource gets one of its own: that is what it
 * is made for here.
 */
export function createCarrier(kind: ResourceKind, { options = [], body }: Creation): AnsweringCommand {
  return {
    name: 'create',
    summary: `make a ${kind.noun}, or change it to what is said`,
    arguments: [{ name: '[name]', summary: 'its name' }],
    options: [
      groupOption,
      nameOption,
      ...identityOptions,
      ...grantOptions,
      ...options,
      locationOption,
      tagsOption,
      ...placeOptions,
    ],
    async answer(input, { clock, randomness, progress }) {
      const name = nameIn(input);
      if (name === undefined) throw new CommandError(`say what the ${kind.noun} is called: -n NAME`, 2);
      const tags = tagsIn(input);
      const withRole = givesRole(input);
      using deployment = openDeployment(input, clock);
      const group = await requireGroup(input, deployment);
      const id = `${group.id}/providers/${kind.type}/${segment(name)}`;
      const identities =
        input.options['identity'] === false ? undefined : readIdentities(wantedOf(input), group.id);
      if (withRole && identities?.system !== true) {
        throw new CommandError(`--role is for the ${kind.noun}'s own identity: it has none`, 2);
      }
      const content = {
        location: optionText(input, 'location') ?? group.location,
        ...(tags === undefined ? {} : { tags }),
        ...(identities === undefined ? {} : { identity: identityBlock(identities) }),
        ...body(input, group.id),
      };
      const made = await progress.during(`Creating ${name}`, () =>
        deployment.resources.put(id, kind.apiVersion, content),
      );
      if (withRole) {
        await grantRole(input, deployment, randomness, made.object('identity').string('principalId'));
      }
      return { data: flattened(made), columns: kind.columns };
    },
  };
}

function wantedOf(input: CommandInput): readonly string[] {
  const given = input.options['assignIdentity'];
  return Array.isArray(given) && given.length > 0 ? given : [own];
}
