import type { Command, CommandEntry } from '../command.ts';
import { candidates } from '../completion/candidates.ts';
import { namesOfDeployment } from '../completion/deployment-names.ts';

/** What shells ask for: `innate complete -- WORDS…`, the last of which is being typed. A word a line. */
export function completeAmong(commands: readonly CommandEntry[]): Command {
  return {
    name: 'complete',
    summary: 'what a word of a command line may become, for shells',
    takesCommand: true,
    async run({ command: words }, { clock, output }) {
      const at = words.indexOf('--data');
      const dataFolder = at < 0 || at === words.length - 1 ? undefined : words[at + 1];
      const names = (named: Parameters<typeof namesOfDeployment>[0]) =>
        namesOfDeployment(named, dataFolder, clock);
      const found = await candidates(words, commands, names);
      if (found.length > 0) output.result(found.join('\n'));
      return 0;
    },
  };
}
