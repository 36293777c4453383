import type { Scope } from '../../contract/resource-id.ts';
import { decideFromRows } from '../authorization/evaluate.ts';
import type { Caller } from '../http/bearer.ts';
import type { Transaction } from '../storage/database.ts';
import { authorizationFailed } from './arm-errors.ts';

/**
 * Requires a right in the transaction that uses it: rights are given and taken by those who have the right then, not a
 * moment before.
 *
 * @throws ArmError 403 `AuthorizationFailed`
 */
export async function requireRight(
  transaction: Transaction,
  caller: Caller,
  action: string,
  scope: Scope,
): Promise<void> {
  const { tenantId, principalId } = caller;
  const question = { tenantId, principalId, action, scope, plane: 'control' } as const;
  if (!(await decideFromRows(transaction, question)).allowed)
    throw authorizationFailed(caller, action, scope);
}
