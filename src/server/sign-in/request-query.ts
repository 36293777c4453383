import type { FastifyRequest } from 'fastify';

/** The query of a request, as it was sent. */
export function queryOf({ url }: FastifyRequest): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}
