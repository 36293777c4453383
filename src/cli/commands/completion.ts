import type { Command } from '../command.ts';
import { CommandError } from '../command.ts';
import { completionScripts, shells } from '../completion/scripts.ts';

/** Prints what makes a shell complete `innate`. */
export const completion: Command = {
  name: 'completion',
  summary: 'print what makes a shell complete commands, options and names',
  arguments: [{ name: `<${shells.join('|')}>`, summary: 'the shell' }],
  details: `bash:  source <(innate completion bash)            in ~/.bashrc
zsh:   source <(innate completion zsh)             in ~/.zshrc, behind compinit
fish:  innate completion fish | source             in ~/.config/fish/config.fish`,
  async run({ words: [name] }, { output }) {
    const shell = shells.find((one) => one === name);
    if (shell === undefined) throw new CommandError(`innate completion knows ${shells.join(', ')}`, 2);
    output.result(completionScripts[shell]);
    return 0;
  },
};
