import type { Queries } from '../storage/database.ts';
import { countAll, listPage, type Source } from './collection.ts';
import { type Expand, expanded } from './expansion.ts';
import type { GraphRequest, ReadOperation } from './operation.ts';

/** The two operations by which an entity set is looked through: its pages, and how many objects there are. */
export function listing<Row>({
  entitySet,
  permissions,
  relations,
  sourceOf,
}: {
  readonly entitySet: string;
  readonly permissions: ReadOperation['permissions'];
  /** What `$expand` shows. */
  readonly relations: Readonly<Record<string, Expand>>;
  readonly sourceOf: (request: GraphRequest, queries: Queries) => Source<Row>;
}): readonly ReadOperation[] {
  return [
    {
      method: 'GET',
      path: entitySet,
      permissions,
      async run(request, queries) {
        const page = await listPage(request, { entitySet, path: entitySet }, sourceOf(request, queries));
        return await expanded(request, queries, relations, page);
      },
    },
    {
      method: 'GET',
      path: `${entitySet}/$count`,
      permissions,
      async run(request, queries) {
        return { kind: 'text', text: String(await countAll(request.options, sourceOf(request, queries))) };
      },
    },
  ];
}
