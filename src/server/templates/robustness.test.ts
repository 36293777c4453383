import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bound, groupFacts } from '../../../test/support/template.ts';
import type { JsonValue } from '../../contract/arm.ts';
import { evaluationBudget } from './evaluation-budget.ts';
import { expandTemplate } from './expand.ts';
import { evaluateOutputs } from './outputs.ts';
import { evaluateResource } from './resource-body.ts';
import { parseTemplate } from './template.ts';
import { TemplateError } from './template-error.ts';
import { templateScope } from './template-scope.ts';

const $schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';

/** Templates with one of everything. */
const templates: readonly JsonValue[] = [
  {
    $schema,
    contentVersion: '1.0.0.0',
    parameters: {
      p: { type: 'array', defaultValue: [1, 2], minLength: 1 },
      q: { type: 'string', allowedValues: ['a'], defaultValue: 'a' },
    },
    functions: [
      {
        namespace: 'f',
        members: {
          g: {
            parameters: [{ name: 'x', type: 'string' }],
            output: { type: 'string', value: "[parameters('x')]" },
          },
        },
      },
    ],
    variables: { copy: [{ name: 'l', count: 2, input: '[copyIndex()]' }], v: { a: "[variables('l')]" } },
    resources: [
      {
        type: 'Microsoft.X/y',
        apiVersion: '1',
        name: "[concat(f.g('r'), copyIndex())]",
        copy: { name: 'rs', count: "[length(parameters('p'))]", mode: 'Serial', batchSize: 1 },
        condition: "[equals(parameters('q'), 'a')]",
        location: '[resourceGroup().location]',
        properties: {
          copy: [{ name: 'c', count: 2, input: "[copyIndex('c')]" }],
          v: "[variables('v').a[0]]",
        },
        resources: [
          {
            type: 'z',
            apiVersion: '1',
            name: 'child',
            dependsOn: ["[resourceId('Microsoft.X/y', concat('r', copyIndex()))]"],
          },
        ],
      },
      {
        type: 'Microsoft.Resources/deployments',
        apiVersion: '1',
        name: 'nested',
        dependsOn: ['rs'],
        properties: {
          template: {
            resources: [
              { type: 'Microsoft.X/y', name: "[concat('n', copyIndex())]", copy: { name: 'n', count: 2 } },
            ],
            outputs: { o: { type: 'int', value: 1 } },
          },
        },
      },
    ],
    outputs: {
      o: { type: 'array', copy: { count: 2, input: '[copyIndex()]' } },
      r: { type: 'string', value: "[reference('r0').x]", condition: true },
    },
  },
  {
    $schema,
    contentVersion: '1.0.0.0',
    languageVersion: '2.0',
    definitions: {
      d: {
        type: 'object',
        properties: { n: { $ref: '#/definitions/d', nullable: true } },
        additionalProperties: { type: 'int' },
      },
    },
    parameters: { p: { $ref: '#/definitions/d', defaultValue: { n: { a: 1 } } } },
    resources: {
      a: { existing: true, type: 'Microsoft.X/y', apiVersion: '1', name: 'a', resourceGroup: 'other' },
      b: {
        type: 'Microsoft.X/y',
        apiVersion: '1',
        name: "[format('b{0}', copyIndex())]",
        copy: { name: 'b', count: 2 },
        scope: "[resourceId('Microsoft.Z/z', 'z')]",
        dependsOn: ['a'],
        properties: { x: "[reference('a').x]" },
      },
    },
    outputs: {
      o: {
        type: 'string',
        value: "[map(references('b'), lambda('x', lambdaVariables('x').x))[0]]",
      },
    },
  },
];

/** Where the members and elements of a value are, as paths. */
function places(value: JsonValue, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => places(inner, [...path, name]))];
}

function withAt(value: JsonValue, [name, ...rest]: readonly string[], replaced: JsonValue): JsonValue {
  if (name === undefined) return replaced;
  const entries = Object.entries(value as object).map(
    ([key, inner]: [string, JsonValue]): [string, JsonValue] => [
      key,
      key === name ? withAt(inner, rest, replaced) : inner,
    ],
  );
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

async function deploy(document: JsonValue): Promise<void> {
  const template = parseTemplate(document);
  const parameters = await bound(template);
  const budget = evaluationBudget({ steps: 20_000 });
  const parts = { template, parameters, facts: groupFacts, budget };
  const { instances } = await expandTemplate(template, templateScope(parts));
  const state = { x: 'x', identity: {} };
  const scope = templateScope({
    ...parts,
    runtime: { reference: async () => state, references: async () => [state], list: async () => ({}) },
  });
  for (const instance of instances) await evaluateResource(instance, scope);
  await evaluateOutputs(template, scope);
}

describe('a template, whatever stands in it', () => {
  test('is taken as it is', async () => {
    for (const template of templates) await deploy(template);
  });

  test('fails with an error of the language alone where something of it is something else', async () => {
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }).map((value) => value as JsonValue),
      fc.constantFrom<JsonValue>(
        {},
        [],
        null,
        '',
        '[',
        '[]',
        '[copyIndex()]',
        "[reference('a')]",
        "[variables('v')]",
        "[parameters('p')]",
        '[null()]',
        800,
        -1,
        1.5,
        '__proto__',
        { copy: [{ name: 'x', count: 3, input: '[copyIndex()]' }] },
        { $ref: '#/definitions/d' },
        { value: { value: 1 } },
        [[[]]],
        '/',
        'a/b/c',
        '[resourceGroup()]',
        'x'.repeat(5000),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(...templates)
          .chain((template) => fc.tuple(fc.constant(template), fc.constantFrom(...places(template)), odd)),
        async ([template, path, value]) => {
          try {
            await deploy(withAt(template, path, value));
          } catch (error) {
            assert.ok(
              error instanceof TemplateError,
              `${path.join('.')} = ${JSON.stringify(value)}: ${(error as Error).stack}`,
            );
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
