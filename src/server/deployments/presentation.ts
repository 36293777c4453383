import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import type { ResourceInstance } from '../templates/resource-instance.ts';
import type { Deployment, ShownDeployment } from './deployment.ts';
import type { Step } from './step-store.ts';

/** `PT7.366S`: hours and minutes only where there are some. */
export function duration(milliseconds: number): string {
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000);
  const seconds = (milliseconds % 60_000) / 1000;
  return `PT${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${seconds}S`;
}

/** A deployment as its GET answers it. */
export function presentDeployment(deployment: Deployment): JsonObject {
  const { deploymentId: id, name, mode, state, startedAt, changedAt, shown } = deployment;
  return envelope(
    { id, name, shown },
    {
      mode,
      provisioningState: state,
      timestamp: new Date(changedAt).toISOString(),
      duration: duration(changedAt - startedAt),
    },
  );
}

/** What `validate` answers: a deployment that was never begun. */
export function presentValidated(
  validated: Pick<Deployment, 'deploymentId' | 'name' | 'mode' | 'shown'>,
  resources: readonly string[],
): JsonObject {
  const { deploymentId: id, name, mode, shown } = validated;
  return envelope(
    { id, name, shown },
    {
      mode,
      provisioningState: 'Succeeded',
      timestamp: '0001-01-01T00:00:00Z',
      duration: 'PT0S',
      validatedResources: resources.map((resource) => ({ id: resource })),
    },
  );
}

function envelope(
  { id, name, shown }: { readonly id: string; readonly name: string; readonly shown: ShownDeployment },
  state: JsonObject,
): JsonObject {
  const { location, tags, outputs, outputResources, error, debugSetting } = shown;
  return {
    id,
    name,
    type: 'Microsoft.Resources/deployments',
    ...(location === undefined ? {} : { location }),
    ...(tags === undefined ? {} : { tags }),
    properties: {
      templateHash: shown.templateHash,
      parameters: shown.parameters,
      ...state,
      correlationId: shown.correlationId,
      providers: shown.providers,
      dependencies: shown.dependencies,
      ...(debugSetting === undefined ? {} : { debugSetting }),
      ...(outputs === undefined ? {} : { outputs }),
      ...(outputResources === undefined
        ? {}
        : { outputResources: outputResources.map((one) => ({ id: one })) }),
      ...(error === undefined ? {} : { error: error as unknown as JsonObject }),
    },
  };
}

/** `providers`: the types that a template has, in its order, with the locations of their resources. */
export function shownProviders(instances: readonly ResourceInstance[]): JsonValue {
  const namespaces = new Map<string, Map<string, Set<string | null>>>();
  for (const { type, location } of instances) {
    const slash = type.indexOf('/');
    const [namespace, below] = [type.slice(0, slash), type.slice(slash + 1)];
    const types = namespaces.get(namespace) ?? new Map<string, Set<string | null>>();
    namespaces.set(namespace, types);
    const locations = types.get(below) ?? new Set();
    types.set(below, locations.add(location?.toLowerCase().replaceAll(' ', '') ?? null));
  }
  return [...namespaces].map(([namespace, types]) => ({
    namespace,
    resourceTypes: [...types].map(([resourceType, locations]) => ({
      resourceType,
      locations: [...locations],
    })),
  }));
}

/** Dependencies that are shown at most: loops that wait for loops have the product of both. */
const maxShown = 10_000;

/** `dependencies`: what each resource waits for. */
export function shownDependencies(instances: readonly ResourceInstance[]): JsonValue {
  let left = maxShown;
  return instances
    .filter(({ dependencies, condition }) => condition && dependencies.length > 0)
    .flatMap(({ id, type, name, dependencies }) => {
      const shown = dependencies.slice(0, left);
      left -= shown.length;
      if (shown.length === 0) return [];
      const dependsOn = shown.map(({ key: _, ...dependency }) => ({ ...dependency }));
      return [{ dependsOn, id, resourceType: type, resourceName: name }];
    });
}

/** An item of a deployment's operations. */
export function presentStep(deployment: Pick<Deployment, 'deploymentId'>, step: Step): JsonObject {
  const { stepId, operation, state, startedAt, changedAt, trackingId, statusCode, error, target } = step;
  return {
    id: `${deployment.deploymentId}/operations/${stepId}`,
    operationId: stepId,
    properties: {
      provisioningOperation: operation,
      provisioningState: state,
      timestamp: new Date(changedAt).toISOString(),
      duration: duration(changedAt - startedAt),
      trackingId,
      ...(statusCode === undefined ? {} : { statusCode }),
      ...(error === undefined ? {} : { statusMessage: { error: error as unknown as JsonObject } }),
      ...(target === undefined ? {} : { targetResource: { ...target } }),
    },
  };
}

/**
 * The names of outputs are shown in camel case, whatever the template writes: `NewNSG` as `newNSG`, `URL` as `url`.
 */
export function outputName(name: string): string {
  const isUpper = (character: string | undefined) => character !== undefined && /[A-Z]/.test(character);
  const characters = [...name];
  for (const [at, character] of characters.entries()) {
    if (!isUpper(character)) break;
    if (at > 0 && at + 1 < characters.length && !isUpper(name[at + 1])) break;
    characters[at] = character.toLowerCase();
  }
  return characters.join('');
}
