import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import { dependenciesOf } from './dependencies.ts';
import { settleDependencies } from './dependency-graph.ts';
import { evaluate } from './evaluation.ts';
import type { EvaluationScope } from './evaluation-scope.ts';
import { Instances } from './instances.ts';
import { isArray, member, typeName } from './json-value.ts';
import type { PlacedInstance } from './placed-instance.ts';
import { copyCount, scopeInRounds } from './property-copy.ts';
import type { LoopRound, ResourceInstance } from './resource-instance.ts';
import { childName, childType, optionalText, placeOf } from './resource-place.ts';
import type { ResourceDefinition, Template } from './template-document.ts';
import { type Place, TemplateError, validationFailed } from './template-error.ts';

/** Azure's own bound on what one template deploys. */
const maxInstances = 800;
const maxDepth = 16;

export interface Expansion {
  /** In the template's order; a resource's loops one after the other. */
  readonly instances: readonly ResourceInstance[];
  /**
   * The instance that `reference()` and its like mean: by symbol (`vm`, `vm[0]`), by id, or by a name that only one
   * resource has.
   */
  find(idOrSymbol: string): ResourceInstance | undefined;
  /** All instances of a loop by symbol or name of the loop, in order; of a single resource that one. */
  all(symbolOrLoop: string): readonly ResourceInstance[];
  readonly byKey: ReadonlyMap<string, ResourceInstance>;
}

/**
 * Makes the flat list of resources of a template: loops unrolled, conditions decided, ids, scopes and dependencies
 * known. Bodies stay unevaluated, since they may ask for the state of resources.
 *
 * @param scope one that knows of no run-time state
 * @throws TemplateError
 */
export async function expandTemplate(template: Template, scope: EvaluationScope): Promise<Expansion> {
  const placed: PlacedInstance[] = [];
  const loops = new Set<string>();
  const expander = new Expander(scope, placed, loops);
  for (const definition of template.resources) await expander.resource(definition, undefined, [], 0);
  const instances = new Instances(placed, loops, template.languageVersion === '2.0');
  const settled = settleDependencies(
    instances.list,
    new Map(
      await Promise.all(
        instances.list.map(
          async (instance) => [instance.key, await dependenciesOf(instance, instances, scope)] as const,
        ),
      ),
    ),
  );
  const byKey = new Map(settled.map((instance) => [instance.key, instance]));
  const own = (instance: PlacedInstance | undefined) =>
    instance === undefined ? undefined : byKey.get(instance.key);
  return {
    instances: settled,
    byKey,
    find: (idOrSymbol) => own(instances.find(idOrSymbol)),
    all: (symbolOrLoop) => instances.all(symbolOrLoop).flatMap((instance) => own(instance) ?? []),
  };
}

class Expander {
  readonly #scope: EvaluationScope;
  readonly #placed: PlacedInstance[];
  readonly #loops: Set<string>;

  constructor(scope: EvaluationScope, placed: PlacedInstance[], loops: Set<string>) {
    this.#scope = scope;
    this.#placed = placed;
    this.#loops = loops;
  }

  async resource(
    definition: ResourceDefinition,
    parent: PlacedInstance | undefined,
    rounds: readonly LoopRound[],
    depth: number,
  ): Promise<void> {
    if (depth > maxDepth) throw validationFailed(`Resources are nested deeper than '${maxDepth}' levels`);
    const name = member(definition.body, 'name');
    await worded(typeof name === 'string' ? name : (definition.symbol ?? ''), definition.place, async () => {
      const loop = await this.#loop(definition.body, rounds);
      if (loop === undefined) {
        await this.#instance(definition, parent, rounds, undefined, depth);
        return;
      }
      this.#loops.add(loop.name.toLowerCase());
      if (definition.symbol !== undefined) this.#loops.add(definition.symbol.toLowerCase());
      for (let index = 0; index < loop.count; index += 1) {
        const copy = { loop: loop.name, index, mode: loop.mode, batchSize: loop.batchSize };
        await this.#instance(definition, parent, [...rounds, { loop: loop.name, index }], copy, depth);
      }
    });
  }

  async #loop(body: JsonObject, rounds: readonly LoopRound[]) {
    const copy = member(body, 'copy');
    if (copy === undefined || copy === null) return undefined;
    const name = isJsonObject(copy) ? member(copy, 'name') : undefined;
    const count = isJsonObject(copy) ? member(copy, 'count') : undefined;
    if (!isJsonObject(copy) || typeof name !== 'string' || count === undefined) {
      throw new TemplateError(
        "The 'copy' of a resource is expected to have a 'name' and a 'count'. Please see https://aka.ms/arm-copy for usage details.",
      );
    }
    const mode = member(copy, 'mode') ?? 'Parallel';
    const word = typeof mode === 'string' ? mode.toLowerCase() : '';
    if (word !== 'parallel' && word !== 'serial') {
      throw new TemplateError(`The 'mode' of the copy '${name}' is expected to be 'Parallel' or 'Serial'.`);
    }
    const scope = scopeInRounds(this.#scope, rounds);
    const batchSize = await evaluate(member(copy, 'batchSize') ?? 1, scope);
    if (typeof batchSize !== 'number' || !Number.isInteger(batchSize) || batchSize < 1) {
      throw new TemplateError(`The 'batchSize' of the copy '${name}' is expected to be a positive integer.`);
    }
    return { name, count: await copyCount(count, scope, name), mode: word, batchSize } as const;
  }

  async #instance(
    definition: ResourceDefinition,
    parent: PlacedInstance | undefined,
    rounds: readonly LoopRound[],
    copy: ResourceInstance['copy'],
    depth: number,
  ): Promise<void> {
    if (this.#placed.length >= maxInstances) {
      throw validationFailed(
        `The number of template resources limit exceeded. Limit: '${maxInstances}'. Please see https://aka.ms/arm-template for usage details`,
      );
    }
    const scope = scopeInRounds(this.#scope, rounds);
    const { body } = definition;
    const head = await this.#head(body, scope);
    const relativeType = requiredText(head, 'type');
    const type = childType(parent?.type, relativeType);
    const name = childName(parent, relativeType, requiredText(head, 'name'));
    const { scope: place, id } = placeOf(
      {
        type,
        name,
        // the scope of a parent that has one of its own holds for its children
        scope: optionalText(head, 'scope') ?? (hasOwnScope(parent) ? parent?.scope : undefined),
        subscriptionId: optionalText(head, 'subscriptionId'),
        resourceGroup: optionalText(head, 'resourceGroup'),
      },
      scope.facts,
    );
    const { symbol } = definition;
    const instance: PlacedInstance = {
      key: symbol === undefined ? id.toLowerCase() : copy === undefined ? symbol : `${symbol}[${copy.index}]`,
      symbol,
      id,
      scope: place,
      type,
      name,
      apiVersion: requiredText(head, 'apiVersion'),
      location: optionalText(head, 'location'),
      existing: member(body, 'existing') === true,
      condition: await conditionOf(body, scope),
      onlyIfNotExists: onlyIfNotExists(body),
      copy,
      rounds,
      place: definition.place,
      nested: nestedKind(type, body),
      definition: body,
      dependsOnEntries: await dependsOnEntries(body, scope),
    };
    this.#placed.push(instance);
    const children = member(body, 'resources');
    if (children === undefined || children === null) return;
    for (const child of childDefinitions(children)) await this.resource(child, instance, rounds, depth + 1);
  }

  /** The members that are known before anything runs. */
  async #head(body: JsonObject, scope: EvaluationScope): Promise<JsonObject> {
    const names = ['type', 'name', 'apiVersion', 'scope', 'subscriptionId', 'resourceGroup', 'location'];
    const found: [string, JsonValue][] = [];
    for (const name of names) {
      const value = member(body, name);
      if (value !== undefined) found.push([name, await evaluate(value, scope)]);
    }
    return Object.fromEntries(found);
  }
}

function hasOwnScope(parent: PlacedInstance | undefined): boolean {
  if (parent === undefined) return false;
  return ['scope', 'subscriptionId', 'resourceGroup'].some(
    (name) => member(parent.definition, name) !== undefined,
  );
}

/** Failures name the resource they are of. */
async function worded(name: string, place: Place | undefined, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (
      !(error instanceof TemplateError) ||
      error.message.startsWith('Deployment template validation failed')
    ) {
      throw error;
    }
    const { line, column } = place ?? { line: 1, column: 1 };
    throw validationFailed(
      `The template resource '${name.slice(0, 200)}' at line '${line}' and column '${column}' is not valid: ${error.message}`,
      {
        additionalInfo: [
          { type: 'TemplateViolation', info: { lineNumber: line, linePosition: column, path: '' } },
        ],
      },
    );
  }
}

function requiredText(head: JsonObject, name: string): string {
  const text = optionalText(head, name);
  if (text === undefined || text === '') throw new TemplateError(`The '${name}' property is not specified.`);
  return text;
}

function onlyIfNotExists(body: JsonObject): boolean {
  const options = member(body, '@options');
  return isJsonObject(options) && member(options, 'onlyIfNotExists') === true;
}

async function conditionOf(body: JsonObject, scope: EvaluationScope): Promise<boolean> {
  const condition = member(body, 'condition');
  if (condition === undefined || condition === null) return true;
  const value = await evaluate(condition, scope);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  throw new TemplateError(`The 'condition' is expected to be a boolean and is of type '${typeName(value)}'.`);
}

async function dependsOnEntries(body: JsonObject, scope: EvaluationScope): Promise<readonly string[]> {
  const entries = await evaluate(member(body, 'dependsOn') ?? [], scope);
  if (!isArray(entries)) throw new TemplateError("The 'dependsOn' property is expected to be an array.");
  return entries.map((entry) => {
    if (typeof entry === 'string') return entry;
    throw new TemplateError("The elements of the 'dependsOn' property are expected to be strings.");
  });
}

function nestedKind(type: string, body: JsonObject): ResourceInstance['nested'] {
  if (type.toLowerCase() !== 'microsoft.resources/deployments') return undefined;
  const properties = member(body, 'properties');
  if (!isJsonObject(properties)) return undefined;
  if (member(properties, 'template') === undefined) return 'linked';
  const options = member(properties, 'expressionEvaluationOptions');
  const scope = isJsonObject(options) ? member(options, 'scope') : undefined;
  return typeof scope === 'string' && scope.toLowerCase() === 'inner' ? 'inner' : 'outer';
}

function childDefinitions(children: JsonValue): readonly ResourceDefinition[] {
  const entries: readonly [string | undefined, JsonValue][] = isArray(children)
    ? children.map((child) => [undefined, child])
    : isJsonObject(children)
      ? Object.entries(children)
      : [];
  return entries.map(([symbol, body]) => {
    if (!isJsonObject(body)) throw new TemplateError('A child resource is expected to be an object.');
    return { symbol, body, place: undefined };
  });
}
