import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import {
  type IsolationAvailability,
  isolationAvailable,
  runIsolated,
} from '../../agent/isolation/namespace.ts';
import { competingVariables, programEnvironment } from '../../agent/isolation/program-environment.ts';
import type { OpenedEndpoint } from '../../contract/control-socket.ts';
import type { Environment } from '../../foundation/environment.ts';
import { trustedBy, writeBundles } from '../bundle-files.ts';
import {
  type Command,
  type CommandContext,
  CommandError,
  type CommandInput,
  dataOption,
  optionText,
} from '../command.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { enrolAs } from '../enrolment.ts';
import { requireProgram } from '../find-program.ts';
import { resolveResource } from '../resource-name.ts';
import { forwardSignals } from '../signals.ts';

/** Runs a program that finds the identity of a resource as it would on that resource in Azure. */
export const run: Command = {
  name: 'run',
  summary: 'run a program as a resource',
  arguments: [
    { name: '<resource>', summary: 'its name, GROUP/NAME, or its whole id', names: 'resources' },
    { name: '[command...]', summary: 'the program and its arguments, behind --' },
  ],
  options: [
    {
      flags: '--mode <mode>',
      summary: 'how the program finds its identity',
      choices: ['auto', 'isolated', 'environment'],
      default: 'auto',
    },
    dataOption,
  ],
  takesCommand: true,
  details: `isolated     own network and mount namespace, in which 169.254.169.254 and the services' names lead to
             Innate: for every program. Needs Linux, util-linux and iproute2. Ports of this machine are
             not reachable from inside, nor the program's ports from outside.
environment  by environment variables: for programs that honour them.
auto         isolated where that works, else environment.`,
  async run(input, context) {
    const { output, environment } = context;
    const [resource = '', ...words] = input.words;
    const command = [...words, ...input.command];
    const [program] = command;
    if (program === undefined) throw new CommandError('nothing to run: innate run RESOURCE -- COMMAND...', 2);
    using deployment = openDeployment(input, context.clock);
    requireProgram(program, environment);

    const { means, note } = await chooseMeans(input, context);
    if (means !== undefined) refuseHiddenFolder(deployment.dataFolder);
    const resourceId = await resolveResource(deployment.resources, resource);
    const machine = await enrolAs(deployment, resourceId);
    if (note !== undefined) output.note(note);
    if (machine.identities.length === 0) {
      output.note(`${resource} carries no identity: the program will be refused tokens`);
    }
    const competing = competingVariables(environment);
    if (competing.length > 0) {
      output.note(
        `${competing.join(', ')} may win over the resource's identity in the program's credentials`,
      );
    }

    await using lease = await deployment.agent.lease({
      resourceId,
      mode: means === undefined ? 'environment' : 'isolated',
    });
    const { endpoint } = lease;
    return means === undefined
      ? await runInEnvironment(command, endpoint, deployment, environment)
      : await runInNamespace(command, endpoint, deployment, means, context);
  },
};

type Means = Extract<IsolationAvailability, { available: true }>['means'];

interface Choice {
  /** How to isolate, or `undefined` for the environment. */
  readonly means: Means | undefined;
  /** What the user is told of a choice that was not theirs, once the program really runs. */
  readonly note?: string;
}

async function chooseMeans(input: CommandInput, { environment }: CommandContext): Promise<Choice> {
  const mode = optionText(input, 'mode');
  if (mode === 'environment') return { means: undefined };
  const isolation = await isolationAvailable(environment);
  if (isolation.available) {
    const { means } = isolation;
    if (mode !== 'auto') return { means };
    return { means, note: 'running isolated (--mode environment shares the network with this machine)' };
  }
  const reason = `isolated mode does not work here: ${isolation.reason}`;
  if (mode === 'isolated') throw new CommandError(reason);
  return { means: undefined, note: `running by environment variables, since ${reason}` };
}

/** The data folder is hidden from isolated programs; one that starts inside it would find nothing. */
function refuseHiddenFolder(dataFolder: string): void {
  const here = process.cwd();
  if (here === dataFolder || here.startsWith(dataFolder + path.sep)) {
    throw new CommandError(
      `isolated programs do not see the data folder ${dataFolder}: start them elsewhere`,
    );
  }
}

async function runInNamespace(
  command: readonly string[],
  endpoint: OpenedEndpoint,
  deployment: Deployment,
  means: Means,
  { output, environment }: CommandContext,
): Promise<number> {
  const { dataFolder, profile } = deployment;
  const { environment: host, sockets, wellKnown } = endpoint;
  if (sockets === null) throw new CommandError('the agent opened no sockets for an isolated program');
  // before the program starts, as in the environment
  using _signals = forwardSignals((signal) => program.signal(signal));
  const program = runIsolated({
    means,
    profile,
    dataFolder,
    sockets,
    wellKnown,
    authority: trustedBy(endpoint, deployment),
    host,
    command,
    environment: defined(environment),
    onRefusedName: (name) =>
      output.note(`${name} lies in Azure's domains and is not served: it does not resolve`),
  });
  return await program.ended;
}

async function runInEnvironment(
  command: readonly string[],
  endpoint: OpenedEndpoint,
  deployment: Deployment,
  environment: Environment,
): Promise<number> {
  const changes = programEnvironment({
    base: environment,
    host: endpoint.environment,
    proxy: endpoint.proxy,
    ...writeBundles(
      { dataFolder: deployment.dataFolder, authority: trustedBy(endpoint, deployment) },
      environment,
    ),
    directNames: [],
    proxyOnly: false,
  });
  const [file = '', ...args] = command;
  // before the program starts: a signal that comes with its first word is for it, and must not end this process alone
  using _signals = forwardSignals((signal) => {
    // a terminal sends Ctrl-C to the program as well
    if ((signal !== 'SIGINT' && signal !== 'SIGQUIT') || !process.stdin.isTTY) child.kill(signal);
  });
  const child = spawn(file, args, { stdio: 'inherit', env: { ...environment, ...changes } });
  return await new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new CommandError(`'${file}' cannot be run: ${error.message}`, 126)));
    child.on('close', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 1 : os.constants.signals[signal]));
    });
  });
}

function defined(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
