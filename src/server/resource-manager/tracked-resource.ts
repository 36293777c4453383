import { pageRequest } from '../http/paging.ts';
import { listAnswer } from './list-answer.ts';
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

/** The resource type that a declaration makes: PUT, GET, PATCH, DELETE, and lists by group and by subscription. */
export function trackedResource<Put extends TrackedBody, Patch extends TrackedBody>(
  declared: TrackedDeclaration<Put, Patch>,
  dependencies: TrackedDependencies,
): ResourceType {
  // its handlers are called with what its own schemas made, and with nothing else
  const declaration = declared as unknown as TrackedDeclaration;
  const tracked: Tracked = { declaration, dependencies };
  const { namespace, type } = declaration;
  const full = fullType(declaration);
  const inGroup = `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/${full}`;
  const item = `${inGroup}/{name}`;
  return {
    namespace,
    type,
    apiVersions: declaration.apiVersions,
    owner: 'provider',
    tracked: true,
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
      { method: 'GET', path: inGroup, action: `${full}/read`, run: (context) => list(tracked, context) },
      {
        method: 'GET',
        path: `/subscriptions/{subscriptionId}/providers/${full}`,
        action: `${full}/read`,
        run: (context) => list(tracked, context),
      },
      ...(declaration.more ?? []),
    ],
  };
}

async function list(tracked: Tracked, context: OperationContext): Promise<Answer> {
  const { declaration, dependencies } = tracked;
  const { read } = dependencies.database;
  const { subscriptionId, tenantId } = subscriptionOfContext(context);
  const request = pageRequest(context.query.get('$top'), context.query.get('$skiptoken'));
  const group = context.group?.canonical;
  const page = await listResources(
    read,
    {
      tenantId,
      subscriptionId,
      type: fullType(declaration),
      ...(group === undefined ? {} : { groupCanonical: group }),
    },
    request,
  );
  const items = await Promise.all(page.items.map((item) => presentTracked(tracked, read, context, item)));
  return listAnswer(context, page, items);
}
