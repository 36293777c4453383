import type { ArmErrorBody, JsonObject, JsonValue } from '../../contract/arm.ts';
import { parseScope, resourceType } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { armErrorBody } from '../http/dialects/arm.ts';
import { newestVersion } from './complete-mode.ts';
import { settable } from './delta.ts';
import type { KnownType } from './facts.ts';
import { type Ask, urlOf } from './resource-write.ts';

/** What is asked of an export (`spec/resource-manager.md` a.11). */
export interface ExportOptions {
  /** Names of resources as parameters of the template. */
  readonly parameterizesNames: boolean;
  /** Parameters have the values of now as their defaults. */
  readonly hasDefaults: boolean;
  readonly hasComments: boolean;
}

export interface ExportedTemplate {
  readonly template: JsonObject;
  /** What could not be read, and so is not in the template. */
  readonly errors: readonly ArmErrorBody[];
}

/** One resource, and how expressions speak of it. */
interface Exported {
  readonly id: string;
  readonly type: string;
  readonly apiVersion: string;
  readonly state: JsonObject;
  /** The expression for each segment of its name. */
  readonly names: readonly string[];
}

/**
 * A template that makes these resources again. Each is read with the caller's rights, as a GET shows it, so that nothing
 * is in the template that its reader may not see; ids of each other become expressions.
 *
 * @param ids of resources in one group, as displayed, what lies in another after it
 */
export async function exportResources(
  ask: Ask,
  types: readonly KnownType[],
  ids: readonly string[],
  options: ExportOptions,
): Promise<ExportedTemplate> {
  const parameters = new Map<string, string>();
  const exported: Exported[] = [];
  const errors: ArmErrorBody[] = [];
  for (const id of ids) {
    const scope = parseScope(id);
    if (scope.kind !== 'resource') throw new TypeError(`'${id}' is no resource`);
    const type = resourceType(scope);
    const apiVersion = newestVersion(types, type);
    if (apiVersion === undefined || scope.parent.kind !== 'resourceGroup') {
      errors.push({
        code: 'ExportTemplateProviderError',
        message: `'${type}' cannot be exported.`,
        target: id,
      });
      continue;
    }
    try {
      const { body } = await ask({ method: 'GET', url: urlOf(id, apiVersion) });
      const state = JSON.parse(JSON.stringify(body)) as JsonObject;
      const names = scope.names.map((name, index) =>
        nameExpression(parameters, options, scope.types.slice(0, index + 1), name),
      );
      exported.push({ id, type: String(state['type'] ?? type), apiVersion, state, names });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      errors.push({ ...armErrorBody(error), target: id });
    }
  }
  const references = new Map(exported.map((each) => [each.id.toLowerCase(), referenceTo(each)]));
  return {
    template: {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      parameters: Object.fromEntries(
        [...parameters].map(([name, value]) => [
          name,
          { type: 'String', ...(options.hasDefaults ? { defaultValue: escaped(value) } : {}) },
        ]),
      ),
      variables: {},
      resources: exported.map((each) => resourceOf(each, references, options)),
    },
    errors,
  };
}

/** `parameters('virtualMachines_vm1_name')`, or the name itself, as an expression without its brackets. */
function nameExpression(
  parameters: Map<string, string>,
  { parameterizesNames }: ExportOptions,
  types: readonly string[],
  name: string,
): string {
  if (!parameterizesNames || types.length > 1) return literal(name);
  const wanted = `${types.join('_')}_${name.replace(/[^A-Za-z0-9_]/g, '_')}_name`;
  let parameter = wanted;
  // two names may differ only in what a parameter cannot be called
  for (let count = 1; parameters.has(parameter) && parameters.get(parameter) !== name; count += 1) {
    parameter = `${wanted}_${count}`;
  }
  parameters.set(parameter, name);
  return `parameters('${parameter}')`;
}

function referenceTo({ type, names }: Pick<Exported, 'type' | 'names'>): string {
  return `resourceId(${[literal(type), ...names].join(', ')})`;
}

function resourceOf(
  exported: Exported,
  references: ReadonlyMap<string, string>,
  { hasComments }: ExportOptions,
): JsonObject {
  const { id, type, apiVersion, state, names } = exported;
  const dependsOn = new Set<string>();
  const others = new Map([...references].filter(([other]) => other !== id.toLowerCase()));
  const parent = others.get(id.split('/').slice(0, -2).join('/').toLowerCase());
  if (parent !== undefined) dependsOn.add(`[${parent}]`);
  const { id: _id, name: _name, type: _type, ...settableState } = settable(state);
  const members = expressed(settableState, others, dependsOn) as JsonObject;
  return {
    ...(hasComments ? { comments: `Generalized from resource: '${id}'.` } : {}),
    type,
    apiVersion,
    name: nameOf(names),
    ...members,
    ...(dependsOn.size === 0 ? {} : { dependsOn: [...dependsOn] }),
  };
}

/** The name of a resource of a template: its own, behind those of what it lies in. */
function nameOf(names: readonly string[]): string {
  const [only] = names;
  if (names.length > 1) {
    const parts = names.flatMap((name, index) => (index === 0 ? [name] : [literal('/'), name]));
    return `[concat(${parts.join(', ')})]`;
  }
  const isLiteral = only?.startsWith("'") === true;
  return isLiteral ? escaped(only.slice(1, -1).replaceAll("''", "'")) : `[${only}]`;
}

/** A value with the ids of other resources as expressions; what was read is text, whatever it begins with. */
function expressed(
  value: JsonValue,
  references: ReadonlyMap<string, string>,
  dependsOn: Set<string>,
): JsonValue {
  const text = (written: string): string => {
    const reference = references.get(written.toLowerCase());
    if (reference === undefined) return escaped(written);
    dependsOn.add(`[${reference}]`);
    return `[${reference}]`;
  };
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((item) => expressed(item, references, dependsOn));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, inside]) => [
      references.has(name.toLowerCase()) ? text(name) : name,
      expressed(inside, references, dependsOn),
    ]),
  );
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A text that stands in brackets like an expression is none with the first one twice. */
function escaped(text: string): string {
  return text.startsWith('[') && text.endsWith(']') ? `[${text}` : text;
}
