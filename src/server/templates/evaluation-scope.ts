import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import type { EvaluationBudget } from './evaluation-budget.ts';

/**
 * What a deployment knows before anything of it is made. Members that the deployment's own scope does not have are
 * `undefined`: `resourceGroup()` in a deployment at a subscription is an error of the template.
 */
export interface DeploymentFacts {
  /** `{id, subscriptionId, tenantId, displayName, …}` */
  readonly subscription: JsonObject | undefined;
  /** `{id, name, type, location, tags, properties}`; `id` in the stored spelling, since `uniqueString` tells case apart. */
  readonly resourceGroup: JsonObject | undefined;
  /** `{id, name, type, properties}` */
  readonly managementGroup: JsonObject | undefined;
  readonly tenant: JsonObject;
  /** `{name, location?, properties: {template, parameters, mode, provisioningState, …}}` */
  readonly deployment: JsonObject;
  /** The endpoints of this cloud, never Azure's own. */
  readonly environment: JsonObject;
  /** `{objectId, tenantId, userPrincipalName}` of whoever deploys. */
  readonly deployer: JsonObject;
  /** `{resourceType, locations, apiVersions}` of a type, or the provider where none is asked for; `undefined` where unknown. */
  providers(namespace: string, type: string | undefined): JsonValue | undefined;
}

/** A user-defined function: it sees its own parameters and nothing else of the template. */
export interface UserFunction {
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
  readonly output: JsonValue;
}

/** Where values of the names in an expression come from. Names compare without regard to case. */
export interface EvaluationScope {
  /** @throws TemplateError where there is none */
  parameter(name: string): Promise<JsonValue>;
  variable(name: string): Promise<JsonValue>;
  /** The iteration of the named loop, or of the innermost one; already moved by `offset`. */
  copyIndex(loop: string | undefined, offset: number): number;
  /** The run-time state of a resource: its `properties`, or with `full` the whole. */
  reference(idOrSymbol: string, apiVersion: string | undefined, full: boolean): Promise<JsonValue>;
  /** A POST action of a resource: `listKeys` and its like, named as the template spells it. */
  list(functionName: string, id: string, apiVersion: string, body: JsonValue | undefined): Promise<JsonValue>;
  /** Every instance of a loop, in order (`references('loop')`). Absent where nothing runs yet. */
  references?(symbol: string, full: boolean): Promise<JsonValue>;
  /** `{id, name, type, apiVersion}` of a resource of the template by its symbol (`resourceInfo('symbol')`). */
  resourceInfo?(symbol: string): Promise<JsonValue>;
  readonly facts: DeploymentFacts;
  /** By `namespace.name` in lower case. */
  readonly userFunctions: ReadonlyMap<string, UserFunction>;
  /** Only where a parameter's default is evaluated; elsewhere the functions are errors. */
  readonly newGuid?: () => string;
  /** Milliseconds since the epoch; only where a parameter's default is evaluated. */
  readonly utcNow?: () => number;
  /** Shared by what belongs to one deployment; without one each evaluation has its own. */
  readonly budget?: EvaluationBudget;
}

/** A scope that differs in some of its members; the rest is asked of the one it comes from. */
export function derivedScope(scope: EvaluationScope, changes: Partial<EvaluationScope>): EvaluationScope {
  const { references, resourceInfo, newGuid, utcNow, budget } = scope;
  return {
    parameter: (name) => scope.parameter(name),
    variable: (name) => scope.variable(name),
    copyIndex: (loop, offset) => scope.copyIndex(loop, offset),
    reference: (id, apiVersion, full) => scope.reference(id, apiVersion, full),
    list: (name, id, apiVersion, body) => scope.list(name, id, apiVersion, body),
    facts: scope.facts,
    userFunctions: scope.userFunctions,
    ...(references === undefined ? {} : { references: references.bind(scope) }),
    ...(resourceInfo === undefined ? {} : { resourceInfo: resourceInfo.bind(scope) }),
    ...(newGuid === undefined ? {} : { newGuid }),
    ...(utcNow === undefined ? {} : { utcNow }),
    ...(budget === undefined ? {} : { budget }),
    ...changes,
  };
}
