import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import type { UserFunction } from './evaluation-scope.ts';
import { isArray, member, typeName } from './json-value.ts';
import type { Places } from './lenient-json.ts';
import { propertyLoops } from './property-copy.ts';
import type {
  OutputDefinition,
  ParameterDefinition,
  ResourceDefinition,
  Template,
  TemplateScopeKind,
  VariableDefinition,
} from './template-document.ts';
import { parseFailed, validationFailed } from './template-error.ts';
import { TypeReader } from './type-schema.ts';

/** Azure's own bounds. */
const limits = { parameters: 256, variables: 512, resources: 800, outputs: 64 } as const;

const members = new Set(
  [
    '$schema',
    'contentVersion',
    'apiProfile',
    'languageVersion',
    'definitions',
    'metadata',
    'parameters',
    'variables',
    'functions',
    'resources',
    'outputs',
    'imports',
    'extensions',
  ].map((name) => name.toLowerCase()),
);

/** Versions of the language in which resources have symbols. */
const symbolic = new Set(['1.9-experimental', '1.10-experimental', '2.0', '2.1-experimental']);

/**
 * Reads a template document and checks its form. Nothing is evaluated.
 *
 * @param places where its parts stand in the request, for messages
 * @throws TemplateError
 */
export function parseTemplate(document: JsonValue, places?: Places): Template {
  if (!isJsonObject(document))
    throw parseFailed(`The template is expected to be an object and is '${typeName(document)}'`);
  for (const name of Object.keys(document)) {
    if (!members.has(name.toLowerCase())) {
      throw parseFailed(`Could not find member '${name}' on object of type 'Template'. Path '${name}'`);
    }
  }
  for (const name of ['imports', 'extensions']) {
    const value = member(document, name);
    if (value !== undefined && value !== null && Object.keys(value).length > 0) {
      throw validationFailed(`The template uses '${name}', which are not supported here`);
    }
  }
  const languageVersion = versionOf(document);
  const types = new TypeReader(member(document, 'definitions'));
  return {
    document,
    scope: scopeOf(document),
    contentVersion: contentVersionOf(document),
    languageVersion,
    parameters: parametersOf(document, types, languageVersion, places),
    variables: variablesOf(document),
    userFunctions: userFunctionsOf(document),
    resources: resourcesOf(document, languageVersion, places),
    outputs: outputsOf(document, types),
  };
}

const schemaPattern =
  /^https?:\/\/schemas?\.management\.azure\.com\/(?:schemas\/[0-9A-Za-z-]+\/)?(subscription|managementGroup|tenant)?deploymentTemplate(?:\.json#?|\?api-version=[0-9A-Za-z-]+)$/i;

function scopeOf(document: JsonObject): TemplateScopeKind {
  const schema = member(document, '$schema');
  const found = typeof schema === 'string' ? schemaPattern.exec(schema) : null;
  if (found === null) {
    throw validationFailed(
      `The template schema '${typeof schema === 'string' ? schema.slice(0, 200) : ''}' is not supported. Please see https://aka.ms/arm-template for usage details`,
    );
  }
  switch (found[1]?.toLowerCase()) {
    case 'subscription':
      return 'subscription';
    case 'managementgroup':
      return 'managementGroup';
    case 'tenant':
      return 'tenant';
    default:
      return 'resourceGroup';
  }
}

function contentVersionOf(document: JsonObject): string {
  const version = member(document, 'contentVersion');
  if (typeof version === 'string' && /^\d{1,9}(\.\d{1,9}){1,3}$/.test(version)) return version;
  throw parseFailed(
    "Required property 'contentVersion' not found in JSON or is no version. Path 'contentVersion'",
  );
}

function versionOf(document: JsonObject): '1.0' | '2.0' {
  const version = member(document, 'languageVersion') ?? '1.0';
  if (version === '1.0' || version === '1.0-experimental') return '1.0';
  if (typeof version === 'string' && symbolic.has(version.toLowerCase())) return '2.0';
  throw validationFailed(
    `The template language version '${typeof version === 'string' ? version.slice(0, 50) : typeName(version)}' is not recognized`,
  );
}

function section(document: JsonObject, name: keyof typeof limits | 'variables'): JsonObject {
  const value = member(document, name) ?? {};
  if (!isJsonObject(value))
    throw parseFailed(`The '${name}' of the template are expected to be an object. Path '${name}'`);
  requireCount(name, Object.keys(value).length);
  return value;
}

function requireCount(name: keyof typeof limits, count: number): void {
  if (count <= limits[name]) return;
  throw validationFailed(
    `The number of template ${name} limit exceeded. Limit: '${limits[name]}' and actual: '${count}'. Please see https://aka.ms/arm-template for usage details`,
  );
}

/** A map by names in lower case. @throws TemplateError where two differ by case only */
function byName<Value extends { readonly name: string }>(
  what: string,
  values: readonly Value[],
): Map<string, Value> {
  const found = new Map<string, Value>();
  for (const value of values) {
    const key = value.name.toLowerCase();
    if (found.has(key))
      throw validationFailed(`The template ${what} '${value.name}' is defined more than once`);
    found.set(key, value);
  }
  return found;
}

function parametersOf(
  document: JsonObject,
  types: TypeReader,
  languageVersion: string,
  places: Places | undefined,
): ReadonlyMap<string, ParameterDefinition> {
  const definitions = Object.entries(section(document, 'parameters')).map(([name, definition]) => {
    const path = `parameters.${name}`;
    if (!isJsonObject(definition))
      throw parseFailed(`The parameter is expected to be an object. Path '${path}'`);
    const schema = types.read(definition, path);
    if (schema.type === undefined && languageVersion === '1.0') {
      throw parseFailed(`Required property 'type' not found in JSON. Path '${path}'`);
    }
    return {
      name,
      schema,
      defaultValue: member(definition, 'defaultValue'),
      metadata: member(definition, 'metadata'),
      place: places?.of(definition),
    };
  });
  return byName('parameter', definitions);
}

function variablesOf(document: JsonObject): ReadonlyMap<string, VariableDefinition> {
  const variables = section(document, 'variables');
  const loops = propertyLoops(variables);
  const plain = Object.entries(variables)
    .filter(([name]) => loops === undefined || name.toLowerCase() !== 'copy')
    .map(([name, value]) => ({ name, value }));
  const all: VariableDefinition[] = [...plain, ...(loops ?? []).map((loop) => ({ name: loop.name, loop }))];
  requireCount('variables', all.length);
  return byName('variable', all);
}

function userFunctionsOf(document: JsonObject): ReadonlyMap<string, UserFunction> {
  const namespaces = member(document, 'functions') ?? [];
  if (!isArray(namespaces))
    throw parseFailed("The 'functions' of the template are expected to be an array. Path 'functions'");
  const found = new Map<string, UserFunction>();
  for (const [at, each] of namespaces.entries()) {
    const path = `functions[${at}]`;
    const namespace = isJsonObject(each) ? member(each, 'namespace') : undefined;
    const inside = isJsonObject(each) ? (member(each, 'members') ?? {}) : undefined;
    if (typeof namespace !== 'string' || !isJsonObject(inside)) {
      throw parseFailed(
        `A namespace of functions is expected to have a 'namespace' and 'members'. Path '${path}'`,
      );
    }
    for (const [name, definition] of Object.entries(inside)) {
      found.set(`${namespace}.${name}`.toLowerCase(), userFunction(definition, `${path}.members.${name}`));
    }
  }
  return found;
}

function userFunction(definition: JsonValue, path: string): UserFunction {
  const output = isJsonObject(definition) ? member(definition, 'output') : undefined;
  const value = isJsonObject(output) ? member(output, 'value') : undefined;
  const parameters = isJsonObject(definition) ? (member(definition, 'parameters') ?? []) : [];
  if (value === undefined || !isArray(parameters)) {
    throw parseFailed(
      `A function is expected to have 'parameters' and an 'output' with a value. Path '${path}'`,
    );
  }
  return {
    parameters: parameters.map((parameter, at) => {
      const name = isJsonObject(parameter) ? member(parameter, 'name') : undefined;
      if (!isJsonObject(parameter) || typeof name !== 'string') {
        throw parseFailed(`Required property 'name' not found in JSON. Path '${path}.parameters[${at}]'`);
      }
      const type = member(parameter, 'type');
      return { name, type: typeof type === 'string' ? type : '' };
    }),
    output: value,
  };
}

function resourcesOf(
  document: JsonObject,
  languageVersion: string,
  places: Places | undefined,
): readonly ResourceDefinition[] {
  const resources = member(document, 'resources') ?? (languageVersion === '2.0' ? {} : []);
  const entries: readonly [string | undefined, JsonValue][] = isArray(resources)
    ? resources.map((resource) => [undefined, resource])
    : Object.entries(resources ?? {});
  if ((languageVersion === '2.0') !== isJsonObject(resources)) {
    throw parseFailed(
      languageVersion === '2.0'
        ? "The 'resources' of a template with languageVersion 2.0 are expected to be an object by symbolic names. Path 'resources'"
        : "The 'resources' of the template are expected to be an array. Path 'resources'",
    );
  }
  requireCount('resources', entries.length);
  return entries.map(([symbol, body], at) => {
    if (symbol !== undefined && !/^[A-Za-z_][A-Za-z0-9_:]{0,254}$/.test(symbol)) {
      throw validationFailed(`The symbolic name '${symbol.slice(0, 100)}' of a resource is not valid`);
    }
    if (!isJsonObject(body))
      throw parseFailed(`The resource is expected to be an object. Path 'resources[${symbol ?? at}]'`);
    return { symbol, body, place: places?.of(body) };
  });
}

function outputsOf(document: JsonObject, types: TypeReader): ReadonlyMap<string, OutputDefinition> {
  const definitions = Object.entries(section(document, 'outputs')).map(([name, definition]) => {
    const path = `outputs.${name}`;
    if (!isJsonObject(definition))
      throw parseFailed(`The output is expected to be an object. Path '${path}'`);
    const copy = member(definition, 'copy');
    const value = member(definition, 'value');
    if (value === undefined && !isJsonObject(copy)) {
      throw parseFailed(`Required property 'value' not found in JSON. Path '${path}'`);
    }
    return {
      name,
      schema: types.read(definition, path),
      value,
      condition: member(definition, 'condition'),
      copy: isJsonObject(copy) ? copy : undefined,
    };
  });
  return byName('output', definitions);
}
