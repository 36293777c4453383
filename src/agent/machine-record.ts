import { createPrivateKey, type KeyObject } from 'node:crypto';
import { JsonReader } from '../client/json-reader.ts';
import type { Enrolment } from '../contract/agent.ts';
import type { KeyFiles } from './key-files.ts';

/** An enrolment with the machine's key (P-256), as this host keeps it. */
export interface MachineRecord extends Enrolment {
  readonly key: KeyObject;
}

const file = 'machine.json';

export async function saveMachine(files: KeyFiles, machine: MachineRecord): Promise<void> {
  const { key, machineId, tenantId, resourceId, loginOrigin } = machine;
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' });
  const content = { machineId, tenantId, resourceId, loginOrigin, privateKey };
  await files.write(machineId, file, JSON.stringify(content));
}

/**
 * @returns `undefined` where the folder holds no enrolment
 * @throws UnexpectedAnswer where the file was altered
 */
export async function loadMachine(files: KeyFiles, machineId: string): Promise<MachineRecord | undefined> {
  const text = await files.read(machineId, file);
  if (text === undefined) return undefined;
  const from = JsonReader.parse(text, file);
  return {
    machineId: from.string('machineId'),
    tenantId: from.string('tenantId'),
    resourceId: from.string('resourceId'),
    loginOrigin: from.string('loginOrigin'),
    key: createPrivateKey(from.string('privateKey')),
  };
}
