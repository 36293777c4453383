import type { JsonObject } from '../../../contract/arm.ts';
import { deploymentSchema, templateHashSchema } from '../../../contract/deployments.ts';
import type { Scope } from '../../../contract/resource-id.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { Log } from '../../../foundation/log.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { templateContent } from '../../deployments/deployment-content.ts';
import { cancelDeployment, removeDeployment } from '../../deployments/deployment-end.ts';
import {
  deploymentStatus,
  exportedTemplate,
  getDeployment,
  getStep,
  hasDeployment,
  listOfDeployments,
  listOfSteps,
} from '../../deployments/deployment-reads.ts';
import { type DeploymentContext, Deployments } from '../../deployments/deployments.ts';
import type { KnownType } from '../../deployments/facts.ts';
import type { ReadSecret } from '../../deployments/parameter-secrets.ts';
import { predict } from '../../deployments/what-if.ts';
import type { CallerResumption } from '../../http/bearer.ts';
import type { AsyncOperations } from '../../resource-manager/async-operations.ts';
import type { Dispatch } from '../../resource-manager/inner-request.ts';
import type { Answer, Operation, OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import type { Database } from '../../storage/database.ts';
import type { Sealer } from '../../storage/sealed-column.ts';
import { calculateTemplateHash } from '../../templates/template-hash.ts';
import { resourcesApiVersions } from './api-versions.ts';
import { cloudDocument, type EndpointsOptions } from './endpoints.ts';

export interface DeploymentsOptions extends EndpointsOptions {
  readonly database: Database;
  readonly operations: AsyncOperations;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly sealer: Sealer;
  readonly dispatch: Dispatch;
  /** Who speaks for deployers once their request is over. */
  readonly callers: CallerResumption;
  /** For parameters that refer to secrets of vaults. */
  readonly readSecret: ReadSecret;
}

const action = 'Microsoft.Resources/deployments';

/** Where deployments go to, as the beginning of their paths. */
const places = [
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}',
  '/subscriptions/{subscriptionId}',
  '/providers/Microsoft.Management/managementGroups/{groupId}',
  '',
] as const;

/** Deployments of templates (`spec/resource-manager.md` a.14). */
export function deployments(options: DeploymentsOptions, types: () => readonly KnownType[]): ResourceType {
  const environment = () => JSON.parse(JSON.stringify(cloudDocument(options))) as JsonObject;
  const { database, operations, clock, randomness, log, sealer, dispatch, callers, readSecret } = options;
  const parts = { database, operations, clock, randomness, log, sealer, dispatch, callers, readSecret };
  const engine = new Deployments({ ...parts, environment, types });
  return {
    namespace: 'Microsoft.Resources',
    type: 'deployments',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      ...places.flatMap((place) => operationsAt(place, options, engine)),
      ...stepsBelow(
        '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/deployments/{deploymentName}/operations',
        options,
      ),
      {
        method: 'POST',
        path: '/providers/Microsoft.Resources/calculateTemplateHash',
        action: 'Microsoft.Resources/calculateTemplateHash/action',
        body: templateHashSchema,
        content: templateContent,
        effect: 'read',
        run: async ({ body }: OperationContext<JsonObject>) => ({
          status: 200,
          body: calculateTemplateHash(body),
        }),
      } as Operation,
    ],
  };
}

function operationsAt(place: string, options: DeploymentsOptions, engine: Deployments): readonly Operation[] {
  const all = `${place}/providers/Microsoft.Resources/deployments`;
  const one = `${all}/{deploymentName}`;
  const withTemplate = { body: deploymentSchema, content: templateContent };
  const read = (
    method: 'GET' | 'HEAD' | 'POST',
    path: string,
    right: string,
    answer: (options: DeploymentsOptions, context: OperationContext, scope: Scope) => Promise<Answer>,
  ): Operation => ({
    method,
    path,
    action: right,
    run: (context) => answer(options, context, scopeOf(context)),
  });
  const deploy = (
    method: 'PUT' | 'POST',
    path: string,
    right: string,
    run: (context: DeploymentContext, scope: Scope) => Promise<Answer>,
  ): Operation =>
    ({
      ...withTemplate,
      method,
      path,
      action: right,
      effect: method === 'PUT' ? 'write' : 'read',
      run: (context: DeploymentContext) => run(context, scopeOf(context)),
    }) as Operation;
  return [
    read('GET', all, `${action}/read`, listOfDeployments),
    deploy('PUT', one, `${action}/write`, (context, scope) => engine.begin(context, scope)),
    read('GET', one, `${action}/read`, getDeployment),
    read('HEAD', one, `${action}/read`, hasDeployment),
    {
      method: 'DELETE',
      path: one,
      action: `${action}/delete`,
      whileDeleting: true,
      run: (context) => removeDeployment(options, context, scopeOf(context)),
    },
    deploy('POST', `${one}/validate`, `${action}/validate/action`, (context, scope) =>
      engine.validate(context, scope),
    ),
    deploy('POST', `${one}/whatIf`, `${action}/whatIf/action`, (context, scope) =>
      predict(engine, context, scope),
    ),
    read('POST', `${one}/cancel`, `${action}/cancel/action`, cancelDeployment),
    {
      ...read('POST', `${one}/exportTemplate`, `${action}/exportTemplate/action`, exportedTemplate),
      effect: 'read',
    },
    {
      ...read(
        'GET',
        `${one}/operationStatuses/{operationId}`,
        `${action}/operationstatuses/read`,
        deploymentStatus,
      ),
      allowsOtherwise: (context) => isOwn(options, context),
    },
    ...stepsBelow(`${one}/operations`, options),
  ];
}

function stepsBelow(path: string, options: DeploymentsOptions): readonly Operation[] {
  return [
    {
      method: 'GET',
      path,
      action: `${action}/operations/read`,
      run: (context) => listOfSteps(options, context, scopeOf(context)),
    },
    {
      method: 'GET',
      path: `${path}/{operationId}`,
      action: `${action}/operations/read`,
      run: (context) => getStep(options, context, scopeOf(context)),
    },
  ];
}

/** Who started a deployment may watch it. */
async function isOwn({ operations }: DeploymentsOptions, context: OperationContext<undefined>) {
  const { caller, parameters, subscription } = context;
  if (subscription === undefined) return false;
  const { tenantId, subscriptionId } = subscription;
  const operation = await operations.find(tenantId, subscriptionId, parameters['operationId'] ?? '');
  return operation?.startedBy === caller.principalId;
}

/** What the path deploys to; a group in the spelling that it has. */
function scopeOf({ parameters, group, subscription }: OperationContext<unknown>): Scope {
  if (subscription !== undefined) {
    const { subscriptionId } = subscription;
    return group === undefined
      ? { kind: 'subscription', subscriptionId }
      : { kind: 'resourceGroup', subscriptionId, resourceGroup: group.name };
  }
  const managementGroup = parameters['groupId'];
  return managementGroup === undefined ? { kind: 'tenant' } : { kind: 'managementGroup', managementGroup };
}
