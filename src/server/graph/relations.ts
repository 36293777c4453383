import type { Queries } from '../storage/database.ts';
import { countAll, listPage, type Source } from './collection.ts';
import type { DirectoryObjects } from './directory-objects.ts';
import type { GraphRequest, ReadOperation } from './operation.ts';

/** Objects that an object leads to, such as its members or the groups that it is in. */
export interface Relation extends Pick<ReadOperation, 'path' | 'permissions' | 'scopesOfSelf'> {
  /** Object ids from what the path begins with, ascending. */
  ids(request: GraphRequest, queries: Queries): Promise<IdSource>;
}

/** At most `limit` object ids that sort behind `after`. */
export type IdSource = (after: string | undefined, limit: number) => Promise<readonly string[]>;

const entitySet = 'directoryObjects';
const kinds = ['user', 'group', 'servicePrincipal', 'application'] as const;

/**
 * A relation with what Graph puts behind it: the objects, their addresses (`$ref`), their number, and the same of one kind
 * alone (`…/microsoft.graph.user`).
 */
export function relationOperations(objects: DirectoryObjects, relation: Relation): readonly ReadOperation[] {
  const { ids, ...opened } = relation;
  const sourceOf = async (
    request: GraphRequest,
    queries: Queries,
    type: string | undefined,
  ): Promise<Source<string>> => {
    const rows = await ids(request, queries);
    return {
      rows,
      keyOf: (id) => id,
      async present(page) {
        const shown = await objects.each(queries, request.tenantId, page, request.permissions);
        return type === undefined ? shown : shown.map((object) => (isOf(object, type) ? object : undefined));
      },
    };
  };
  const listed = (suffix: string, kind: string | undefined): readonly ReadOperation[] => {
    const type = kind === undefined ? undefined : `#microsoft.graph.${kind}`;
    return [
      {
        ...opened,
        method: 'GET',
        path: `${relation.path}${suffix}`,
        run: async (request, queries) =>
          await listPage(
            request,
            { entitySet, path: pathOf(request, `${relation.path}${suffix}`) },
            await sourceOf(request, queries, type),
          ),
      },
      {
        ...opened,
        method: 'GET',
        path: `${relation.path}${suffix}/$count`,
        async run(request, queries) {
          const total = await countAll(request.options, await sourceOf(request, queries, type));
          return { kind: 'text', text: String(total) };
        },
      },
    ];
  };
  const references: ReadOperation = {
    ...opened,
    method: 'GET',
    path: `${relation.path}/$ref`,
    async run(request, queries) {
      const { base } = request;
      const rows = await ids(request, queries);
      return await listPage(
        request,
        { entitySet: `Collection(${entitySet})`, path: pathOf(request, `${relation.path}/$ref`) },
        {
          rows,
          keyOf: (id) => id,
          present: async (page) => page.map((id) => ({ '@odata.id': `${base}/${entitySet}/${id}` })),
        },
      );
    },
  };
  return [
    ...listed('', undefined),
    ...kinds.flatMap((kind) => listed(`/microsoft.graph.${kind}`, kind)),
    references,
  ];
}

/** A source over ids that are in memory. */
export function idSource(ids: readonly string[]): IdSource {
  const sorted = [...ids].sort();
  return async (after, limit) => sorted.filter((id) => after === undefined || id > after).slice(0, limit);
}

/** A template with the keys of the request in its places, as they were written. */
export function pathOf({ keys }: Pick<GraphRequest, 'keys'>, template: string): string {
  let place = 0;
  return template.replaceAll('/{}', () => {
    const { by, value } = keys[place++] ?? { by: 'id', value: '' };
    const text = encodeURIComponent(value);
    return by === 'id' ? `/${text}` : `(${by}='${text.replaceAll("'", "''")}')`;
  });
}

function isOf(object: object | undefined, type: string): boolean {
  return (object as { readonly '@odata.type'?: string } | undefined)?.['@odata.type'] === type;
}
