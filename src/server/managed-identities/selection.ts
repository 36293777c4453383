import { canonicalId, parseScope, ResourceIdError } from '../../contract/resource-id.ts';
import { parseGuid } from '../../foundation/ids.ts';
import type { ManagedIdentity } from './identity-store.ts';

/** How a question names an identity (`spec/host-protocols.md` §1.5); the value is as it came. */
export interface IdentitySelector {
  readonly by: 'clientId' | 'objectId' | 'resourceId';
  readonly value: string;
}

/**
 * Which identity a question means: the named one, compared without regard to case; without a name the resource's own,
 * else the only one there is.
 *
 * @returns `none` where nothing matches, `ambiguous` where several would do and the question must name one
 */
export function selectIdentity(
  carried: readonly ManagedIdentity[],
  selector: IdentitySelector | undefined,
): ManagedIdentity | 'none' | 'ambiguous' {
  if (selector !== undefined) return carried.find((identity) => matches(identity, selector)) ?? 'none';
  const own = carried.find(({ identity }) => identity.kind === 'SystemAssigned');
  if (own !== undefined) return own;
  const [first, second] = carried;
  if (first === undefined) return 'none';
  return second === undefined ? first : 'ambiguous';
}

function matches(candidate: ManagedIdentity, { by, value }: IdentitySelector): boolean {
  switch (by) {
    case 'clientId':
      return parseGuid(value) === candidate.clientId;
    case 'objectId':
      return parseGuid(value) === candidate.principalId;
    case 'resourceId':
      // The id of a user-assigned identity; the host's own resource id names no identity.
      return (
        candidate.identity.kind === 'UserAssigned' &&
        canonical(value) === candidate.identity.resourceCanonical
      );
  }
}

function canonical(text: string): string | undefined {
  try {
    return canonicalId(parseScope(text));
  } catch (error) {
    if (error instanceof ResourceIdError) return undefined;
    throw error;
  }
}
