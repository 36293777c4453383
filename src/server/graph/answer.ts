import type { GraphAnswer, GraphRequest } from './operation.ts';

export const json =
  'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

/** An answer as it goes out: status, headers, body. */
export interface PresentedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Puts an operation's answer into Graph's envelope (h.5), cut to the members that `$select` names. */
export function presentAnswer(
  { base, options }: Pick<GraphRequest, 'base' | 'options'>,
  answer: GraphAnswer,
): PresentedAnswer {
  const headers = { 'content-type': json };
  const expanded = options.expand.map(({ relation }) => relation);
  const members = options.select && new Set([...options.select, ...expanded]);
  const selected = (object: object) => select(object, members);
  switch (answer.kind) {
    case 'entity':
      return {
        status: answer.status ?? 200,
        headers: answer.location === undefined ? headers : { ...headers, location: answer.location },
        body: {
          '@odata.context': `${base}/$metadata#${answer.entitySet}/$entity`,
          ...selected(answer.value),
        },
      };
    case 'collection':
      return {
        status: 200,
        headers,
        body: {
          '@odata.context': `${base}/$metadata#${answer.entitySet}`,
          ...(answer.count === undefined ? {} : { '@odata.count': answer.count }),
          ...(answer.next === undefined ? {} : { '@odata.nextLink': answer.next }),
          value: answer.value.map(selected),
        },
      };
    case 'value':
      return {
        status: 200,
        headers,
        body: { '@odata.context': `${base}/$metadata#${answer.context}`, value: answer.value },
      };
    case 'text':
      return {
        status: 200,
        headers: { 'content-type': answer.contentType ?? 'text/plain' },
        body: answer.text,
      };
    case 'nothing':
      return { status: 204, headers: {}, body: undefined };
    default:
      return answer satisfies never;
  }
}

/** The members that are asked for; annotations stay. Names that the object has not are passed over. */
export function select(object: object, members: ReadonlySet<string> | undefined): object {
  if (members === undefined || members.has('*')) return object;
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => name.startsWith('@odata.') || members.has(name.toLowerCase())),
  );
}
