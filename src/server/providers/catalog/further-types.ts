import { parsePath, ResourceIdError, subscriptionOf } from '../../../contract/resource-id.ts';
import { type FurtherTypes, fullType } from '../../resource-manager/operation-registry.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { readFacts, type TypeFacts } from './facts.ts';
import { genericType } from './generic-type.ts';
import { operationList } from './operation-list.ts';
import { isRecordable } from './recordable.ts';

export interface FurtherTypesOptions extends TrackedDependencies {
  /** Types with a provider of their own, which go first. */
  readonly own: readonly ResourceType[];
}

/** Types that are kept as records, beside those with a provider of their own. */
export function recordedTypes(
  own: readonly Pick<ResourceType, 'namespace' | 'type'>[],
): readonly TypeFacts[] {
  const owned = new Set(own.map((type) => fullType(type).toLowerCase()));
  return readFacts().filter((facts) => isRecordable(facts) && !owned.has(fullType(facts).toLowerCase()));
}

/** Makes those types when they are asked for; there are thousands, and a deployment uses a few. */
export function createFurtherTypes(options: FurtherTypesOptions): FurtherTypes {
  const recorded = recordedTypes(options.own);
  const byName = new Map(recorded.map((facts) => [fullType(facts).toLowerCase(), facts]));
  const namespaces = new Map(recorded.map(({ namespace }) => [namespace.toLowerCase(), namespace]));
  const owned = new Set(options.own.map((type) => fullType(type).toLowerCase()));
  const made = new Map<string, ResourceType>();

  const find = (name: string): ResourceType | undefined => {
    const key = name.toLowerCase();
    const facts = byName.get(key);
    if (facts === undefined) return undefined;
    const known = made.get(key);
    if (known !== undefined) return known;
    const parent = key.slice(0, key.lastIndexOf('/'));
    const unparented = facts.type.includes('/') && !byName.has(parent) && !owned.has(parent);
    const type = genericType({ ...facts, unparented }, options);
    made.set(key, type);
    return type;
  };

  const rights = new Map<string, ResourceType>();
  const rightsOf = (name: string): ResourceType | undefined => {
    const key = name.toLowerCase();
    const own = options.own.filter(({ namespace }) => namespace.toLowerCase() === key);
    const namespace = own[0]?.namespace ?? namespaces.get(key);
    if (namespace === undefined) return undefined;
    const ofNamespace = recorded.filter((facts) => facts.namespace === namespace);
    const list = rights.get(key) ?? operationList(namespace, own, ofNamespace);
    rights.set(key, list);
    return list;
  };

  return {
    at(segments) {
      const [first, name, last, ...more] = segments;
      if (`${first}/${last}`.toLowerCase() === 'providers/operations' && name !== undefined) {
        return more.length === 0 ? rightsOf(name) : undefined;
      }
      const path = pathOf(segments);
      if (path?.kind !== 'resource' && path?.kind !== 'collection') return undefined;
      // a record belongs to a subscription
      if (subscriptionOf(path.parent) === undefined) return undefined;
      const { namespace, types, names } = path;
      const type = find(`${namespace}/${types.join('/')}`);
      if (type !== undefined || names.length === types.length || names.length === 0) return type;
      return find(`${namespace}/${types.slice(0, -1).join('/')}`);
    },
    namespace: (name) => namespaces.get(name.toLowerCase()),
  };
}

function pathOf(segments: readonly string[]): ReturnType<typeof parsePath> | undefined {
  try {
    return parsePath(`/${segments.join('/')}`);
  } catch (error) {
    if (error instanceof ResourceIdError) return undefined;
    throw error;
  }
}
