import type { CanonicalId } from '../../foundation/ids.ts';
import { pageRequest } from '../http/paging.ts';
import { presentIdentities } from './identity-presentation.ts';
import { identitySupportOf } from './identity-support-table.ts';
import { listAnswer } from './list-answer.ts';
import { requireThere } from './nested-resource.ts';
import { fullType } from './operation-registry.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  type ResourceType,
  subscriptionOfContext,
} from './provider.ts';
import { listResources } from './resource-store.ts';
import { answerWith, presentTracked, requireResource } from './tracked-answer.ts';
import type { Tracked, TrackedBody, TrackedDeclaration, TrackedDependencies } from './tracked-type.ts';
import { deleteTracked, patchTracked, putTracked } from './tracked-write.ts';

/**
 * The resource type that a declaration makes: PUT, GET, PATCH, DELETE, and lists by group and by subscription; of a
 * nested type, the list of what lies in one resource.
 */
export function trackedResource<Put extends TrackedBody, Patch extends TrackedBody>(
  declared: TrackedDeclaration<Put, Patch>,
  dependencies: TrackedDependencies,
): ResourceType {
  // its handlers are called with what its own schemas made, and with nothing else
  const given = declared as unknown as TrackedDeclaration;
  const declaration = { ...given, identity: given.identity ?? identitySupportOf(fullType(given)) };
  const tracked: Tracked = { declaration, dependencies };
  const { namespace, type } = declaration;
  const full = fullType(declaration);
  const collection = collectionPath(declaration);
  const item = `${collection}/{name}`;
  return {
    namespace,
    type,
    apiVersions: declaration.apiVersions,
    owner: 'provider',
    tracked: declaration.location !== 'none',
    ...(declaration.identity === undefined ? {} : { identity: declaration.identity }),
    operations: [
      {
        method: 'PUT',
        path: item,
        action: `${full}/write`,
        body: declaration.put,
        run: (context: OperationContext<TrackedBody>) => putTracked(tracked, context),
      } as Operation,
      {
        method: 'PATCH',
        path: item,
        action: `${full}/write`,
        body: declaration.patch,
        run: (context: OperationContext<TrackedBody>) => patchTracked(tracked, context),
      } as Operation,
      {
        method: 'GET',
        path: item,
        action: `${full}/read`,
        run: async (context) => {
          const resource = await requireResource(tracked, context);
          return await answerWith(tracked, dependencies.database.read, context, resource, 200);
        },
      },
      {
        method: 'HEAD',
        path: item,
        action: `${full}/read`,
        run: async (context) => {
          await requireResource(tracked, context);
          return { status: 204 };
        },
      },
      {
        method: 'DELETE',
        path: item,
        action: `${full}/delete`,
        whileDeleting: true,
        run: (context) => deleteTracked(tracked, context),
      },
      { method: 'GET', path: collection, action: `${full}/read`, run: (context) => list(tracked, context) },
      ...(type.includes('/') || declaration.anywhere
        ? []
        : [
            {
              method: 'GET',
              path: `/subscriptions/{subscriptionId}/providers/${full}`,
              action: `${full}/read`,
              run: (context: OperationContext) => list(tracked, context),
            } as const,
          ]),
      ...(declaration.more ?? []),
    ],
  };
}

/**
 * Path of the collections of a type. Names of what a nested type lies in are `{name1}`, `{name2}`, outermost first; an
 * item's own name is `{name}`.
 */
export function collectionPath({
  namespace,
  type,
  anywhere,
}: Pick<TrackedDeclaration, 'namespace' | 'type' | 'anywhere'>): string {
  const segments = type.split('/');
  const own = segments.pop();
  const outer = segments.map((segment, index) => `/${segment}/{name${index + 1}}`).join('');
  const base = anywhere ? '/{scope}' : '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}';
  return `${base}/providers/${namespace}${outer}/${own}`;
}

async function list(tracked: Tracked, context: OperationContext): Promise<Answer> {
  const { declaration, dependencies } = tracked;
  const { read } = dependencies.database;
  const { subscriptionId, tenantId } = subscriptionOfContext(context);
  const request = pageRequest(context.query.get('$top'), context.query.get('$skiptoken'));
  const { group, path, target } = context;
  const nested = declaration.type.includes('/');
  if (nested && !declaration.unparented && target.kind === 'resource') {
    await requireThere(read, tenantId, declaration.type, target, 'read');
  }
  // a subscription lists what lies in its groups as well, where the type lies in groups
  const everywhere = target.kind === 'subscription' && declaration.location !== 'none';
  const page = await listResources(
    read,
    {
      tenantId,
      subscriptionId,
      type: fullType(declaration),
      ...(group === undefined ? {} : { groupCanonical: group.canonical }),
      ...(everywhere ? {} : { below: path.toLowerCase() as CanonicalId }),
    },
    request,
  );
  const identities = await presentIdentities(read, page.items);
  const items = page.items.map((item) => presentTracked(declaration, context, item, identities));
  return listAnswer(context, page, items);
}
