import type { ArmErrorBody, JsonObject, JsonValue } from '../../contract/arm.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { Answer, Method } from '../resource-manager/provider.ts';

/** Asks for something with the deployer's rights of the moment. */
export type Ask = (request: {
  readonly method: Method;
  readonly url: string;
  readonly body?: unknown;
}) => Promise<Answer>;

/** Waits between two looks at what takes its time. @throws where the run is not to go on */
export type Pause = (milliseconds: number) => Promise<void>;

/** `subscriptionResourceId` gives a group an id of this form. */
const groupAsResource =
  /^(\/subscriptions\/[^/]+)\/providers\/Microsoft\.Resources(\/resourceGroups\/[^/]+)$/i;

/** The path and query of a resource, each segment escaped. */
export function urlOf(id: string, apiVersion: string): string {
  const path = id.replace(groupAsResource, '$1$2').split('/').map(encodeURIComponent).join('/');
  return `${path}?api-version=${encodeURIComponent(apiVersion)}`;
}

/**
 * Writes or deletes a resource and waits until that is over, as clients do (`spec/resource-manager.md` a.8).
 *
 * @returns the first answer
 * @throws DomainError where it is refused, or fails later
 */
export async function settled(
  ask: Ask,
  pause: Pause,
  request: { readonly method: 'PUT' | 'DELETE'; readonly url: string; readonly body?: unknown },
): Promise<Answer> {
  const answer = await ask(request);
  const status = header(answer, 'Azure-AsyncOperation');
  const location = header(answer, 'Location');
  if (status !== undefined) await followStatus(ask, pause, pathOf(status));
  else if (answer.status === 202 && location !== undefined)
    await followLocation(ask, pause, pathOf(location));
  else if (request.method === 'PUT') await followState(ask, pause, request.url, answer);
  return answer;
}

async function followStatus(ask: Ask, pause: Pause, url: string): Promise<void> {
  for (;;) {
    const answer = await ask({ method: 'GET', url });
    const { status, error } = (answer.body ?? {}) as {
      readonly status?: string;
      readonly error?: ArmErrorBody;
    };
    const end = ending(status);
    if (end === 'succeeded') return;
    if (end === 'failed') throw failed(status ?? '', error);
    await pause(retryAfter(answer));
  }
}

async function followLocation(ask: Ask, pause: Pause, url: string): Promise<void> {
  for (;;) {
    const answer = await ask({ method: 'GET', url });
    if (answer.status !== 202) return;
    await pause(retryAfter(answer));
  }
}

async function followState(ask: Ask, pause: Pause, url: string, first: Answer): Promise<void> {
  for (let answer = first; ; answer = await ask({ method: 'GET', url })) {
    const state = provisioningState(answer.body);
    const end = state === undefined ? 'succeeded' : ending(state);
    if (end === 'succeeded') return;
    if (end === 'failed') throw failed(state ?? '', undefined);
    await pause(retryAfter(answer));
  }
}

function provisioningState(body: unknown): string | undefined {
  const { properties } = (body ?? {}) as { readonly properties?: JsonObject | null };
  const state: JsonValue | undefined = properties?.['provisioningState'];
  return typeof state === 'string' ? state : undefined;
}

function ending(status: string | undefined): 'succeeded' | 'failed' | undefined {
  switch (status?.toLowerCase()) {
    case 'succeeded':
      return 'succeeded';
    case 'failed':
    case 'canceled':
      return 'failed';
    default:
      return undefined;
  }
}

function failed(status: string, error: ArmErrorBody | undefined): ArmError {
  return new ArmError(
    'conflict',
    error?.code ?? 'ResourceDeploymentFailure',
    error?.message ??
      `The resource write operation failed to complete successfully, because it reached terminal provisioning state '${status}'.`,
    error?.details === undefined ? {} : { details: error.details },
  );
}

function retryAfter(answer: Answer): number {
  const seconds = Number(header(answer, 'Retry-After') ?? '1');
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), 15) * 1000 : 1000;
}

function header({ headers = {} }: Answer, name: string): string | undefined {
  return Object.entries(headers).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
}

/** Addresses to poll are absolute, and lead back here. */
function pathOf(address: string): string {
  const { pathname, search } = new URL(address, 'https://management.invalid');
  return `${pathname}${search}`;
}
