import type { ResourceType } from '../../resource-manager/provider.ts';
import { regions } from '../../resource-manager/regions.ts';

/** What a document says of a type, whoever serves it. */
export interface DescribedType extends Pick<ResourceType, 'namespace' | 'type' | 'apiVersions' | 'tracked'> {
  readonly identity?: ResourceType['identity'] | undefined;
}

export interface DescribedNamespace {
  readonly namespace: string;
  readonly resourceTypes: readonly object[];
}

/** The documents' unchanging part: namespaces in order, by their lower-case names. */
export function describeNamespaces(
  served: readonly DescribedType[],
): ReadonlyMap<string, DescribedNamespace> {
  const types = new Map<string, { namespace: string; resourceTypes: object[] }>();
  for (const type of served) {
    const key = type.namespace.toLowerCase();
    const entry = types.get(key) ?? { namespace: type.namespace, resourceTypes: [] };
    entry.resourceTypes.push(describe(type));
    types.set(key, entry);
  }
  return new Map([...types].sort(([one], [other]) => (one < other ? -1 : 1)));
}

const physicalRegions = regions.filter(({ physical }) => physical).map(({ displayName }) => displayName);

function describe(type: DescribedType): object {
  const newestFirst = [...type.apiVersions].sort(newerFirst);
  const stable = newestFirst.find((version) => /^\d{4}-\d{2}-\d{2}$/.test(version));
  const placed = type.tracked || `${type.namespace}/${type.type}` === 'Microsoft.Resources/resourceGroups';
  return {
    resourceType: type.type,
    locations: placed ? physicalRegions : [],
    apiVersions: newestFirst,
    ...(stable === undefined ? {} : { defaultApiVersion: stable }),
    capabilities: capabilities(type),
  };
}

/** Of one day, the version without a suffix is the newest. */
function newerFirst(one: string, other: string): number {
  const [day, otherDay] = [one.slice(0, 10), other.slice(0, 10)];
  if (day !== otherDay) return day < otherDay ? 1 : -1;
  return one.length - other.length || (one < other ? 1 : -1);
}

function capabilities(type: DescribedType): string {
  const identity = type.identity?.systemAssigned ? ['SystemAssignedResourceIdentity'] : [];
  const tracked = type.tracked ? ['SupportsTags', 'SupportsLocation'] : [];
  const all = [...identity, ...tracked];
  return all.length === 0 ? 'None' : all.join(', ');
}
