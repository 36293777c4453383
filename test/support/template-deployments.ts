import type { TestPrincipal } from './management.ts';
import { type Ask, type Body, type Reply, type TestManagement, testManagement } from './management.ts';

/** A resource group to deploy to. */
export interface DeploymentWorld extends AsyncDisposable {
  readonly management: TestManagement;
  /** Id of the group. */
  readonly group: string;
  get(id: string, apiVersion?: string, as?: TestPrincipal): Promise<Reply>;
  ask(method: string, pathAndQuery: string, ask?: Ask): Promise<Reply>;
  /** Deploys to a scope (the group unless told) and waits until that is over. */
  deploy(
    name: string,
    properties: object,
    options?: {
      readonly scope?: string;
      readonly as?: TestPrincipal;
      readonly location?: string;
    },
  ): Promise<{
    /** The answer to the PUT. */
    readonly reply: Reply;
    /** The deployment afterwards. */
    readonly deployment: Body;
    readonly id: string;
  }>;
}

const version = 'api-version=2022-09-01';

export async function deploymentWorld(): Promise<DeploymentWorld> {
  await using parts = new AsyncDisposableStack();
  const management = parts.use(await testManagement());
  const { owner, subscriptionId } = management.home;
  const group = `/subscriptions/${subscriptionId}/resourceGroups/Deployed`;
  const ask: DeploymentWorld['ask'] = (method, path, { as = owner, ...rest } = {}) =>
    management.ask(method, path, { as, ...rest });
  await ask('PUT', `${group}?${version}`, { body: { location: 'westeurope' } });
  const all = parts.move();
  return {
    management,
    group,
    ask,
    get: (id, apiVersion = '2022-09-01', as = owner) => ask('GET', `${id}?api-version=${apiVersion}`, { as }),
    async deploy(name, properties, { scope = group, as = owner, location } = {}) {
      const id = `${scope}/providers/Microsoft.Resources/deployments/${name}`;
      const body = {
        ...(location === undefined ? {} : { location }),
        properties: { mode: 'Incremental', ...properties },
      };
      const reply = await ask('PUT', `${id}?${version}`, { as, body });
      await management.operations.settled();
      const { body: deployment } = await ask('GET', `${id}?${version}`);
      return { reply, deployment, id };
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
