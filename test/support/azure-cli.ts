import assert from 'node:assert/strict';
import path from 'node:path';
import { preparedClient } from './client-packages.ts';
import { type DemoWorld, demoWorld, type Outcome, type Started } from './demo-world.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

/** `az`, installed as its users do, beside a deployment. */
export interface AzureCli extends AsyncDisposable {
  readonly world: DemoWorld;
  /** Where it puts the keys that it makes. */
  readonly folder: TemporaryFolder;
  /**
   * `az` on a machine.
   *
   * @param session what it remembers between two calls is kept apart by it
   * @param mode how `innate run` puts it there
   */
  start(
    session: string,
    machine: string,
    mode: string,
    words: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Started;
  run(session: string, machine: string, mode: string, ...words: string[]): Promise<Outcome>;
  /**
   * `az` of a session on a machine, `vm1` unless told, by environment variables; what it answers, and a failed test
   * where it refuses.
   */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  as(session: string, machine?: string): (...words: string[]) => Promise<any>;
  /** The same, signed in as the deployment's operator. */
  asOperator(): Promise<ReturnType<AzureCli['as']>>;
}

export async function azureCli(): Promise<AzureCli> {
  const prepared = await preparedClient(
    'azure-cli',
    ['python3', '--version'],
    [
      ['python3', '-m', 'venv', 'packages'],
      ['packages/bin/pip', 'install', '--quiet', '--no-deps', '--no-compile', '-r', 'requirements.txt'],
    ],
  );
  const program = path.join(prepared, 'packages/bin/az');
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const world = stack.use(await demoWorld());
  const start: AzureCli['start'] = (session, machine, mode, words, more) => {
    const environment = {
      AZURE_CONFIG_DIR: folder.file(session),
      AZURE_CORE_COLLECT_TELEMETRY: 'false',
      HOME: folder.path,
      ...more,
    };
    return world.start(['run', machine, '--mode', mode, '--', program, ...words], { environment });
  };
  const run: AzureCli['run'] = (session, machine, mode, ...words) =>
    start(session, machine, mode, words).outcome;
  const as: AzureCli['as'] =
    (session, machine = 'vm1') =>
    async (...words) => {
      const { code, stdout, stderr } = await run(session, machine, 'environment', ...words);
      assert.equal(code, 0, `az ${words.slice(0, 3).join(' ')}: ${stderr}`);
      return stdout === '' ? undefined : JSON.parse(stdout);
    };
  const parts = stack.move();
  return {
    ...{ world, folder, start, run, as },
    async asOperator() {
      const operator = as('operator');
      const { clientId, clientSecret } = world.innate.ready.operator;
      await operator(
        ...['login', '--service-principal', '--tenant', world.innate.ready.tenantId],
        ...['--username', clientId, '--password', clientSecret],
      );
      return operator;
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
