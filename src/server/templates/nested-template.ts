import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import { evaluate } from './evaluation.ts';
import type { EvaluationScope } from './evaluation-scope.ts';
import { escapedText } from './expression.ts';
import { isArray, member } from './json-value.ts';
import { copyCount, evaluateProperties, inLoop, unrolled } from './property-copy.ts';
import { TemplateError } from './template-error.ts';

/**
 * The template of a nested deployment whose expressions belong to the template around it (scope `outer`, the default):
 * everything is evaluated and its loops are unrolled, so that what is left is a template without expressions.
 *
 * @throws TemplateError
 */
export async function evaluatedTemplate(template: JsonValue, scope: EvaluationScope): Promise<JsonValue> {
  if (!isJsonObject(template))
    throw new TemplateError('The template of a nested deployment is expected to be an object.');
  const parts: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(template)) {
    switch (name.toLowerCase()) {
      case 'resources':
        parts.push([name, await resources(value, scope)]);
        break;
      case 'outputs':
        parts.push([name, await outputs(value, scope)]);
        break;
      case 'variables': // those of the template around are meant
      case 'functions':
        break;
      case 'parameters':
        parts.push([name, value]);
        break;
      default:
        parts.push([name, escaped(await evaluate(value, scope))]);
    }
  }
  return Object.fromEntries(parts);
}

async function resources(value: JsonValue, scope: EvaluationScope): Promise<JsonValue> {
  if (!isArray(value)) {
    throw new TemplateError(
      "A nested template with symbolic names needs 'expressionEvaluationOptions' with the scope 'inner'.",
    );
  }
  const made: JsonObject[] = [];
  const loops = new Map<string, string[]>();
  for (const resource of value) {
    if (!isJsonObject(resource)) throw new TemplateError('A resource is expected to be an object.');
    const copy = member(resource, 'copy');
    const name = isJsonObject(copy) ? member(copy, 'name') : undefined;
    if (!isJsonObject(copy) || typeof name !== 'string') {
      made.push(await evaluatedResource(resource, scope));
      continue;
    }
    const count = await copyCount(member(copy, 'count') ?? null, scope, name);
    const rounds: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const round = await evaluatedResource(resource, inLoop(scope, name, index));
      rounds.push(relativeId(round));
      made.push(round);
    }
    loops.set(name.toLowerCase(), rounds);
  }
  return made.map((resource) => withoutLoops(resource, loops));
}

async function evaluatedResource(resource: JsonObject, scope: EvaluationScope): Promise<JsonObject> {
  const members = Object.entries(resource).filter(([name]) => name.toLowerCase() !== 'copy');
  return escaped(await evaluateProperties(Object.fromEntries(members), scope)) as JsonObject;
}

function relativeId(resource: JsonObject): string {
  const [type, name] = ['type', 'name'].map((part) => member(resource, part));
  if (typeof type !== 'string' || typeof name !== 'string') return '';
  const [namespace, ...types] = type.split('/');
  const names = name.split('/');
  return [namespace, ...types.flatMap((segment, at) => [segment, names[at] ?? ''])].join('/');
}

/** The name of a loop in `dependsOn` becomes the names of its rounds. */
function withoutLoops(resource: JsonObject, loops: ReadonlyMap<string, readonly string[]>): JsonObject {
  return Object.fromEntries(
    Object.entries(resource).map(([name, value]) =>
      name.toLowerCase() === 'dependson' && isArray(value)
        ? [
            name,
            value.flatMap((entry) =>
              typeof entry === 'string' ? (loops.get(entry.toLowerCase()) ?? entry) : entry,
            ),
          ]
        : [name, value],
    ),
  );
}

async function outputs(value: JsonValue, scope: EvaluationScope): Promise<JsonValue> {
  if (!isJsonObject(value)) return escaped(await evaluate(value, scope));
  const made: [string, JsonValue][] = [];
  for (const [name, output] of Object.entries(value)) {
    const copy = isJsonObject(output) ? member(output, 'copy') : undefined;
    if (!isJsonObject(output) || !isJsonObject(copy)) {
      made.push([name, escaped(await evaluateProperties(output, scope))]);
      continue;
    }
    const { rest, elements } = await unrolledOutput(name, output, copy, scope);
    made.push([name, { ...(escaped(await evaluate(rest, scope)) as JsonObject), value: escaped(elements) }]);
  }
  return Object.fromEntries(made);
}

async function unrolledOutput(name: string, output: JsonObject, copy: JsonObject, scope: EvaluationScope) {
  const loop = { name, count: member(copy, 'count') ?? null, input: member(copy, 'input') ?? null };
  const rest = Object.fromEntries(Object.entries(output).filter(([key]) => key.toLowerCase() !== 'copy'));
  return { rest, elements: await unrolled(loop, scope, evaluateProperties) };
}

/** Texts that look like expressions are texts: they have been evaluated. */
function escaped(value: JsonValue): JsonValue {
  if (typeof value === 'string') return escapedText(value);
  if (isArray(value)) return value.map(escaped);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [escapedText(name), escaped(inner)]),
  );
}
