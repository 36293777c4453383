import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Victim } from './crash-rounds.ts';

/** Starts one of our scripts with node; its standard error is shown. */
export function spawnScript(script: string, parameters: readonly string[]): ChildProcess {
  return spawn(process.execPath, [script, ...parameters], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/**
 * A process that says `ready`, then takes one operation a line and answers `ok OPERATION`, or `refused OPERATION`.
 */
export async function lineVictim(script: string, parameters: readonly string[]): Promise<Victim> {
  const child = spawnScript(script, parameters);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the process has no pipes');
  const waiting = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  const ready = Promise.withResolvers<void>();
  createInterface({ input: stdout }).on('line', (line) => {
    if (line === 'ready') ready.resolve();
    const [answer = '', operation = ''] = line.split(' ');
    if (answer === 'ok') waiting.get(operation)?.resolve();
    if (answer === 'refused') waiting.get(operation)?.reject(new Error(line));
  });
  // a killed process breaks the pipe; its exit says so
  stdin.on('error', () => undefined);
  // after `close` every line that the process wrote has been read
  child.once('close', () => {
    const error = new Error('the process is gone');
    ready.reject(error);
    for (const { reject } of waiting.values()) reject(error);
  });
  await ready.promise;
  return {
    process: child,
    perform(operation) {
      return new Promise((resolve, reject) => {
        if (child.exitCode !== null || child.signalCode !== null) reject(new Error('the process is gone'));
        waiting.set(operation, { resolve, reject });
        stdin.write(`${operation}\n`);
      });
    },
  };
}
