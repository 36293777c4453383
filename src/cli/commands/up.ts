import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { startLocalAgent } from '../../agent/compose.ts';
import { createOperator, type Operator } from '../../client/operator.ts';
import type { ResourceManagerClient } from '../../client/resource-manager-client.ts';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { ServerFile } from '../../contract/ready-file.ts';
import {
  createLog,
  type LogLevel,
  logLevels,
  replaceFile,
  type Server,
  type ServerOptions,
  serverConfig,
  startServer,
} from '../../server/compose.ts';
import {
  type Command,
  type CommandContext,
  CommandError,
  type CommandInput,
  dataOption,
  optionList,
  optionText,
} from '../command.ts';
import type { Preparation } from '../environment-file/preparation.ts';
import { isAlive } from '../server-file.ts';
import { endRequested } from '../signals.ts';

/** Options of a server that `up` and `demo` share. */
export const serverOptions = [
  dataOption,
  {
    flags: '--listen <host:port>',
    summary: 'where the TLS listener is; port 0 takes any free one (default: 127.0.0.1:8443, or a free port)',
  },
  { flags: '--database <url>', summary: 'postgres:// URL; SQLite in the data folder unless told' },
  {
    flags: '--profile <kind>',
    summary: "azure: Azure's own names, on loopback only; own: names under --domain",
    choices: ['azure', 'own'],
    default: 'azure',
  },
  { flags: '--domain <domain>', summary: 'the domain of the own profile' },
  {
    flags: '--assertion-lifetime <seconds>',
    summary: 'how long client assertions of applications may live; as long as they say unless told',
  },
  {
    flags: '--assertions-once',
    summary: 'refuse a client assertion of an application that comes again; of hosts it is refused anyway',
  },
  {
    flags: '--keep-sign-ins <duration>',
    summary: 'how long sign-ins and directory audits are kept; 30d unless told',
  },
  {
    flags: '--allow-issuer <hosts>',
    summary:
      'hosts in private networks whose signing keys may be fetched: HOST or HOST:PORT, with commas between',
  },
  {
    flags: '--upstream <file>',
    summary: 'JSON file of OpenID providers by which people may sign in; none unless told',
  },
  { flags: '--key-file <file>', summary: 'the key-encryption key; one in the data folder unless told' },
  {
    flags: '--signer <unix:path>',
    summary:
      'the socket of a signer that holds the keys of tokens (innate signer); this process holds them unless told',
  },
  {
    flags: '--key-prepared <duration>',
    summary: 'how long a key of tokens is announced before it signs, such as 12h (default: 2d)',
  },
  {
    flags: '--key-active <duration>',
    summary: 'how long a key of tokens signs at most (default: 30d)',
  },
  {
    flags: '--ready-file <file>',
    summary: 'written when the server serves: addresses and the operator (0600)',
  },
  { flags: '--log <level>', summary: 'what is logged to standard error', choices: logLevels },
] as const;

/** A server and an agent that serve, with what a command needs to use them. Disposing drains and ends both. */
export interface Running extends AsyncDisposable {
  readonly server: Server;
  readonly file: ServerFile;
  readonly operator: Operator;
}

const aliasVersion = '2021-10-01';

/**
 * Starts the server and, in the same process, the agent of this machine; makes the default subscription through the
 * public API where it is missing; then tells where everything is (`server.json` in the data folder, `--ready-file`).
 *
 * @param prepare what is done before anybody is told that the server is ready
 */
export async function startRunning(
  input: CommandInput,
  { clock, environment, randomness }: CommandContext,
  log: LogLevel,
  prepare?: Preparation,
): Promise<Running> {
  await using started = new AsyncDisposableStack();
  const readyText = optionText(input, 'readyFile');
  const readyFile = readyText === undefined ? undefined : path.resolve(readyText);
  if (readyFile !== undefined) await removeStaleReadyFile(readyFile);
  const sources = { clock, randomness, log: createLog(log) };
  const server = started.use(await startServer(serverConfig(readOptions(input, environment)), sources));
  const { caFile, ca, dataFolder, home, instanceCertificate, operator, profile } = server;
  const connect = { host: server.host, port: server.port, ca };
  const local = started.use(
    await startLocalAgent({
      ...sources,
      folder: path.join(dataFolder, 'agent'),
      dataFolder,
      profile,
      connect,
      instanceCertificate,
      caFile,
      environment,
    }),
  );

  const client = started.use(createOperator({ connect, profile, ...operator, clock }));
  const subscriptionId = await ensureSubscription(client.resources);

  const file: ServerFile = {
    pid: process.pid,
    profile: profile.kind,
    tenantId: home.tenantId,
    subscriptionId,
    caFile,
    proxy: local.proxy,
    endpoints: endpointsOf(profile),
    operator: { clientId: operator.clientId, clientSecret: operator.clientSecret },
    connect: { host: server.host, port: server.port },
    controlSocket: local.controlSocket,
  };
  const text = `${JSON.stringify(file, null, 2)}\n`;
  const serverFile = path.join(dataFolder, 'server.json');
  await replaceFile(serverFile, text);
  started.defer(() => rm(serverFile, { force: true }));
  await prepare?.(client, file);
  if (readyFile !== undefined) {
    await writeReadyFile(readyFile, text);
    started.defer(() => rm(readyFile, { force: true }));
  }

  const parts = started.move();
  return { server, file, operator: client, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** Who waits for the file must not find the one that a killed server has left. */
async function removeStaleReadyFile(file: string): Promise<void> {
  try {
    const { pid } = JSON.parse(await readFile(file, 'utf8')) as { readonly pid?: unknown };
    if (typeof pid === 'number' && !isAlive(pid)) await rm(file, { force: true });
  } catch {
    // none is there, or it is not one of ours: writing it will tell
  }
}

/** @throws CommandError */
async function writeReadyFile(file: string, text: string): Promise<void> {
  try {
    await replaceFile(file, text);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new CommandError(`the ready file ${file} cannot be written (${code})`);
  }
}

/** The first subscription is made as any other: by its alias, which names the same one at every start. */
async function ensureSubscription(resourceManager: ResourceManagerClient): Promise<string> {
  const alias = await resourceManager.put('/providers/Microsoft.Subscription/aliases/default', aliasVersion, {
    properties: { displayName: 'Innate', workload: 'DevTest' },
  });
  return alias.object('properties').string('subscriptionId');
}

function readOptions(input: CommandInput, environment: CommandContext['environment']): ServerOptions {
  const option = (name: string) => optionText(input, name);
  const listen = option('listen');
  const database = option('database');
  const domain = option('domain');
  const keyFile = option('keyFile');
  const assertionLifetime = option('assertionLifetime');
  const keepSignIns = option('keepSignIns');
  const allowIssuer = option('allowIssuer');
  const signer = option('signer');
  const upstream = option('upstream');
  const keyPrepared = option('keyPrepared');
  const keyActive = option('keyActive');
  const keyText = environment['INNATE_KEY_ENCRYPTION_KEY'];
  return {
    data: option('data') ?? dataOption.default ?? '',
    profile: option('profile') ?? 'azure',
    ...(listen === undefined ? {} : { listen }),
    ...(database === undefined ? {} : { database }),
    ...(domain === undefined ? {} : { domain }),
    ...(assertionLifetime === undefined ? {} : { assertionLifetime }),
    ...(input.options['assertionsOnce'] === true ? { assertionsOnce: true } : {}),
    ...(keepSignIns === undefined ? {} : { keepSignIns }),
    ...(allowIssuer === undefined ? {} : { allowIssuer }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(keyText === undefined || keyText === '' ? {} : { keyText }),
    ...(signer === undefined ? {} : { signer }),
    ...(upstream === undefined ? {} : { upstream }),
    ...(keyPrepared === undefined ? {} : { keyPrepared }),
    ...(keyActive === undefined ? {} : { keyActive }),
  };
}

function endpointsOf(profile: CloudProfile): ServerFile['endpoints'] {
  return {
    login: `https://${profile.login}`,
    management: `https://${profile.management}`,
    graph: `https://${profile.graph}`,
    vaultSuffix: profile.vaultSuffix,
  };
}

export function logLevel(input: CommandInput, otherwise: LogLevel): LogLevel {
  return logLevels.find((level) => level === optionText(input, 'log')) ?? otherwise;
}

export const up: Command = {
  name: 'up',
  summary: 'start the server, and the agent of this machine',
  options: [
    ...serverOptions,
    {
      flags: '-f, --file <file...>',
      summary: 'environment files, or ARM templates, that are made sure of before the server is ready',
    },
    { flags: '-g, --resource-group <name>', summary: 'the resource group of templates that -f names' },
  ],
  details: `innate up -f environment.yaml

Serves until it is told to end (Ctrl-C, SIGTERM), then lets what is under way finish. What is as the files want it is
left alone: a second start changes nothing. docs/guides/environment-files.md says what a file may hold.`,
  async run(input, context) {
    const ending = endRequested();
    const preparation = await readPreparation(input, context);
    await using running = await startRunning(input, context, logLevel(input, 'info'), preparation);
    const { file, server } = running;
    context.output.note(
      `serving on https://${file.connect.host}:${file.connect.port}, state in ${server.dataFolder} ` +
        `(${server.firstStart ? 'new' : 'found'}, ${server.engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'}); Ctrl-C ends it`,
    );
    await ending;
    return 0;
  },
};

/** What `-f` wants. Files that cannot be read start nothing; without any, what reads them is not loaded. */
async function readPreparation(
  input: CommandInput,
  context: CommandContext,
): Promise<Preparation | undefined> {
  const names = optionList(input, 'file');
  if (names.length === 0) return undefined;
  const { prepareByFiles } = await import('../environment-file/preparation.ts');
  return prepareByFiles(names, optionText(input, 'resourceGroup'), context);
}
