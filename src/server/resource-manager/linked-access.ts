import { formatScope, parseScope, ResourceIdError, type Scope } from '../../contract/resource-id.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { OperationContext } from './provider.ts';

/** What a write links a resource to, and the right that this takes there. */
export interface Link {
  readonly id: string;
  /** `Microsoft.Network/virtualNetworks/subnets/join/action`. */
  readonly action: string;
  /** The action that the caller has done: `Microsoft.Network/networkInterfaces/write`. */
  readonly done: string;
}

/**
 * Who may write a resource may not therefore use another in it.
 *
 * @throws ArmError `LinkedAuthorizationFailed`, also where the id is none
 */
export async function requireLinked(
  { caller, may, target }: Pick<OperationContext, 'caller' | 'may' | 'target'>,
  { id, action, done }: Link,
): Promise<void> {
  const scope = scopeOf(id);
  if (scope !== undefined && (await may(action, scope))) return;
  throw linkedAuthorizationFailed({ caller, target }, { done, action, ids: [id] });
}

/** 403: the caller may write the resource, but not use what it shall be linked to. */
export function linkedAuthorizationFailed(
  { caller, target }: Pick<OperationContext, 'caller' | 'target'>,
  { done, action, ids }: Omit<Link, 'id'> & { readonly ids: readonly string[] },
): ArmError {
  return new ArmError(
    'forbidden',
    'LinkedAuthorizationFailed',
    `The client '${caller.clientId}' with object id '${caller.principalId}' has permission to perform action '${done}' on scope '${formatScope(target)}'; however, it does not have permission to perform action '${action}' on the linked scope(s) '${ids.join(',')}' or the linked scope(s) are invalid.`,
  );
}

function scopeOf(id: string): Scope | undefined {
  try {
    return parseScope(id);
  } catch (error) {
    if (error instanceof ResourceIdError) return undefined;
    throw error;
  }
}
