import type { Clock } from '../foundation/clock.ts';
import type { Output } from './output.ts';

/** Shows that something long is under way, on standard error. */
export interface Progress {
  /**
   * Runs a task. On a terminal its title turns while it runs and is gone when it has ended; elsewhere what the task tells
   * is written, a line every few seconds at most, so that what is short says nothing.
   *
   * @param task is handed the means to tell how far it is
   */
  during<T>(title: string, task: (tell: (how: string) => void) => Promise<T>): Promise<T>;
}

/** Milliseconds between lines where no terminal is. */
const pace = 3000;

/** Progress on this process's standard error. */
export function standardProgress(output: Output, clock: Clock): Progress {
  return process.stderr.isTTY ? { during: onTerminal } : progressByLines(output, clock);
}

/** Progress for logs and pipes. */
export function progressByLines(output: Output, clock: Clock): Progress {
  return {
    async during(title, task) {
      let last = clock.monotonic();
      return await task((how) => {
        if (clock.monotonic() - last < pace) return;
        last = clock.monotonic();
        output.note(`${title}: ${how}`);
      });
    },
  };
}

async function onTerminal<T>(title: string, task: (tell: (how: string) => void) => Promise<T>): Promise<T> {
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
  const done: { result?: T } = {};
  // both streams are standard error: results alone go to standard output
  const processOutput = new ProcessOutput(process.stderr, process.stderr, { leaveEmptyLine: false });
  const list = new Listr(
    [
      {
        title,
        task: async (_, wrapper) => {
          done.result = await task((how) => {
            wrapper.title = `${title}: ${how}`;
          });
        },
      },
    ],
    {
      renderer: 'default',
      rendererOptions: { clearOutput: true, logger: new ListrLogger({ processOutput }) },
      registerSignalListeners: false,
    },
  );
  await list.run();
  return done.result as T;
}
