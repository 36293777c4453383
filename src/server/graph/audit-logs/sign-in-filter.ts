import type { SignInKind } from '../../audit/sign-in.ts';
import type { SignInColumn, SignInCondition } from '../../audit/sign-in-store.ts';
import type { Filter } from '../filter.ts';
import { matchesFilter } from '../filter-match.ts';
import { type LogProperties, logCondition, mentions } from './log-filter.ts';

const kinds: readonly SignInKind[] = [
  'interactiveUser',
  'nonInteractiveUser',
  'servicePrincipal',
  'managedIdentity',
];

const properties: LogProperties<SignInColumn> = {
  id: { column: 'sign_in_id', type: 'id' },
  createddatetime: { column: 'at', type: 'time' },
  appid: { column: 'client_id', type: 'id' },
  serviceprincipalid: { column: 'account_id', type: 'id' },
  userid: { column: 'account_id', type: 'id' },
  resourceid: { column: 'resource_app_id', type: 'id' },
  correlationid: { column: 'correlation_id', type: 'id' },
  'status/errorcode': { column: 'error_code', type: 'number' },
};

const kindPaths = ['signInEventTypes', 'isInteractive'];
const interactive: SignInCondition = { kind: 'among', column: 'kind', values: ['interactiveUser'] };

/** Which sign-ins a filter means: people's at a page alone, unless it names `signInEventTypes` (h.6). */
export function signInCondition(filter: Filter | undefined): SignInCondition {
  if (filter === undefined) return interactive;
  const wanted = logCondition(filter, properties, ofKinds);
  const namesKinds = kindPaths.some((path) => mentions(filter, path));
  return namesKinds ? wanted : { kind: 'and', parts: [interactive, wanted] };
}

/** The kinds that a part about nothing but the kind holds for. */
function ofKinds(filter: Filter): SignInCondition | undefined {
  const part = filter.kind === 'not' ? filter.part : filter;
  if (part.kind !== 'any' && part.kind !== 'compare') return undefined;
  if (!kindPaths.some((path) => path.toLowerCase() === part.path.toLowerCase())) return undefined;
  const values = kinds.filter((kind) =>
    matchesFilter(filter, { signInEventTypes: [kind], isInteractive: kind === 'interactiveUser' }),
  );
  return { kind: 'among', column: 'kind', values };
}
