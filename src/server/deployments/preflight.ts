import type { ArmErrorBody } from '../../contract/arm.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { Caller } from '../http/bearer.ts';
import type { Dispatch } from '../resource-manager/inner-request.ts';
import type { ResourceInstance } from '../templates/resource-instance.ts';
import { detailOf } from './deployment-error.ts';
import { urlOf } from './resource-write.ts';

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
  as: { readonly caller: Caller; readonly origin: string },
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
    for (const refusal of await Promise.all(answers)) if (refusal !== undefined) refused.push(refusal);
  }
  return refused;
}
