import type { CarriedIdentity } from '../contract/agent.ts';
import type { Selector } from './host-protocols/host-protocol.ts';

/**
 * Which identity a question means: the one it names, compared without regard to case; without a name the resource's
 * own, else the only one there is, else nobody can tell. A resource id names a user-assigned identity.
 */
export function selectIdentity(
  identities: readonly CarriedIdentity[],
  selector: Selector | undefined,
): CarriedIdentity | 'identity-not-found' | 'identity-ambiguous' {
  if (selector === undefined) {
    const own = identities.find(({ kind }) => kind === 'SystemAssigned');
    if (own !== undefined) return own;
    const [only, another] = identities;
    if (only === undefined) return 'identity-not-found';
    return another === undefined ? only : 'identity-ambiguous';
  }
  const { by } = selector;
  const value = selector.value.toLowerCase();
  return identities.find((identity) => nameOf(identity, by) === value) ?? 'identity-not-found';
}

function nameOf({ kind, clientId, principalId, resourceId }: CarriedIdentity, by: Selector['by']): string {
  switch (by) {
    case 'clientId':
      return clientId;
    case 'principalId':
      return principalId;
    case 'resourceId':
      return kind === 'UserAssigned' ? resourceId.toLowerCase() : '';
  }
}
