import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import type { EvaluationScope } from '../templates/evaluation-scope.ts';
import { evaluateProperties, scopeInRounds } from '../templates/property-copy.ts';
import { evaluateResource } from '../templates/resource-body.ts';
import type { ResourceInstance } from '../templates/resource-instance.ts';
import { NotYetKnown } from './resource-states.ts';

/** A body as far as it is known before anything runs. */
export interface EarlyBody {
  readonly body: JsonObject;
  /** Expressions that stand in it as they are written, since their values are known only later. */
  readonly unknown: ReadonlySet<string>;
}

/** Evaluates an instance's body as far as that goes. @throws TemplateError */
export async function earlyBody(instance: ResourceInstance, scope: EvaluationScope): Promise<EarlyBody> {
  try {
    return { body: await evaluateResource(instance, scope), unknown: new Set() };
  } catch (error) {
    if (!(error instanceof NotYetKnown)) throw error;
  }
  const unknown = new Set<string>();
  const inner = scopeInRounds(scope, instance.rounds);
  const body: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(instance.definition)) {
    // the whole of it, for one member at a time: the template's own members are left out there
    const alone = { ...instance, definition: { [name]: value } };
    try {
      body.push(...Object.entries(await evaluateResource(alone, scope)));
    } catch (error) {
      if (!(error instanceof NotYetKnown)) throw error;
      body.push([name, await asFarAsKnown(value, inner, unknown)]);
    }
  }
  return { body: Object.fromEntries(body), unknown };
}

async function asFarAsKnown(
  value: JsonValue,
  scope: EvaluationScope,
  unknown: Set<string>,
): Promise<JsonValue> {
  try {
    return await evaluateProperties(value, scope);
  } catch (error) {
    if (!(error instanceof NotYetKnown)) throw error;
  }
  if (typeof value === 'string') {
    unknown.add(value);
    return value;
  }
  if (Array.isArray(value)) {
    const elements: JsonValue[] = [];
    for (const element of value) elements.push(await asFarAsKnown(element, scope, unknown));
    return elements;
  }
  const members: [string, JsonValue][] = [];
  for (const [name, inside] of Object.entries(value as JsonObject)) {
    members.push([name, await asFarAsKnown(inside, scope, unknown)]);
  }
  return Object.fromEntries(members);
}
