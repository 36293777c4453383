import type { ArmErrorBody } from '../../contract/arm.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { ArmError, armErrorBody } from '../http/dialects/arm.ts';
import { TemplateError } from '../templates/template-error.ts';

/** A failure of the language in the words and the form of ARM; any other as it is. */
export function asArmError(error: unknown): unknown {
  if (!(error instanceof TemplateError)) return error;
  const { kind, code, message, additionalInfo } = error;
  return new ArmError(kind, code ?? 'InvalidTemplate', message, {
    ...(additionalInfo.length === 0 ? {} : { additionalInfo }),
    cause: error,
  });
}

/** Runs work whose failures may be the language's. @throws ArmError in their place */
export async function inArmWords<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw asArmError(error);
  }
}

/** A failure as an error's detail; of a bug, nothing is told. */
export function detailOf(error: unknown): ArmErrorBody {
  if (error instanceof DomainError) return armErrorBody(asArmError(error) as DomainError);
  return { code: 'InternalServerError', message: 'The server met an unexpected condition.' };
}

/** What a deployment shows whose resources could not all be made. */
export function deploymentFailed(deploymentId: string, details: readonly ArmErrorBody[]): ArmErrorBody {
  return {
    code: 'DeploymentFailed',
    target: deploymentId,
    message:
      'At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.',
    details,
  };
}

/** 409 while a deployment of the name is under way. */
export function deploymentActive(deploymentId: string): ArmError {
  return new ArmError(
    'conflict',
    'DeploymentActive',
    `Unable to edit or replace deployment '${deploymentId.split('/').at(-1)}': previous deployment from this scope is still active. Please see https://aka.ms/arm-deploy for usage details.`,
    { target: deploymentId },
  );
}

/** 404 as deployments word it. */
export function deploymentNotFound(name: string): ArmError {
  return new ArmError('not-found', 'DeploymentNotFound', `Deployment '${name}' could not be found.`);
}

/** 400 where the template as a whole cannot be deployed by this caller, before anything is done. */
export function invalidDeployment(
  name: string,
  trackingId: string,
  details: readonly ArmErrorBody[],
): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidTemplateDeployment',
    `The template deployment '${name}' is not valid according to the validation procedure. The tracking id is '${trackingId}'. See inner errors for details.`,
    { details },
  );
}
