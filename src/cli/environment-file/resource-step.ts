import { ApiError } from '../../client/agents-client.ts';
import type { JsonReader } from '../../client/json-reader.ts';
import { CommandError } from '../command.ts';
import { identityBlock, type WantedIdentities } from '../resources/identity-block.ts';
import { holds, sameLocation, sameTags } from './difference.ts';
import type { Outcome, World } from './step.ts';

/** What a file says of one resource. What it does not say may be as it is. */
export interface WantedResource {
  readonly id: string;
  readonly type: string;
  readonly apiVersion?: string | undefined;
  /** Where it must be. */
  readonly location?: string | undefined;
  /** Where it is made, if it is not there: a location, or the id of the group whose location it takes. */
  readonly madeIn?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly identities?: WantedIdentities | undefined;
  /** `kind`, `sku`, `properties`. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** Makes a resource, changes what of it is otherwise, or leaves it alone. */
export async function ensureResource(wanted: WantedResource, world: World): Promise<Outcome> {
  const { id, tags, identities, members } = wanted;
  const { resources } = world.deployment;
  const version = wanted.apiVersion ?? (await world.servedType(wanted.type)).newest;
  const found = await resources.get(id, version);
  if (found === undefined) {
    const location = wanted.location ?? (await madeIn(wanted, world));
    await resources.put(id, version, {
      ...(location === undefined ? {} : { location }),
      ...(tags === undefined ? {} : { tags }),
      ...(identities === undefined ? {} : { identity: identityBlock(identities) }),
      ...members,
    });
    return 'created';
  }
  const there = found.optionalString('location');
  if (wanted.location !== undefined && there !== null && !sameLocation(there, wanted.location)) {
    throw new CommandError(`it is in ${there} already, and nothing moves to ${wanted.location}`);
  }
  const changes = changesOf(found, wanted);
  if (Object.keys(changes).length === 0) return 'unchanged';
  try {
    await resources.patch(id, version, changes);
  } catch (error) {
    // not every type can be changed in part
    if (!(error instanceof ApiError && error.status === 405)) throw error;
    await resources.put(id, version, {
      ...(there === null ? {} : { location: there }),
      ...changes,
      ...members,
    });
  }
  return 'changed';
}

async function madeIn({ madeIn: place, type }: WantedResource, world: World): Promise<string | undefined> {
  if (place === undefined || !place.startsWith('/')) return place;
  const nested = type.split('/').length > 2;
  if (nested && !(await world.servedType(type)).located) return undefined;
  return await world.locationOf(place);
}

function changesOf(
  found: JsonReader,
  { tags, identities, members }: WantedResource,
): Record<string, unknown> {
  const actual = found.whole();
  const changed = Object.entries(members).filter(([name, value]) => !holds(actual[name], value));
  const standing = found.optionalObject('identity');
  return {
    ...Object.fromEntries(changed),
    ...(tags === undefined || sameTags(found.optionalObject('tags')?.whole() ?? {}, tags) ? {} : { tags }),
    ...(identities === undefined || sameIdentities(standing, identities)
      ? {}
      : { identity: identityChange(standing, identities) }),
  };
}

function sameIdentities(standing: JsonReader | undefined, { system, attached }: WantedIdentities): boolean {
  const own = /SystemAssigned/i.test(standing?.optionalString('type') ?? '');
  const standingIds = attachedTo(standing).map((id) => id.toLowerCase());
  return (
    own === system &&
    standingIds.length === attached.length &&
    attached.every((id) => standingIds.includes(id.toLowerCase()))
  );
}

/** The block that is wanted, with `null` for what is attached and not wanted. */
function identityChange(standing: JsonReader | undefined, wanted: WantedIdentities) {
  const block = identityBlock(wanted);
  const kept = wanted.attached.map((id) => id.toLowerCase());
  const gone = attachedTo(standing).filter((id) => !kept.includes(id.toLowerCase()));
  if (gone.length === 0 || wanted.attached.length === 0) return block;
  return {
    ...block,
    userAssignedIdentities: {
      ...block.userAssignedIdentities,
      ...Object.fromEntries(gone.map((id) => [id, null])),
    },
  };
}

function attachedTo(identity: JsonReader | undefined): readonly string[] {
  return Object.keys(identity?.optionalObject('userAssignedIdentities')?.whole() ?? {});
}
