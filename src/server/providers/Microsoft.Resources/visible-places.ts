import { canonicalId, parseScope, ResourceIdError, type Scope } from '../../../contract/resource-id.ts';
import type { CanonicalId } from '../../../foundation/ids.ts';
import { listHeldBy } from '../../authorization/authorization-store.ts';
import type { OperationContext } from '../../resource-manager/provider.ts';
import type { Database } from '../../storage/database.ts';

/** Where, below the target of a list, roles are assigned to its caller. */
export interface VisiblePlaces {
  readonly groups: readonly CanonicalId[];
  readonly resources: readonly CanonicalId[];
}

/** Scopes that one query looks at, at most. */
const maxPlaces = 5000;

/**
 * What a caller may be shown of a list that it has no right to as a whole: Azure lists to everybody what they may read.
 * Whether the right is one to read is asked for each item.
 */
export async function visiblePlaces(
  database: Database,
  { caller, target }: Pick<OperationContext, 'caller' | 'target'>,
): Promise<VisiblePlaces> {
  const above = `${canonicalId(target)}/`;
  const held = await listHeldBy(database.read, caller.tenantId, caller.principalId);
  const scopes = held
    .filter(({ scopeCanonical }) => scopeCanonical.startsWith(above))
    .flatMap(({ scope }) => readScope(scope) ?? [])
    .slice(0, maxPlaces);
  const ofKind = (kind: Scope['kind']) => [
    ...new Set(scopes.filter((scope) => scope.kind === kind).map(canonicalId)),
  ];
  return { groups: ofKind('resourceGroup'), resources: ofKind('resource') };
}

/** Whether a list shows anything to a caller without a right to the whole. */
export async function seesSome(
  database: Database,
  context: Pick<OperationContext, 'caller' | 'target'>,
): Promise<boolean> {
  const { groups, resources } = await visiblePlaces(database, context);
  return groups.length + resources.length > 0;
}

function readScope(text: string): Scope | undefined {
  try {
    return parseScope(text);
  } catch (error) {
    if (error instanceof ResourceIdError) return undefined;
    throw error;
  }
}
