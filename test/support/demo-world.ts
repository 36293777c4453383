import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { type Innate, program, startInnate } from './innate.ts';
import { Operator, roles } from './operator.ts';

/** How a command line ended, and what it said. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** Resolves once standard output holds the text, with all that it holds. */
  says(text: string): Promise<string>;
}

export interface CommandLineOptions {
  readonly input?: string;
  /** Added to this process's own environment, less what its own proxies and credentials would add. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/**
 * A deployment in which `vm1` may read the secret `greeting` of vault `demo-kv`, and `vm2` may not; and `innate` on the
 * command line beside it.
 */
export interface DemoWorld extends AsyncDisposable {
  readonly innate: Innate;
  readonly operator: Operator;
  readonly vm1: { readonly id: string; readonly principalId: string };
  readonly vm2: { readonly id: string; readonly principalId: string };
  readonly greeting: string;
  /** `innate WORDS… --data <the deployment's>`, before a `--`. */
  start(words: readonly string[], options?: CommandLineOptions): Started;
  run(words: readonly string[], options?: CommandLineOptions): Promise<Outcome>;
  /** A program on `vm1`, by environment variables, that is given the operator's secret. */
  runAsOperator(command: readonly string[]): Promise<Outcome>;
}

/** Variables of the machine that runs the tests by which programs would find other proxies, authorities and identities. */
const foreign =
  /^(https?_proxy|all_proxy|no_proxy|AZURE_.*|MSI_.*|IDENTITY_.*|IMDS_.*|.*CA_BUNDLE|SSL_CERT_.*|NODE_.*)$/i;

/** @param args further words for `innate up` */
export async function demoWorld(
  user?: { readonly uid: number; readonly gid: number },
  args: readonly string[] = [],
): Promise<DemoWorld> {
  await using stack = new AsyncDisposableStack();
  const innate = stack.use(await startInnate(user === undefined ? { args } : { args, user }));
  const operator = stack.use(new Operator(innate.ready));
  const group = await operator.createGroup('demo');
  const [vm1, vm2] = [await operator.createMachine(group, 'vm1'), await operator.createMachine(group, 'vm2')];
  const vault = await operator.createVault(group, 'demo-kv');
  const token = await operator.token(`https://${innate.ready.endpoints.vaultSuffix}`);
  const { oid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    oid: string;
  };
  await operator.assign(vault, roles.secretsOfficer, oid);
  await operator.assign(vault, roles.secretsUser, vm1.principalId);
  const greeting = 'good morning';
  const set = await operator.vault('demo-kv', 'PUT', '/secrets/greeting?api-version=7.4', {
    value: greeting,
  });
  if (set.status !== 200) throw new Error(`the secret cannot be set: ${set.body}`);

  const children: ChildProcess[] = [];
  stack.defer(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  const start: DemoWorld['start'] = (words, options = {}) => {
    const separator = words.indexOf('--');
    const own = separator < 0 ? words : words.slice(0, separator);
    const rest = separator < 0 ? [] : words.slice(separator);
    const asUser = options.user ?? user;
    const spawnOptions: SpawnOptions = {
      stdio: 'pipe',
      cwd: options.cwd ?? os.tmpdir(),
      env: { ...domestic(), ...options.environment },
      ...asUser,
    };
    const command = [program, ...own, '--data', innate.data, ...rest];
    const child = spawn(process.execPath, command, spawnOptions);
    children.push(child);
    return follow(child, options.input);
  };

  const parts = stack.move();
  return {
    innate,
    operator,
    vm1,
    vm2,
    greeting,
    start,
    run: (words, options) => start(words, options).outcome,
    runAsOperator(command) {
      const { tenantId, subscriptionId, operator } = innate.ready;
      const environment = {
        AZURE_TENANT_ID: tenantId,
        AZURE_SUBSCRIPTION_ID: subscriptionId,
        AZURE_CLIENT_ID: operator.clientId,
        AZURE_CLIENT_SECRET: operator.clientSecret,
      };
      return start(['run', vm1.id, '--mode', 'environment', '--', ...command], { environment }).outcome;
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** This process's environment without what is foreign to a test. */
export function domestic(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return Object.fromEntries(own.map(([name, value]) => [name, value ?? '']));
}

export function follow(child: ChildProcess, input = ''): Started {
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout?.on('data', (text) => {
    stdout += text;
    for (const look of waiting) look();
  });
  child.stderr?.on('data', (text) => (stderr += text));
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const outcome = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    process: child,
    outcome,
    async says(text) {
      const said = new Promise<void>((resolve) => {
        const look = () => {
          if (stdout.includes(text)) resolve();
        };
        waiting.add(look);
        look();
      });
      const ended = outcome.then(({ code }) =>
        stdout.includes(text)
          ? undefined
          : Promise.reject(new Error(`ended with ${code}: ${stdout}${stderr}`)),
      );
      await Promise.race([said, ended]);
      return stdout;
    },
  };
}

/** What a program that ends well prints: what became of each thing that it tried, as JSON. */
export async function programOutcomes(
  [file = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<unknown> {
  const { code, stdout, stderr } = await follow(spawn(file, args, { stdio: 'pipe', env: environment }))
    .outcome;
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

export const exampleProgram = path.resolve(
  import.meta.dirname,
  '../../examples/read-a-secret/read-a-secret.mjs',
);
