import type { JsonReader } from '../../client/json-reader.ts';
import { parseScope, resourceGroupOf } from '../../contract/resource-id.ts';
import type { Columns } from '../command.ts';

/** A type of resource that has a noun of its own. */
export interface ResourceKind {
  /** As people say it, in the singular and the plural. */
  readonly noun: string;
  readonly plural: string;
  /** `Microsoft.Compute/virtualMachines`. */
  readonly type: string;
  readonly apiVersion: string;
  readonly columns: Columns;
}

/** An ARM object as `az` shows it: members of `properties` stand beside the others, the group's name is one of them. */
export function flattened(resource: JsonReader): Readonly<Record<string, unknown>> {
  const { properties, ...rest } = resource.whole();
  return { ...rest, ...(typeof properties === 'object' ? properties : {}), ...groupMember(resource) };
}

/** An ARM object as it is, with its group's name. */
export function withGroup(resource: JsonReader): Readonly<Record<string, unknown>> {
  return { ...resource.whole(), ...groupMember(resource) };
}

function groupMember(resource: JsonReader): { readonly resourceGroup?: string } {
  const group = groupNameOf(resource.string('id'));
  return group === undefined ? {} : { resourceGroup: group };
}

export function groupNameOf(id: string): string | undefined {
  return resourceGroupOf(parseScope(id));
}

/** Columns that every resource has. */
export const nameColumns: Columns = {
  name: (resource) => resource.string('name'),
  group: (resource) => resource.optionalString('resourceGroup') ?? '',
};

export const locationColumn: Columns = {
  location: (resource) => resource.optionalString('location') ?? '',
};

/** What identities a resource carries, and the principal of its own. */
export const identityColumns: Columns = {
  identity: (resource) => carriedBy(resource.optionalObject('identity')),
  principal: (resource) => resource.optionalObject('identity')?.optionalString('principalId') ?? '',
};

/** Columns of resources that carry identities. */
export const carrierColumns: Columns = { ...nameColumns, ...locationColumn, ...identityColumns };

/** The identities of an `identity` block in words: `system`, and names of user-assigned ones. */
export function carriedBy(identity: JsonReader | undefined): string {
  if (identity === undefined) return '';
  const own = /SystemAssigned/i.test(identity.optionalString('type') ?? '') ? ['system'] : [];
  const attached = identity.optionalObject('userAssignedIdentities')?.whole() ?? {};
  return [...own, ...Object.keys(attached).map((id) => id.split('/').at(-1) ?? id)].join(', ');
}

/** A scope for people, as short as a command line takes it: `GROUP/NAME` of a resource; others in a few words. */
export function shortScope(id: string): string {
  const scope = parseScope(id);
  if (scope.kind === 'resourceGroup') return `group ${scope.resourceGroup}`;
  if (scope.kind !== 'resource' || scope.parent.kind !== 'resourceGroup') return id;
  return `${scope.parent.resourceGroup}/${scope.names.join('/')}`;
}
