import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { Listr, type ListrTask } from 'listr2';
import type { JsonReader } from '../../client/json-reader.ts';
import { type Command, CommandError } from '../command.ts';
import { endRequested } from '../signals.ts';
import { logLevel, type Running, serverOptions, startRunning } from './up.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const example = path.join('examples', 'read-a-secret', 'read-a-secret.mjs');
const location = 'westeurope';
const vaultName = 'demo-kv';
const secretName = 'greeting';
const secretsUser = '4633458b-17de-408a-b874-0445c86b69e6';
const secretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7';
const versions = {
  resourceGroups: '2022-09-01',
  virtualMachines: '2024-07-01',
  vaults: '2023-07-01',
  roleAssignments: '2022-04-01',
} as const;

/** What the steps hand on to one another. */
interface Story {
  running?: Running;
  principalId?: string;
  said?: string;
}

/** `npm start`: the main job from nothing, as an operator and a program would do it. */
export const demo: Command = {
  name: 'demo',
  summary: 'start, and let a virtual machine read a secret with its own identity (npm start)',
  options: [...serverOptions, { flags: '--once', summary: 'end after the secret is read' }],
  async run(input, context) {
    const interrupted = new AbortController();
    const ending = endRequested().then(() => interrupted.abort());
    const story: Story = {};
    await using started = new AsyncDisposableStack();
    const steps: ListrTask<Story>[] = [
      {
        title: 'Start the server and the agent of this machine',
        task: async (_, task) => {
          const running = started.use(await startRunning(input, context, logLevel(input, 'warn')));
          story.running = running;
          const { firstStart, dataFolder, host, port } = running.server;
          const state = firstStart ? 'new state' : 'state found again';
          task.title = `Server on https://${host}:${port}, ${state} in ${shorten(dataFolder)}`;
        },
      },
      ...storySteps(story),
      {
        title: `Run ${example} as vm1`,
        task: async (_, task) => {
          const { dataFolder } = requireRunning(story).server;
          const { said, how } = await runExample(dataFolder, interrupted.signal);
          story.said = said;
          task.title = `Ran ${example} as vm1 (${how})`;
        },
      },
    ];
    // listr's own way with signals would end this process with nothing closed
    const list = new Listr<Story>(
      steps.map((step) => stoppable(step, interrupted.signal)),
      { concurrent: false, fallbackRenderer: 'simple', registerSignalListeners: false },
    );
    await list.run(story);

    const running = requireRunning(story);
    context.output.result(outcome(story, running));
    if (input.options['once'] === true) return 0;
    context.output.result(whatNext(running));
    await ending;
    return 0;
  },
};

/** A step that does not begin, nor counts as failed by itself, once the demonstration was interrupted. */
function stoppable(step: ListrTask<Story>, signal: AbortSignal): ListrTask<Story> {
  const stop = () => {
    if (signal.aborted) throw new CommandError('ended before the demonstration was through', 130);
  };
  return {
    ...step,
    task: async (story, wrapper) => {
      stop();
      try {
        await step.task(story, wrapper);
      } catch (error) {
        stop();
        throw error;
      }
    },
  };
}

/** The operator's part, through the public API alone; what an earlier start has made is found, not made again. */
function storySteps(story: Story): ListrTask<Story>[] {
  const group = () => `/subscriptions/${requireRunning(story).file.subscriptionId}/resourceGroups/demo`;
  const machine = () => `${group()}/providers/Microsoft.Compute/virtualMachines/vm1`;
  const vault = () => `${group()}/providers/Microsoft.KeyVault/vaults/${vaultName}`;

  /** Makes a resource where it is missing. */
  const ensure = async (id: string, apiVersion: string, content: unknown) => {
    const { resources } = requireRunning(story).operator;
    const found = await resources.get(id, apiVersion);
    if (found !== undefined) return { resource: found, made: false };
    return { resource: await resources.put(id, apiVersion, content), made: true };
  };
  const assign = async (roleId: string, principalId: string) => {
    const name = assignmentName(vault(), roleId, principalId);
    await requireRunning(story).operator.resources.put(
      `${vault()}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      versions.roleAssignments,
      {
        properties: {
          roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
          principalId,
          principalType: 'ServicePrincipal',
        },
      },
    );
  };
  const step = (title: string, task: () => Promise<string>): ListrTask<Story> => ({
    title,
    task: async (_, wrapper) => {
      wrapper.title = await task();
    },
  });

  return [
    step('Create resource group demo', async () => {
      const { made } = await ensure(group(), versions.resourceGroups, { location });
      return `Resource group demo ${told(made)}`;
    }),
    step('Create virtual machine vm1 with an identity of its own', async () => {
      const { made, resource } = await ensure(machine(), versions.virtualMachines, {
        location,
        identity: { type: 'SystemAssigned' },
        properties: {},
      });
      story.principalId = principalOf(resource);
      return `Virtual machine vm1 ${told(made)}, with its own identity ${story.principalId}`;
    }),
    step(`Create key vault ${vaultName}`, async () => {
      const { made } = await ensure(vault(), versions.vaults, {
        location,
        properties: {
          tenantId: requireRunning(story).file.tenantId,
          sku: { family: 'A', name: 'standard' },
          enableRbacAuthorization: true,
        },
      });
      return `Key vault ${vaultName} ${told(made)}`;
    }),
    step('Give roles', async () => {
      const { server } = requireRunning(story);
      await assign(secretsUser, story.principalId ?? '');
      await assign(secretsOfficer, server.home.operator.principalId);
      return `Roles on ${vaultName}: Key Vault Secrets User for vm1, Key Vault Secrets Officer for the operator`;
    }),
    step(
      `Write secret ${secretName}`,
      async () => `Secret ${secretName} ${told(await ensureSecret(requireRunning(story)))}`,
    ),
  ];
}

async function ensureSecret({ operator }: Running): Promise<boolean> {
  const client = operator.vault(vaultName);
  if ((await client.getSecret(secretName)) !== undefined) return false;
  await client.setSecret(secretName, 'Hello from your own vault.');
  return true;
}

/** The very command that a user would type, in a process of its own. */
async function runExample(
  dataFolder: string,
  interrupted: AbortSignal,
): Promise<{ said: string; how: string }> {
  const program = path.join(root, 'bin', 'innate.mjs');
  const child = spawn(
    process.execPath,
    [program, 'run', 'vm1', '--data', dataFolder, '--', process.execPath, path.join(root, example)],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const stop = () => child.kill('SIGTERM');
  interrupted.addEventListener('abort', stop, { once: true });
  let said = '';
  let complaints = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => interrupted.removeEventListener('abort', stop));
  if (code !== 0) {
    throw new CommandError(`the example failed (exit code ${code}): ${complaints.trim() || said.trim()}`);
  }
  return {
    said: said.trim(),
    how: /running isolated/.test(complaints) ? 'isolated' : 'by environment variables',
  };
}

function outcome({ principalId, said }: Story, { file }: Running): string {
  return [
    '',
    `  ${said}`,
    '',
    `  read by vm1's own identity ${principalId} in tenant ${file.tenantId},`,
    '  with unmodified @azure/identity and @azure/keyvault-secrets, and no credential to keep.',
    '',
  ].join('\n');
}

function whatNext({ file, server }: Running): string {
  const data =
    server.dataFolder === path.join(process.cwd(), '.innate') ? '' : ` --data ${server.dataFolder}`;
  const innate = (words: string) => `npx innate ${words.replace(/^\S+ \S+/, (first) => first + data)}`;
  return [
    '  Try next, in another terminal:',
    '',
    `    ${innate(`run vm1 -- node ${example}`)}`,
    '        the same again, or any program of yours',
    `    ${innate('vm create -g demo -n vm2')}`,
    `    ${innate(`run vm2 -- node ${example}`)}`,
    '        another machine, another identity: refused by the vault',
    `    ${innate('run vm1 -- node examples/keep-reading/keep-reading.mjs')}`,
    `    ${innate('vm delete -g demo -n vm1')}        # meanwhile, in a third`,
    '        the identity ends with its machine: the token that it still has is refused at once',
    `    eval "$(${innate('env vm2')})"`,
    '        the same for a shell',
    '',
    `  The certificate authority is ${shorten(file.caFile)}; only programs run as above trust it.`,
    '  Serving. Ctrl-C ends it; the state stays.',
    '',
  ].join('\n');
}

function principalOf(machine: JsonReader): string {
  return machine.object('identity').string('principalId');
}

/** The same name for the same assignment, so that a second start finds the first one's. */
function assignmentName(scope: string, roleId: string, principalId: string): string {
  const hex = createHash('sha256').update(`${scope}|${roleId}|${principalId}`.toLowerCase()).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

function told(made: boolean): string {
  return made ? 'created' : 'found again';
}

function shorten(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

function requireRunning({ running }: Story): Running {
  if (running === undefined) throw new Error('the server was not started');
  return running;
}
