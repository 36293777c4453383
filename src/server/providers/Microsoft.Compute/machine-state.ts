import { asJsonObject, type JsonObject } from '../../../contract/arm.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import type { AsyncOperations } from '../../resource-manager/async-operations.ts';
import { type ResourceAction, resourceAction } from '../../resource-manager/polled-action.ts';
import type { Operation } from '../../resource-manager/provider.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import type { Database } from '../../storage/database.ts';
import { imageOf } from './machine-shape.ts';

/** How a machine is: no host is started or stopped by it. */
export type Power = 'running' | 'stopped' | 'deallocated';

/** A machine that was never told otherwise runs. */
export function powerOf(state: JsonObject): Power {
  const power = state['power'];
  return power === 'stopped' || power === 'deallocated' ? power : 'running';
}

/** What is asked of a machine by its name, and the power it has afterwards; without one it stays as it is. */
export const powerActions: Readonly<Record<string, Power | undefined>> = {
  start: 'running',
  powerOff: 'stopped',
  deallocate: 'deallocated',
  restart: 'running',
  redeploy: 'running',
  reimage: undefined,
  reapply: undefined,
};

interface Parts {
  readonly database: Database;
  readonly operations: AsyncOperations;
}

type Place = Pick<ResourceAction, 'item' | 'namespace' | 'type'>;

/** The actions that change how a machine is (`spec/resource-manager.md` e.4 and a.8). */
export function machineActions(parts: Parts, place: Place): readonly Operation[] {
  return Object.entries(powerActions).map(([name, power]) =>
    resourceAction(parts, {
      ...place,
      name,
      answer: 'polled',
      change({ state, name: machine }) {
        if (power === undefined) return state;
        if (power === 'running' && state['generalized'] === true)
          throw notAllowed(name, machine, 'generalized');
        return { ...state, power };
      },
    }),
  );
}

/** Makes a machine a pattern for others: it does not start again. */
export function generalizeAction(parts: Parts, place: Place): Operation {
  return resourceAction(parts, {
    ...place,
    name: 'generalize',
    answer: 200,
    change({ state, name: machine }) {
      if (powerOf(state) === 'running') throw notAllowed('generalize', machine, 'running');
      return { ...state, generalized: true };
    },
  });
}

function notAllowed(action: string, machine: string, state: string): ArmError {
  return new ArmError(
    'conflict',
    'OperationNotAllowed',
    `Operation '${action}' is not allowed on VM '${machine}' since the VM is ${state}.`,
    { refusedBy: 'service' },
  );
}

/** How a machine is, in the words of Compute; times are those of its last write. */
export function instanceView(
  resource: Pick<Resource, 'properties' | 'state' | 'name' | 'changedAt'>,
): JsonObject {
  const { properties, state, name, changedAt } = resource;
  const storage = asJsonObject(properties['storageProfile']);
  const diskName = asJsonObject(storage?.['osDisk'])?.['name'];
  const image = imageOf(storage?.['imageReference']);
  const provisioned = provisioningStatus(changedAt);
  return {
    computerName: asJsonObject(properties['osProfile'])?.['computerName'] ?? name,
    ...(image === undefined ? {} : { hyperVGeneration: image.hyperVGeneration }),
    disks: typeof diskName === 'string' ? [{ name: diskName, statuses: [provisioned] }] : [],
    statuses: [
      provisioned,
      ...(state['generalized'] === true
        ? [{ code: 'OSState/generalized', level: 'Info', displayStatus: 'VM generalized' }]
        : []),
      powerStatus(state),
    ],
  };
}

export function provisioningStatus(at: number): JsonObject {
  return {
    code: 'ProvisioningState/succeeded',
    level: 'Info',
    displayStatus: 'Provisioning succeeded',
    time: computeTime(at),
  };
}

export function powerStatus(state: JsonObject): JsonObject {
  const power = powerOf(state);
  return { code: `PowerState/${power}`, level: 'Info', displayStatus: `VM ${power}` };
}

/** Compute writes its times with an offset rather than `Z`. */
export function computeTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '+00:00');
}
