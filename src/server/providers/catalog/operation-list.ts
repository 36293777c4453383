import type { ResourceType } from '../../resource-manager/provider.ts';
import type { TypeFacts } from './facts.ts';

/** A type as the list of a namespace's rights sees it. */
type Listed = Pick<ResourceType, 'type' | 'apiVersions'> & Partial<Pick<ResourceType, 'operations'>>;

const verbs: Readonly<Record<string, string>> = {
  read: 'Read or list',
  write: 'Make or change',
  delete: 'Delete',
};

/**
 * The rights of a namespace, as roles name them, for whoever writes roles (`spec/resource-manager.md` a.10).
 *
 * @param own types with a provider of their own, whose operations say what they take
 * @param recorded types that are kept as records
 */
export function operationList(
  namespace: string,
  own: readonly ResourceType[],
  recorded: readonly TypeFacts[],
): ResourceType {
  const types: readonly Listed[] = [...own, ...recorded];
  const actions = new Set(types.flatMap((type) => actionsOf(namespace, type)));
  const value = [`${namespace}/register/action`, ...actions].sort().map((name) => describe(namespace, name));
  return {
    namespace,
    type: 'operations',
    apiVersions: [...new Set(types.flatMap(({ apiVersions }) => apiVersions))].sort(),
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: `/providers/${namespace}/operations`,
        action: `${namespace}/operations/read`,
        run: async () => ({ status: 200, body: { value } }),
      },
    ],
  };
}

function actionsOf(namespace: string, { type, operations }: Listed): readonly string[] {
  if (operations === undefined) return Object.keys(verbs).map((verb) => `${namespace}/${type}/${verb}`);
  return operations.map(({ action }) => action).filter((action) => !action.includes('{'));
}

function describe(provider: string, name: string): object {
  const [, ...segments] = name.split('/');
  const verb = segments.pop() ?? '';
  const what = verb === 'action' ? segments.pop() : undefined;
  const operation = what ?? verbs[verb] ?? verb;
  return { name, isDataAction: false, display: { provider, resource: segments.join('/'), operation } };
}
