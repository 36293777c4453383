import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { type AgentsClient, ApiError } from '../client/agents-client.ts';
import { EnrolmentRefused } from './agent.ts';
import type { KeyFiles } from './key-files.ts';
import { type MachineRecord, saveMachine } from './machine-record.ts';
import { type ProofSources, proverOf, publicHalf, thumbprintOf } from './proofs.ts';

const makeKeyPair = promisify(generateKeyPair);

/**
 * Turns a join token into a machine with a key made here, and keeps both. The token is nowhere written down.
 *
 * @throws EnrolmentRefused, Unreachable
 */
export async function enrolMachine(
  joinToken: string,
  { client, files, proofs }: { client: AgentsClient; files: KeyFiles; proofs: ProofSources },
): Promise<MachineRecord> {
  const { privateKey: key } = await makeKeyPair('ec', { namedCurve: 'P-256' });
  const request = { joinToken: joinToken.trim(), publicKey: publicHalf(key).toString('base64') };
  const prove = proverOf(thumbprintOf(key), key, proofs);
  let enrolment: Awaited<ReturnType<AgentsClient['enrol']>>;
  try {
    enrolment = await client.enrol(request, prove).catch((error: unknown) => {
      // the first answer tells the server's time: a proof that this host's clock spoilt holds the second time
      if (error instanceof ApiError && error.code === 'InvalidProof') return client.enrol(request, prove);
      throw error;
    });
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) {
      throw new EnrolmentRefused(error.message, { cause: error });
    }
    throw error;
  }
  const machine: MachineRecord = { ...enrolment, key };
  await saveMachine(files, machine);
  return machine;
}
