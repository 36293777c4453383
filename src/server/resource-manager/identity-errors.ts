import { formatScope, type Scope } from '../../contract/resource-id.ts';
import type { Caller } from '../http/bearer.ts';
import { ArmError } from '../http/dialects/arm.ts';

/** Failures of the `identity` block, in ARM's words (`spec/resource-manager.md` b.5, b.6). */

/** How ARM wraps what went wrong with an identity. */
export function failedIdentityOperation(
  resourceId: string,
  status: 'BadRequest' | 'Conflict',
  message: string,
): ArmError {
  const inner = JSON.stringify({ error: { code: status, message } });
  return new ArmError(
    status === 'Conflict' ? 'conflict' : 'invalid-value',
    'FailedIdentityOperation',
    `Identity operation for resource '${resourceId}' failed with error 'Failed to perform resource identity operation. Status: '${status}'. Response: '${inner}'.'.`,
  );
}

/** Ids that one message repeats. */
const mostNamed = 20;

export function invalidIdentityValues(ids: readonly string[]): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidIdentityValues',
    `Invalid value for the identities '${ids.slice(0, mostNamed).join(',')}'. The 'UserAssignedIdentities' property keys should only be empty json objects, null or the resource existing property.`,
  );
}

export function missingIdentityIds(): ArmError {
  return new ArmError(
    'invalid-value',
    'MissingIdentityIds',
    "The identity ids must not be null or empty for 'UserAssigned' identity type.",
  );
}

export function tooManyIdentities(): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidParameter',
    'Too many user-assigned identities specified on the resource.',
    { refusedBy: 'service', target: 'identity.userAssignedIdentities' },
  );
}

/** 403: a link to a subscription of another tenant, or to one that nobody has. */
export function linkedSubscriptionRefused(
  { tenantId }: Pick<Caller, 'tenantId'>,
  scope: Scope,
  wanted: { readonly action: string; readonly subscriptionId: string },
): ArmError {
  return new ArmError(
    'forbidden',
    'LinkedAuthorizationFailed',
    `The client has permission to perform action '${wanted.action}' on scope '${formatScope(scope)}', however the current tenant '${tenantId}' is not authorized to access linked subscription '${wanted.subscriptionId}'.`,
  );
}
