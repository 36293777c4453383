import type { JsonReader } from '../../client/json-reader.ts';
import { canonicalId, parseScope } from '../../contract/resource-id.ts';
import { CommandError } from '../command.ts';
import { identityKind } from './identity-kind.ts';
import { segment } from './resource-target.ts';

/** How `az` writes a resource's own identity among names of others. */
export const own = '[system]';

/** Which identities are meant: the resource's own, and ids of user-assigned ones. */
export interface WantedIdentities {
  readonly system: boolean;
  readonly attached: readonly string[];
}

/**
 * Identities as a command line names them: `[system]` or `system`, names in the resource's own group, `GROUP/NAME`, ids.
 *
 * @param group id of the resource's group
 * @throws CommandError where something is none of these
 */
export function readIdentities(texts: readonly string[], group: string): WantedIdentities {
  const others = texts.filter((text) => !isOwn(text));
  return { system: others.length < texts.length, attached: others.map((text) => attachedId(text, group)) };
}

/** `[system]` as `az` has it; `system` for shells that take brackets for a pattern. */
export function isOwn(text: string): boolean {
  return text.toLowerCase() === own || text.toLowerCase() === 'system';
}

function attachedId(text: string, group: string): string {
  if (text.startsWith('/')) return text;
  const [name = '', groupName, ...more] = text.split('/').reverse();
  if (more.length > 0) throw new CommandError(`'${text}' is no identity: give its name, GROUP/NAME or id`, 2);
  const place = groupName === undefined ? group : group.replace(/[^/]+$/, segment(groupName));
  return `${place}/providers/${identityKind.type}/${segment(name)}`;
}

/** The `identity` member of a body by which a resource has these identities and no others. */
export function identityBlock({ system, attached }: WantedIdentities) {
  return {
    type: identityType(system, attached.length > 0),
    ...(attached.length === 0
      ? {}
      : { userAssignedIdentities: Object.fromEntries(attached.map((id) => [id, {}])) }),
  };
}

/** The change that adds identities to those that a resource has (`spec` b.3: a PATCH merges). */
export function identitiesAdded(standing: JsonReader | undefined, added: WantedIdentities) {
  const { system, attached } = standingIdentities(standing);
  return identityBlock({
    system: system || added.system,
    attached: [...attached, ...added.attached.filter((id) => !includes(attached, id))],
  });
}

/** The change that takes identities away: `null` detaches. @throws CommandError where one of them is not there */
export function identitiesRemoved(standing: JsonReader | undefined, removed: WantedIdentities) {
  const { system, attached } = standingIdentities(standing);
  const missing = removed.attached.find((id) => !includes(attached, id));
  if (missing !== undefined) throw new CommandError(`${missing} is not attached`);
  if (removed.system && !system) throw new CommandError('it has no identity of its own');
  const remaining = attached.filter((id) => !includes(removed.attached, id));
  return {
    type: identityType(system && !removed.system, remaining.length > 0),
    // where none remains the type says so, and a map beside it would be refused
    ...(removed.attached.length === 0 || remaining.length === 0
      ? {}
      : {
          userAssignedIdentities: Object.fromEntries(
            attached.filter((id) => includes(removed.attached, id)).map((id) => [id, null]),
          ),
        }),
  };
}

function standingIdentities(identity: JsonReader | undefined): WantedIdentities {
  return {
    system: /SystemAssigned/i.test(identity?.optionalString('type') ?? ''),
    attached: Object.keys(identity?.optionalObject('userAssignedIdentities')?.whole() ?? {}),
  };
}

function identityType(system: boolean, user: boolean): string {
  if (system) return user ? 'SystemAssigned, UserAssigned' : 'SystemAssigned';
  return user ? 'UserAssigned' : 'None';
}

function includes(ids: readonly string[], id: string): boolean {
  return ids.some((one) => canonicalId(parseScope(one)) === canonicalId(parseScope(id)));
}
