import { DomainError } from '../../foundation/domain-error.ts';
import { type CallerFacts, type CallerResumption, TokenRejected } from '../http/bearer.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { Dispatch } from '../resource-manager/inner-request.ts';
import type { Within } from '../resource-manager/provider.ts';
import type { Ask } from './resource-write.ts';

/** Whoever deploys is gone, disabled or was signed out: nothing more is done in their name. */
export class DeployerGone extends ArmError {
  constructor(principalId: string, cause: unknown) {
    super(
      'forbidden',
      'AuthorizationFailed',
      `The deployment was stopped: the client with object id '${principalId}' that started it is no longer accepted.`,
      { cause },
    );
  }
}

/** Asks in the name of a deployer, who is looked at again each time. */
export function askAs(
  parts: { readonly dispatch: Dispatch; readonly callers: CallerResumption },
  deployer: { readonly caller: CallerFacts; readonly origin: string; readonly within: Within },
): Ask {
  return async (request) => {
    const caller = await resumed(parts.callers, deployer.caller);
    const { origin, within } = deployer;
    return await parts.dispatch({ ...request, caller, origin, within });
  };
}

async function resumed(callers: CallerResumption, facts: CallerFacts) {
  try {
    return await callers.resume(facts);
  } catch (error) {
    if (error instanceof TokenRejected) throw new DeployerGone(facts.principalId, error);
    throw error;
  }
}

/** Whether a failure ends a run at once, since every further step would meet it. */
export function endsRun(error: unknown): boolean {
  return error instanceof DeployerGone || !(error instanceof DomainError);
}
