import { setImmediate as turn } from 'node:timers/promises';
import type { ArmErrorBody } from '../../contract/arm.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { Caller } from '../http/bearer.ts';
import type { Dispatch } from '../resource-manager/inner-request.ts';
import type { ResourceInstance } from '../templates/resource-instance.ts';
import { detailOf } from './deployment-error.ts';
import { urlOf } from './resource-write.ts';

/** Who asks, and where. */
export interface Asker {
  readonly caller: Caller;
  readonly origin: string;
}

/** Requests that are asked about at once. */
const atOnce = 16;
/** What a template makes itself may be missing before it runs. */
const madeMeanwhile = new Set([
  'ResourceGroupNotFound',
  'ResourceNotFound',
  'ParentResourceNotFound',
  'NotFound',
]);

/**
 * Whether the caller may write every resource that a template has, under a type and a version that there are. Nothing is
 * done, and it proves nothing for later: each write is asked about again.
 *
 * @returns what is refused
 */
export async function preflight(
  dispatch: Dispatch,
  as: Asker,
  instances: readonly ResourceInstance[],
): Promise<readonly ArmErrorBody[]> {
  const written = instances.filter(({ condition, existing }) => condition && !existing);
  const refused: ArmErrorBody[] = [];
  for (let at = 0; at < written.length; at += atOnce) {
    const answers = written.slice(at, at + atOnce).map(async ({ id, apiVersion }) => {
      try {
        await dispatch.admit({ ...as, method: 'PUT', url: urlOf(id, apiVersion) });
        return undefined;
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        if (madeMeanwhile.has(error.code ?? '') && error.kind === 'not-found') return undefined;
        return { ...detailOf(error), target: id };
      }
    });
    // others have their turn: an embedded database answers without one
    await turn();
    for (const refusal of await Promise.all(answers)) if (refusal !== undefined) refused.push(refusal);
  }
  return refused;
}

/**
 * Registers the namespaces for whose lack something was refused, where the caller may do that: a template does not have
 * to be preceded by it.
 *
 * @returns whether anything was lacking
 */
export async function registerMissing(
  dispatch: Dispatch,
  as: Asker,
  refused: readonly ArmErrorBody[],
): Promise<boolean> {
  const lacking = new Set(refused.flatMap((refusal) => registrationFor(refusal) ?? []));
  for (const url of lacking) await holds(dispatch({ ...as, method: 'POST', url }));
  return lacking.size > 0;
}

/** What remains refused where a deployment registers what is lacking: nothing is registered here. */
export async function withoutRegistrable(
  dispatch: Dispatch,
  as: Asker,
  refused: readonly ArmErrorBody[],
): Promise<readonly ArmErrorBody[]> {
  const remaining: ArmErrorBody[] = [];
  for (const refusal of refused) {
    const url = registrationFor(refusal);
    if (url === undefined || !(await holds(dispatch.admit({ ...as, method: 'POST', url })))) {
      remaining.push(refusal);
    }
  }
  return remaining;
}

/** The request that ends the reason of a refusal, if that is a registration that is lacking. */
function registrationFor({ code, target, details }: ArmErrorBody): string | undefined {
  const subscription = /^\/subscriptions\/[^/]+/i.exec(target ?? '')?.[0];
  const namespace = details?.[0]?.target;
  if (code !== 'MissingSubscriptionRegistration' || subscription === undefined) return undefined;
  if (namespace === undefined) return undefined;
  return urlOf(`${subscription}/providers/${namespace}/register`, '2021-04-01');
}

async function holds(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}
