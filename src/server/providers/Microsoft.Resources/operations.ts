import type { ResourceType } from '../../resource-manager/provider.ts';
import { resourcesApiVersions } from './api-versions.ts';

const namespace = 'Microsoft.Resources';

/**
 * The rights of the namespace, for whoever writes roles: those that what is served asks for.
 *
 * @param served the types of the whole registry, this one included, once it is made
 */
export function resourcesOperations(served: () => readonly ResourceType[]): ResourceType {
  return {
    namespace,
    type: 'operations',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: `/providers/${namespace}/operations`,
        action: `${namespace}/operations/read`,
        async run() {
          const actions = served()
            .flatMap(({ operations }) => operations.map(({ action }) => action))
            .filter((action) => action.startsWith(`${namespace}/`));
          return { status: 200, body: { value: [...new Set(actions)].sort().map(present) } };
        },
      },
    ],
  };
}

/** `Microsoft.Resources/tags/write`: what it is about, and what it allows. */
function present(action: string): object {
  const [, ...parts] = action.split('/');
  const right = parts.at(-1) === 'action' ? parts.slice(-2).join('/') : parts.at(-1);
  const resource = parts.slice(0, -1).join('/');
  const operation = `${right} ${resource}`;
  return {
    name: action,
    display: { provider: namespace, resource, operation, description: `The right '${action}'` },
  };
}
