import { DomainError } from '../../foundation/domain-error.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Queries } from '../storage/database.ts';
import { select } from './answer.ts';
import type { GraphAnswer, GraphRequest } from './operation.ts';

/** What an object leads to, by its object id, as far as the caller's permissions show it. */
export type Expand = (
  queries: Queries,
  tenantId: TenantId,
  objectId: string,
  permissions: GraphRequest['permissions'],
) => Promise<readonly object[]>;

/** Related objects that are shown with one object at most; the relation's own address has all of them. */
const maxRelated = 20;

/**
 * Puts the relations that `$expand` names into an answer's objects.
 *
 * @param relations by name
 * @throws DomainError `unsupported` for a relation that is none of these
 */
export async function expanded(
  { options, tenantId, permissions }: Pick<GraphRequest, 'options' | 'tenantId' | 'permissions'>,
  queries: Queries,
  relations: Readonly<Record<string, Expand>>,
  answer: GraphAnswer,
): Promise<GraphAnswer> {
  if (options.expand.length === 0) return answer;
  const wanted = options.expand.map(({ relation, select: members }) => {
    const found = Object.entries(relations).find(([name]) => name.toLowerCase() === relation);
    if (found === undefined) {
      throw notExpandable(relation);
    }
    return { name: found[0], expand: found[1], members };
  });
  const withRelations = async (object: object): Promise<object> => {
    const shown: Record<string, unknown> = { ...object };
    for (const { name, expand, members } of wanted) {
      const related = await expand(queries, tenantId, String(shown['id']), permissions);
      shown[name] = related.slice(0, maxRelated).map((one) => select(one, members));
    }
    return shown;
  };
  if (answer.kind === 'entity')
    return { ...answer, value: await withRelations(answer.value), expanded: true };
  if (answer.kind !== 'collection') return answer;
  const value: object[] = [];
  for (const object of answer.value) value.push(await withRelations(object));
  return { ...answer, value, expanded: true };
}

/** What is asked and not done must not look as if it were. @throws DomainError `unsupported` */
export function assertExpanded({ options }: Pick<GraphRequest, 'options'>, answer: GraphAnswer): GraphAnswer {
  const [first] = options.expand;
  const isObject = answer.kind === 'entity' || answer.kind === 'collection';
  if (first !== undefined && isObject && answer.expanded !== true) throw notExpandable(first.relation);
  return answer;
}

function notExpandable(relation: string): DomainError {
  return new DomainError('unsupported', `The relation '${relation}' cannot be expanded here.`);
}
