import { z } from 'zod';
import { maxPageSize, type SecretItem, type SecretList } from '../../../contract/key-vault.ts';
import { KeyVaultError } from '../../http/dialects/key-vault.ts';

/** Query of a list; a repeated parameter is an array, and refused. */
export const listQuery = z.object({
  'api-version': z.string().max(32),
  maxresults: z
    .string()
    .regex(/^[0-9]{1,2}$/, `maxresults is a number from 1 to ${maxPageSize}`)
    .transform(Number)
    .refine((size) => size >= 1 && size <= maxPageSize, `maxresults is a number from 1 to ${maxPageSize}`)
    .optional(),
  $skiptoken: z
    .string()
    .max(512)
    .regex(/^[A-Za-z0-9_-]+$/, '$skiptoken is not one of ours')
    .optional(),
});
export type ListQuery = z.output<typeof listQuery>;

/** Where a page starts: behind the key that its `$skiptoken` carries. */
export function readSkipToken(query: ListQuery, pattern: RegExp): string | undefined {
  if (query.$skiptoken === undefined) return undefined;
  const key = Buffer.from(query.$skiptoken, 'base64url').toString('utf8');
  if (!pattern.test(key)) {
    throw new KeyVaultError('invalid-value', 'BadParameter', "'$skiptoken' is not one of ours.");
  }
  return key;
}

export function pageSize(query: ListQuery): number {
  return query.maxresults ?? maxPageSize;
}

/**
 * A page out of one row more than it holds: whether there is that row tells whether there is a next page. The link is
 * absolute, by the host and port that the client used, and clients take it as it stands.
 */
export function asPage<Row, Item extends SecretItem>(
  rows: readonly Row[],
  query: ListQuery,
  collection: string,
  { keyOf, shape }: { readonly keyOf: (row: Row) => string; readonly shape: (row: Row) => Item },
): SecretList<Item> {
  const size = pageSize(query);
  const shown = rows.slice(0, size);
  const last = shown.at(-1);
  if (rows.length <= size || last === undefined) return { value: shown.map(shape), nextLink: null };
  const token = Buffer.from(keyOf(last), 'utf8').toString('base64url');
  const version = encodeURIComponent(query['api-version']);
  return {
    value: shown.map(shape),
    nextLink: `${collection}?api-version=${version}&$skiptoken=${token}&maxresults=${size}`,
  };
}
