import type { Output } from './output.ts';

/** Shows that something long is under way, on standard error. */
export interface Progress {
  /**
   * Runs a task. On a terminal its title turns while it runs and is gone when it has ended; elsewhere only what the task
   * tells is written, a line for each change.
   *
   * @param task is handed the means to tell how far it is
   */
  during<T>(title: string, task: (tell: (how: string) => void) => Promise<T>): Promise<T>;
}

/** Progress on this process's standard error. */
export function standardProgress(output: Output): Progress {
  return {
    async during(title, task) {
      if (process.stderr.isTTY) return await onTerminal(title, task);
      let last = '';
      return await task((how) => {
        if (how !== last) output.note(`${title}: ${how}`);
        last = how;
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
