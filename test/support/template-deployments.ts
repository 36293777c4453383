import { jsonObjectSchema } from '../../src/contract/arm.ts';
import type {
  Operation,
  OperationContext,
  ResourceType,
} from '../../src/server/resource-manager/provider.ts';
import type { Database } from '../../src/server/storage/database.ts';
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

export interface DeploymentWorldOptions {
  readonly database?: Database;
  /** Done when a resource of the type `Contoso.Gates/gates` is written, before the answer. */
  readonly atGate?: (name: string, context: OperationContext) => Promise<void>;
}

export async function deploymentWorld(options: DeploymentWorldOptions = {}): Promise<DeploymentWorld> {
  await using parts = new AsyncDisposableStack();
  const { database, atGate } = options;
  const management = parts.use(
    await testManagement({
      ...(database === undefined ? {} : { database }),
      types: () => [gates(atGate ?? (async () => {}))],
    }),
  );
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

export const version = 'api-version=2022-09-01';

/** A template for a group. */
export function template(resources: unknown, more: object = {}): Record<string, unknown> {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    ...more,
    resources,
  };
}

export function subscriptionTemplate(resources: unknown, more: object = {}): Record<string, unknown> {
  return {
    ...template(resources, more),
    $schema: 'https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#',
  };
}

/** A user-assigned identity as a template writes it. */
export function identityResource(name: string, more: object = {}): object {
  return {
    type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
    apiVersion: '2023-01-31',
    name,
    location: '[resourceGroup().location]',
    ...more,
  };
}

/** A resource that is written when the test lets it. */
export function gateResource(name: string, more: object = {}): object {
  return { type: 'Contoso.Gates/gates', apiVersion: '2020-01-01', name, ...more };
}

function gates(atGate: (name: string, context: OperationContext) => Promise<void>): ResourceType {
  return {
    namespace: 'Contoso.Gates',
    type: 'gates',
    apiVersions: ['2020-01-01'],
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'PUT',
        path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Contoso.Gates/gates/{name}',
        action: 'Contoso.Gates/gates/write',
        body: jsonObjectSchema,
        async run(context: OperationContext<unknown>) {
          await atGate(context.parameters['name'] ?? '', context as OperationContext);
          return { status: 200, body: { id: context.path, properties: {} } };
        },
      } as Operation,
    ],
  };
}
