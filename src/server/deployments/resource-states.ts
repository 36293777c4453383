import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import { parseScope, ResourceIdError, resourceGroupOf, subscriptionOf } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { Expansion } from '../templates/expand.ts';
import type { ResourceInstance } from '../templates/resource-instance.ts';
import { TemplateError } from '../templates/template-error.ts';
import type { DeploymentRuntime } from '../templates/template-scope.ts';
import { type Ask, urlOf } from './resource-write.ts';

/** The state of a resource that is not made yet is asked for: it is known only when the deployment runs. */
export class NotYetKnown extends DomainError {
  constructor(asked: string) {
    super('conflict', `The state of the resource '${asked.slice(0, 500)}' is known when it has been made.`);
  }
}

/**
 * Answers what expressions ask about resources, by asking the resource manager with the deployer's rights.
 *
 * @param isKnown whether a resource's state can be asked for at this time
 */
export function resourceStates(
  ask: Ask,
  expansion: Expansion,
  isKnown: (instance: ResourceInstance) => boolean = () => true,
): DeploymentRuntime {
  const read = async (instance: ResourceInstance | undefined, asked: string, version: string | undefined) => {
    if (instance?.condition === false && !instance.existing) throw notDeployed(asked);
    if (instance !== undefined && !isKnown(instance)) throw new NotYetKnown(asked);
    const id = instance?.id ?? (asked.startsWith('/') ? asked : undefined);
    const apiVersion = version ?? instance?.apiVersion;
    if (id === undefined) throw notDefined(asked);
    if (apiVersion === undefined) {
      throw new TemplateError(
        `The template function 'reference' asks for the resource '${asked.slice(0, 500)}', which is not defined in the template: an api-version is expected. Please see https://aka.ms/arm-syntax-resources for usage details.`,
      );
    }
    const body = await get(ask, id, apiVersion);
    return { id, apiVersion, body };
  };
  const state = async (
    instance: ResourceInstance | undefined,
    asked: string,
    version: string | undefined,
    full: boolean,
  ): Promise<JsonValue> => {
    const { id, apiVersion, body } = await read(instance, asked, version);
    return full ? whole(id, apiVersion, body, instance) : (body['properties'] ?? {});
  };
  return {
    reference: (asked, version, full) => state(expansion.find(asked), asked, version, full),
    async references(symbol, full) {
      const values: JsonValue[] = [];
      for (const instance of expansion.all(symbol)) {
        values.push(await state(instance, instance.id, undefined, full));
      }
      return values;
    },
    async resourceInfo(symbol) {
      const instance = expansion.find(symbol);
      if (instance === undefined) throw notDefined(symbol);
      const { id, name, type, apiVersion } = instance;
      return { id, name, type, apiVersion };
    },
    async list(name, asked, apiVersion, body) {
      const instance = expansion.find(asked);
      if (instance !== undefined && !isKnown(instance)) throw new NotYetKnown(asked);
      const id = instance?.id ?? (asked.startsWith('/') ? asked : undefined);
      if (id === undefined) throw notDefined(asked);
      const answer = await ask({
        method: 'POST',
        url: urlOf(`${id}/${name}`, apiVersion),
        ...(body === undefined ? {} : { body }),
      });
      return asJson(answer.body);
    },
  };
}

/** Of resources that are not part of the template, what is not there is not known yet. */
async function get(ask: Ask, id: string, apiVersion: string): Promise<JsonObject> {
  const { body } = await ask({ method: 'GET', url: urlOf(id, apiVersion) });
  return asJson(body) as JsonObject;
}

/** Answers are made of what goes to a wire; here they do so without one. */
function asJson(body: unknown): JsonValue {
  return body === undefined ? {} : (JSON.parse(JSON.stringify(body)) as JsonValue);
}

function whole(
  id: string,
  apiVersion: string,
  body: JsonObject,
  instance: ResourceInstance | undefined,
): JsonObject {
  return {
    ...body,
    properties: body['properties'] ?? {},
    apiVersion,
    ...placeOf(id),
    resourceId: id.split('/providers/').at(-1) ?? id,
    referenceApiVersion: apiVersion,
    condition: true,
    isConditionTrue: true,
    isTemplateResource: instance !== undefined,
    isAction: false,
    provisioningOperation: instance === undefined || instance.existing ? 'Read' : 'Create',
  };
}

function placeOf(id: string): JsonObject {
  try {
    const scope = parseScope(id);
    const subscriptionId = subscriptionOf(scope);
    const resourceGroupName = resourceGroupOf(scope);
    return {
      ...(subscriptionId === undefined ? {} : { subscriptionId }),
      ...(resourceGroupName === undefined ? {} : { resourceGroupName }),
      scope: '',
    };
  } catch (error) {
    if (error instanceof ResourceIdError) return {};
    throw error;
  }
}

function notDefined(asked: string): TemplateError {
  return new TemplateError(
    `The resource '${asked.slice(0, 500)}' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.`,
  );
}

function notDeployed(asked: string): TemplateError {
  return new TemplateError(
    `The resource '${asked.slice(0, 500)}' is not deployed by the template, since its condition is false.`,
  );
}

/** Whether a failure says that there is no such thing. */
export function isMissing(error: unknown): boolean {
  return error instanceof DomainError && error.kind === 'not-found';
}
