import type { Method, OperationContext } from './provider.ts';

type Kind = 'reads' | 'writes' | 'deletes';

const kinds: Readonly<Record<Method, Kind>> = {
  GET: 'reads',
  HEAD: 'reads',
  PUT: 'writes',
  PATCH: 'writes',
  POST: 'writes',
  DELETE: 'deletes',
};

/** What Azure tells of a bucket that nothing was taken from (`spec/resource-manager.md` a.2). */
const full: Readonly<Record<Kind, { readonly own: string; readonly global: string }>> = {
  reads: { own: '11999', global: '16499' },
  writes: { own: '1199', global: '2999' },
  deletes: { own: '14999', global: '2999' },
};

/**
 * How much a caller may still ask for. Nothing is taken from it here: clients pace themselves by these headers, and
 * have no reason to.
 */
export function quotaHeaders(
  method: Method,
  { subscription }: Pick<OperationContext, 'subscription'>,
): Readonly<Record<string, string>> {
  const kind = kinds[method];
  const { own, global } = full[kind];
  if (subscription === undefined) return { [`x-ms-ratelimit-remaining-tenant-${kind}`]: own };
  return {
    [`x-ms-ratelimit-remaining-subscription-${kind}`]: own,
    [`x-ms-ratelimit-remaining-subscription-global-${kind}`]: global,
  };
}
