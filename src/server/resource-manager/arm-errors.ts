import { formatScope, resourceGroupOf, type Scope, typedName } from '../../contract/resource-id.ts';
import type { Caller } from '../http/bearer.ts';
import { ArmError } from '../http/dialects/arm.ts';

/** Failures that several operations meet, in ARM's words (`spec/resource-manager.md` a.3, a.4). */

export function resourceGroupNotFound(name: string): ArmError {
  return new ArmError('not-found', 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`);
}

export function resourceGroupBeingDeleted(name: string): ArmError {
  return new ArmError(
    'conflict',
    'ResourceGroupBeingDeleted',
    `The resource group '${name}' is in deprovisioning state and cannot perform this operation.`,
  );
}

export function resourceNotFound(scope: Extract<Scope, { kind: 'resource' }>): ArmError {
  const group = resourceGroupOf(scope);
  const place = group === undefined ? '' : ` under resource group '${group}'`;
  return new ArmError(
    'not-found',
    'ResourceNotFound',
    `The Resource '${typedName(scope)}'${place} was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

/** What a nested resource lies in is not there. The type is worded without its namespace, the parent as its full id. */
export function parentResourceNotFound(
  type: string,
  parent: Extract<Scope, { kind: 'resource' }>,
  verb: 'read' | 'write' | 'delete',
): ArmError {
  return new ArmError(
    'not-found',
    'ParentResourceNotFound',
    `Failed to perform '${verb}' on resource(s) of type '${type}', because the parent resource '${formatScope(parent)}' could not be found.`,
  );
}

export function subscriptionNotFound(subscriptionId: string): ArmError {
  return new ArmError(
    'not-found',
    'SubscriptionNotFound',
    `The subscription '${subscriptionId}' could not be found.`,
  );
}

export function managementGroupNotFound(name: string): ArmError {
  return new ArmError('not-found', 'NotFound', `The management group '${name}' cannot be found.`);
}

export function invalidResourceName(type: string, name: string, rule: string): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidResourceName',
    `The resource name '${name}' is not valid for the type '${type}': ${rule}.`,
  );
}

export function locationRequired(): ArmError {
  return new ArmError(
    'missing-parameter',
    'LocationRequired',
    'The location property is required for this definition.',
  );
}

/** 403 as ARM words it: az and Terraform show it as it is. */
export function authorizationFailed(caller: Caller, action: string, scope: Scope): ArmError {
  return new ArmError(
    'forbidden',
    'AuthorizationFailed',
    `The client '${caller.clientId}' with object id '${caller.principalId}' does not have authorization to perform action '${action}' over scope '${formatScope(scope)}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}
