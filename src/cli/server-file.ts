import { readFileSync } from 'node:fs';
import path from 'node:path';
import { JsonReader, UnexpectedAnswer } from '../client/json-reader.ts';
import { azureProfile, type CloudProfile, ownProfile } from '../contract/cloud-profile.ts';
import type { ServerFile } from '../contract/ready-file.ts';
import { CommandError } from './command.ts';

/**
 * What the server of a data folder has left for the commands of this machine.
 *
 * @throws CommandError where no server runs there, or the folder is somebody else's
 */
export function readServerFile(dataFolder: string): ServerFile {
  const folder = path.resolve(dataFolder);
  const notRunning = `no Innate server is running on ${folder}; start one with \`npm start\` or \`innate up\``;
  let text: string;
  try {
    text = readFileSync(path.join(folder, 'server.json'), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new CommandError(notRunning);
    throw new CommandError(`the data folder ${folder} cannot be read by this user (${code})`);
  }
  let file: ServerFile;
  try {
    file = parseServerFile(JsonReader.parse(text, 'server.json'));
  } catch (error) {
    if (!(error instanceof UnexpectedAnswer)) throw error;
    throw new CommandError(
      `${folder}/server.json cannot be understood (${error.message}); restart the server`,
    );
  }
  if (!isAlive(file.pid)) throw new CommandError(notRunning);
  return file;
}

function parseServerFile(from: JsonReader): ServerFile {
  const profile = from.string('profile');
  if (profile !== 'azure' && profile !== 'own') throw new UnexpectedAnswer('profile is unknown');
  const endpoints = from.object('endpoints');
  const operator = from.object('operator');
  const connect = from.object('connect');
  return {
    pid: from.number('pid'),
    profile,
    tenantId: from.string('tenantId'),
    subscriptionId: from.string('subscriptionId'),
    caFile: from.string('caFile'),
    proxy: from.string('proxy'),
    endpoints: {
      login: endpoints.string('login'),
      management: endpoints.string('management'),
      graph: endpoints.string('graph'),
      vaultSuffix: endpoints.string('vaultSuffix'),
    },
    operator: { clientId: operator.string('clientId'), clientSecret: operator.string('clientSecret') },
    connect: { host: connect.string('host'), port: connect.number('port') },
    controlSocket: from.string('controlSocket'),
  };
}

/** The names of the server's surfaces. */
export function profileOf({ profile, endpoints }: ServerFile): CloudProfile {
  if (profile === 'azure') return azureProfile;
  return ownProfile(new URL(endpoints.login).hostname.replace(/^login\./, ''));
}

/** Whether there is such a process, whoever's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
