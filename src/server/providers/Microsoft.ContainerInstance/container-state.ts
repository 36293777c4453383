import { asJsonObject, type JsonObject } from '../../../contract/arm.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';

/** How the containers of a group are: those of a group that was stopped have ended, the others run. */
export function groupView({ state }: Pick<Resource, 'state'>): JsonObject {
  return { events: [], state: isStopped(state) ? 'Stopped' : 'Running' };
}

/** A container with its instance view. */
export function presentContainer(
  container: JsonObject,
  { state, createdAt }: Pick<Resource, 'state' | 'createdAt'>,
): JsonObject {
  const startTime = new Date(Number(state['startedAt'] ?? createdAt)).toISOString();
  const stoppedAt = state['stoppedAt'];
  const currentState =
    typeof stoppedAt === 'number'
      ? {
          state: 'Terminated',
          startTime,
          exitCode: 0,
          finishTime: new Date(stoppedAt).toISOString(),
          detailStatus: 'Completed',
        }
      : { state: 'Running', startTime, detailStatus: '' };
  const instanceView = { restartCount: Number(state['restarts'] ?? 0), currentState, events: [] };
  return { ...container, properties: { ...asJsonObject(container['properties']), instanceView } };
}

export function isStopped(state: JsonObject): boolean {
  return typeof state['stoppedAt'] === 'number';
}

export function started(state: JsonObject, at: number): JsonObject {
  const { stoppedAt: _stopped, ...rest } = state;
  return { ...rest, startedAt: at };
}

export function restarted(state: JsonObject, at: number): JsonObject {
  return { ...started(state, at), restarts: Number(state['restarts'] ?? 0) + 1 };
}
