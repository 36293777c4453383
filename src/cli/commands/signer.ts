import path from 'node:path';
import { createLog, logLevels, startSigner } from '../../server/signer-process.ts';
import { type Command, CommandError, optionText } from '../command.ts';
import { endRequested } from '../signals.ts';

/** The keys that sign tokens, in a process of their own. */
export const signer: Command = {
  name: 'signer',
  summary: 'hold the keys that sign tokens, in a process apart from the server',
  options: [
    {
      flags: '--socket <path>',
      summary: 'the unix socket to listen on, in a folder that only this user enters',
    },
    {
      flags: '--key-file <file>',
      summary: 'the key under which the signer seals what it makes (default: signer-key beside the socket)',
    },
    { flags: '--log <level>', summary: 'what is logged to standard error', choices: logLevels },
  ],
  details: `innate signer --socket /run/innate/signer.sock --key-file /var/lib/innate-signer/key
innate up --signer unix:/run/innate/signer.sock
Keep the key file: without it no key that the signer has made can be used again.`,
  async run(input, { clock, randomness, output }) {
    const socket = optionText(input, 'socket');
    if (socket === undefined || socket === '') {
      throw new CommandError('innate signer needs --socket, the path that it listens on', 2);
    }
    const keyFile = optionText(input, 'keyFile') ?? path.join(path.dirname(socket), 'signer-key');
    const level = logLevels.find((known) => known === optionText(input, 'log')) ?? 'info';
    const ending = endRequested();
    await using running = await startSigner({ socket, keyFile, clock, randomness, log: createLog(level) });
    output.note(`signing on ${running.socket}, sealing under ${running.keyFile}; Ctrl-C ends it`);
    await ending;
    return 0;
  },
};
