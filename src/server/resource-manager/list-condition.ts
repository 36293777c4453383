import type { Expression, ExpressionBuilder, ReferenceExpression, SqlBool } from 'kysely';
import { canonicalLocation } from '../../contract/arm.ts';
import { canonicalId } from '../../contract/resource-id.ts';
import type { CanonicalId, SubscriptionId, TenantId } from '../../foundation/ids.ts';
import type { Tables } from '../storage/tables.ts';
import { type FilterExpression, type FilterTerm, invalidFilter } from './filter-expression.ts';

type Listed = 'resources' | 'resource_groups';

/** What must hold of the rows of a list; the database finds them. */
export type ListCondition<Table extends Listed> = (
  eb: ExpressionBuilder<Tables, Table>,
) => Expression<SqlBool>;

/** Whose rows a list is about. */
export interface ListPlace {
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
}

/** How one field of a list is compared. */
type FieldCondition<Table extends Listed> = (
  eb: ExpressionBuilder<Tables, Table>,
  term: FilterTerm,
  place: ListPlace,
) => Expression<SqlBool>;

/**
 * The resources that a filter is about (`spec/resource-manager.md` a.12). Texts compare without case.
 *
 * @throws ArmError `InvalidFilterInQueryString` where a field is none of these or cannot be compared so
 */
export function resourceCondition(
  expression: FilterExpression,
  place: ListPlace,
): ListCondition<'resources'> {
  return conditionOf(expression, place, resourceFields);
}

/** The same for groups, of which Azure filters by tags alone. */
export function groupCondition(
  expression: FilterExpression,
  place: ListPlace,
): ListCondition<'resource_groups'> {
  return conditionOf(expression, place, groupFields);
}

/** Those of a list that are at some places alone: resources in groups or by themselves, groups by themselves. */
export function resourcesAt(places: {
  readonly groups: readonly CanonicalId[];
  readonly resources: readonly CanonicalId[];
}): ListCondition<'resources'> {
  return (eb) =>
    eb.or([
      ...(places.groups.length === 0 ? [] : [eb('group_canonical', 'in', [...places.groups])]),
      ...(places.resources.length === 0 ? [] : [eb('canonical', 'in', [...places.resources])]),
    ]);
}

export function groupsAt(groups: readonly CanonicalId[]): ListCondition<'resource_groups'> {
  return (eb) => (groups.length === 0 ? eb.lit(false) : eb('canonical', 'in', [...groups]));
}

/** What must hold together; absent parts ask nothing. */
export function allOf<Table extends Listed>(
  ...conditions: readonly (ListCondition<Table> | undefined)[]
): ListCondition<Table> | undefined {
  const asked = conditions.filter((condition) => condition !== undefined);
  return asked.length === 0 ? undefined : (eb) => eb.and(asked.map((condition) => condition(eb)));
}

const resourceFields: ReadonlyMap<string, FieldCondition<'resources'>> = new Map<
  string,
  FieldCondition<'resources'>
>([
  ['resourcetype', (eb, term) => compare(eb, 'type_canonical', term)],
  ['name', (eb, term) => compare(eb, eb.fn<string>('lower', ['name']), term)],
  ['location', (eb, term) => compare(eb, 'location', { ...term, value: canonicalLocation(textOf(term)) })],
  ['resourcegroup', compareGroup],
  ['identity', compareIdentity],
  ['identity/principalid', comparePrincipal],
]);

const groupFields: ReadonlyMap<string, FieldCondition<'resource_groups'>> = new Map<
  string,
  FieldCondition<'resource_groups'>
>([['name', (eb, term) => compare(eb, eb.fn<string>('lower', ['name']), term)]]);

const tagFields: readonly string[] = ['tagname', 'tagvalue'];

function conditionOf<Table extends Listed>(
  expression: FilterExpression,
  place: ListPlace,
  fields: ReadonlyMap<string, FieldCondition<Table>>,
): ListCondition<Table> {
  requireKnownFields(expression, fields);
  return (eb) => build(eb, expression, place, fields);
}

function requireKnownFields(expression: FilterExpression, fields: ReadonlyMap<string, unknown>): void {
  if (expression.kind !== 'term') {
    for (const part of expression.parts) requireKnownFields(part, fields);
    return;
  }
  const { field, kind, value } = expression.term;
  if (!fields.has(field) && !tagFields.includes(field)) {
    throw invalidFilter(`'${field}' is not one of ${[...fields.keys(), ...tagFields].join(', ')}`);
  }
  if (value === null && field !== 'identity') throw invalidFilter(`'${field}' is never null`);
  if (field === 'identity' && value !== null) throw invalidFilter("'identity' compares with null alone");
  if (field === 'identity/principalid' && kind !== 'equals') {
    throw invalidFilter(`'${field}' is compared by 'eq' alone`);
  }
  const comparable = field === 'tagvalue' ? ['equals'] : ['equals', 'starts-with'];
  if (tagFields.includes(field) && !comparable.includes(kind)) {
    throw invalidFilter(`'${field}' cannot be compared so`);
  }
}

function build<Table extends Listed>(
  eb: ExpressionBuilder<Tables, Table>,
  expression: FilterExpression,
  place: ListPlace,
  fields: ReadonlyMap<string, FieldCondition<Table>>,
): Expression<SqlBool> {
  if (expression.kind === 'or') {
    return eb.or(expression.parts.map((part) => build(eb, part, place, fields)));
  }
  const parts = expression.kind === 'and' ? expression.parts : [expression];
  const terms = parts.flatMap((part) => (part.kind === 'term' ? [part.term] : []));
  const ofTags = terms.filter(({ field }) => tagFields.includes(field));
  const conditions = [
    ...terms
      .filter((term) => !ofTags.includes(term))
      .map((term) => (fields.get(term.field) as FieldCondition<Table>)(eb, term, place)),
    ...parts.filter(({ kind }) => kind !== 'term').map((part) => build(eb, part, place, fields)),
  ];
  if (ofTags.length > 0) conditions.push(tagged(eb, ofTags, place));
  return eb.and(conditions);
}

/** Terms about tags that stand side by side are about one tag. */
function tagged<Table extends Listed>(
  eb: ExpressionBuilder<Tables, Table>,
  terms: readonly FilterTerm[],
  { tenantId, subscriptionId }: ListPlace,
): Expression<SqlBool> {
  let found = (eb as unknown as ExpressionBuilder<Tables, Listed>)
    .selectFrom('tags')
    .select('tags.canonical')
    .where('tags.tenant_id', '=', tenantId)
    .where('tags.subscription_id', '=', subscriptionId);
  for (const term of terms) {
    found = found.where((tag) =>
      term.field === 'tagname'
        ? compare(tag, 'tags.name_canonical', term)
        : tag('tags.value', '=', textOf(term)),
    );
  }
  return (eb as unknown as ExpressionBuilder<Tables, 'resources'>)('canonical', 'in', found as never);
}

function compareGroup(
  eb: ExpressionBuilder<Tables, 'resources'>,
  term: FilterTerm,
  { subscriptionId }: ListPlace,
): Expression<SqlBool> {
  const value = textOf(term);
  const group = (resourceGroup: string) =>
    canonicalId({ kind: 'resourceGroup', subscriptionId, resourceGroup });
  if (term.kind === 'equals') return eb('group_canonical', '=', group(value));
  // all groups of a subscription begin alike
  const start = group('').length + 1;
  return compare(eb, eb.fn<string>('substr', ['group_canonical', eb.lit(start)]), term);
}

function compareIdentity(
  eb: ExpressionBuilder<Tables, 'resources'>,
  { kind }: FilterTerm,
): Expression<SqlBool> {
  return eb('identity_type', kind === 'equals' ? 'is' : 'is not', null);
}

/** The `principalId` of a resource is its own identity's: those of others that it carries are in a map. */
function comparePrincipal(
  eb: ExpressionBuilder<Tables, 'resources'>,
  term: FilterTerm,
  { tenantId }: ListPlace,
): Expression<SqlBool> {
  const carriers = eb
    .selectFrom('principals')
    .select('principals.resource_canonical')
    .where('principals.tenant_id', '=', tenantId)
    .where('principals.principal_id', '=', textOf(term).toLowerCase())
    .where('principals.identity_kind', '=', 'SystemAssigned');
  return eb('canonical', 'in', carriers as never);
}

/** `replace` and `substr` rather than LIKE, to which `_` and `%` in a name are wildcards. */
function compare<Table extends keyof Tables>(
  eb: ExpressionBuilder<Tables, Table>,
  field: ReferenceExpression<Tables, Table>,
  term: FilterTerm,
): Expression<SqlBool> {
  const value = textOf(term).toLowerCase();
  switch (term.kind) {
    case 'equals':
      return eb(field, '=', value as never);
    case 'differs':
      return eb(field, '!=', value as never);
    case 'contains':
      if (value === '') return eb.lit(true);
      return eb(eb.fn<string>('replace', [field, eb.val(value), eb.val('')]), '!=', reference(eb, field));
    case 'starts-with':
      return eb(eb.fn<string>('substr', [field, eb.lit(1), eb.lit(value.length)]), '=', value);
  }
}

/** A column as what it holds: on the right side its name alone would be a text. */
function reference<Table extends keyof Tables>(
  eb: ExpressionBuilder<Tables, Table>,
  field: ReferenceExpression<Tables, Table>,
): Expression<string> {
  return (typeof field === 'string' ? eb.ref(field as never) : field) as Expression<string>;
}

function textOf({ value }: FilterTerm): string {
  if (value === null) throw new TypeError('the term compares with nothing');
  return value;
}
