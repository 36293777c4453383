import { type Page, skipToken } from '../http/paging.ts';
import type { Answer, OperationContext } from './provider.ts';
import { queryString } from './request-target.ts';

/** A page of a list: `nextLink` is absolute, repeats the query, and is absent on the last page (a.7). */
export function listAnswer(
  context: Pick<OperationContext, 'origin' | 'path' | 'query'>,
  { after }: Pick<Page<unknown>, 'after'>,
  value: readonly unknown[],
): Answer {
  return {
    status: 200,
    body: { value, ...(after === undefined ? {} : { nextLink: nextLink(context, after) }) },
  };
}

function nextLink(
  { origin, path, query }: Pick<OperationContext, 'origin' | 'path' | 'query'>,
  after: string,
): string {
  return `${origin}${encodeURI(path)}?${queryString(query, { $skiptoken: skipToken(after) })}`;
}
