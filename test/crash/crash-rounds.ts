import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { processEnvironment } from '../../src/foundation/environment.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';

/** What was asked for and what was acknowledged, over all rounds. Operations are unique texts chosen by the subject. */
export interface History {
  readonly attempted: ReadonlySet<string>;
  readonly acknowledged: ReadonlySet<string>;
}

/** A running process that writes when told to. */
export interface Victim {
  readonly process: ChildProcess;
  /** Resolves when the process has acknowledged the operation; rejects where it refused it or is gone. */
  perform(operation: string): Promise<void>;
}

export interface CrashSubject {
  /** Starts the process and resolves when it takes operations. */
  start(): Promise<Victim>;
  /** The operation that this client does as its n-th in this round: unique over all rounds. */
  operation(round: number, client: number, n: number): string;
  /** Milliseconds after the start, at least and at most, at which it is killed; 5 to 150 unless told. */
  readonly killAfter?: readonly [number, number];
  /** Nothing runs: opens what the process left behind, and throws where the history does not agree with it. */
  check(history: History): Promise<void>;
}

const clients = 4;

/** How often processes are killed: as INNATE_CRASH_ROUNDS says. */
export function crashRoundsWanted(otherwise = 5): number {
  const text = processEnvironment()['INNATE_CRASH_ROUNDS'];
  return text === undefined || text === '' ? otherwise : Number(text);
}

/**
 * Starts the process, lets several clients write at once, kills it (SIGKILL) after a random time, checks, and begins
 * again on what is left.
 */
export async function crashRounds(
  subject: CrashSubject,
  rounds: number = crashRoundsWanted(),
): Promise<History> {
  const attempted = new Set<string>();
  const acknowledged = new Set<string>();
  const [shortest, longest] = subject.killAfter ?? [5, 150];
  for (let round = 0; round < rounds; round += 1) {
    const victim = await subject.start();
    const gone = once(victim.process, 'exit');
    let alive = true;
    const client = async (index: number) => {
      for (let n = 0; alive; n += 1) {
        const operation = subject.operation(round, index, n);
        attempted.add(operation);
        try {
          await victim.perform(operation);
        } catch (error) {
          // an answer that never came is what this is about; a refusal by a living process is a failure
          if (alive) throw error;
          return;
        }
        acknowledged.add(operation);
      }
    };
    const work = Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
    await Promise.race([wait(randomBetween(shortest, longest)), work]);
    alive = false;
    victim.process.kill('SIGKILL');
    await gone;
    await work;
    await subject.check({ attempted, acknowledged });
  }
  return { attempted, acknowledged };
}

/** A whole number of milliseconds. */
export function randomBetween(least: number, most: number): number {
  const [high = 0, low = 0] = systemRandomness.bytes(2);
  return least + Math.floor(((high * 256 + low) / 65536) * (most - least + 1));
}
