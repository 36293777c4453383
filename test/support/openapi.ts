import { readFileSync } from 'node:fs';
import path from 'node:path';

type Json = Readonly<Record<string, unknown>>;

/** A schema with the file it stands in, against which its references are read. */
export interface Schema {
  readonly file: string;
  readonly node: Json;
}

/** The schema of a response in an OpenAPI 2 file, by path and method as the file spells them. */
export function responseSchema(
  file: string,
  route: string,
  method: string,
  status: number,
): Schema | undefined {
  const paths = load(file)['paths'] as Record<string, Record<string, { responses: Record<string, Json> }>>;
  const found = Object.keys(paths).find((each) => shapeOf(each) === shapeOf(route));
  const response = found === undefined ? undefined : paths[found]?.[method]?.responses[String(status)];
  const node = response?.['schema'] as Json | undefined;
  return node === undefined ? undefined : { file, node };
}

/** Statuses that the file lists for an operation. */
export function listedStatuses(file: string, route: string, method: string): readonly string[] {
  const paths = load(file)['paths'] as Record<string, Record<string, { responses: Json }>>;
  const found = Object.keys(paths).find((each) => shapeOf(each) === shapeOf(route));
  return found === undefined ? [] : Object.keys(paths[found]?.[method]?.responses ?? {});
}

/**
 * Where an answer is not what a file says of its operation: a status that is not listed, a body of another shape. Of a
 * path that the file does not have, nothing is said.
 */
export function answerViolations(
  file: string,
  answer: { readonly method: string; readonly path: string; readonly status: number; readonly body: unknown },
): readonly string[] {
  const route = routeOf(file, answer.path);
  const method = answer.method.toLowerCase();
  if (route === undefined) return [];
  const listed = listedStatuses(file, route, method);
  if (listed.length === 0) return [];
  const place = `${answer.method} ${route}: ${answer.status}`;
  if (!listed.includes(String(answer.status)) && answer.status < 400) return [`${place} is not listed`];
  const schema = responseSchema(file, route, method, answer.status);
  return schema === undefined || answer.body === undefined ? [] : violations(schema, answer.body, place);
}

/** The route of a file that a path is of; one without a parameter in a place goes before one with. */
function routeOf(file: string, path: string): string | undefined {
  const segments = path.toLowerCase().split('/');
  const fits = (route: string) => {
    const parts = route.toLowerCase().split('/');
    return (
      parts.length === segments.length &&
      parts.every((part, index) => part.startsWith('{') || part === segments[index])
    );
  };
  const parameters = (route: string) => route.split('{').length;
  const routes = Object.keys(load(file)['paths'] as Json).filter(fits);
  return routes.sort((one, other) => parameters(one) - parameters(other))[0];
}

/** Paths are the same whatever their parameters are called. */
function shapeOf(route: string): string {
  return route.toLowerCase().replace(/\{[^}]+\}/g, '{}');
}

const loaded = new Map<string, Json>();

function load(file: string): Json {
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const document = JSON.parse(readFileSync(file, 'utf8')) as Json;
  loaded.set(file, document);
  return document;
}

/** Where a value is not what its schema says: types and required members, through references. Null passes. */
export function violations(schema: Schema, value: unknown, place = '$'): readonly string[] {
  const { file, node } = resolve(schema);
  if (value === null || value === undefined) return [];
  const found: string[] = [];
  for (const part of (node['allOf'] ?? []) as Json[])
    found.push(...violations({ file, node: part }, value, place));
  const type = node['type'] ?? (node['properties'] === undefined ? undefined : 'object');
  if (typeof type === 'string' && !isOfType(value, type)) return [...found, `${place} is no ${type}`];
  if (type === 'array') {
    const items = node['items'] as Json | undefined;
    for (const [index, item] of (value as unknown[]).entries()) {
      if (items !== undefined) found.push(...violations({ file, node: items }, item, `${place}[${index}]`));
    }
  }
  if (type === 'object') {
    const members = value as Json;
    for (const name of (node['required'] ?? []) as string[]) {
      if (members[name] === undefined) found.push(`${place}.${name} is missing`);
    }
    for (const [name, inside] of Object.entries((node['properties'] ?? {}) as Record<string, Json>)) {
      found.push(...violations({ file, node: inside }, members[name], `${place}.${name}`));
    }
  }
  return found;
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function resolve(schema: Schema): Schema {
  const reference = schema.node['$ref'];
  if (typeof reference !== 'string') return schema;
  const [relative, pointer] = reference.split('#') as [string, string];
  const file = relative === '' ? schema.file : path.resolve(path.dirname(schema.file), relative);
  const node = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (inside, key) => (inside as Json)[key.replaceAll('~1', '/').replaceAll('~0', '~')],
      load(file),
    );
  return resolve({ file, node: node as Json });
}
