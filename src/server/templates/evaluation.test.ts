import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evaluated, expansionOf, scopeOf, templateOf } from '../../../test/support/template.ts';
import type { JsonValue } from '../../contract/arm.ts';
import { evaluate } from './evaluation.ts';
import { evaluateOutputs } from './outputs.ts';
import { evaluateProperties } from './property-copy.ts';
import { evaluateResource } from './resource-body.ts';
import { TemplateError } from './template-error.ts';

const runtime = {
  reference: async (id: string, apiVersion: string | undefined, full: boolean): Promise<JsonValue> =>
    full
      ? { identity: { principalId: `principal of ${id}` }, apiVersion: apiVersion ?? null }
      : { uri: `uri of ${id}` },
  list: async (
    name: string,
    id: string,
    apiVersion: string,
    body: JsonValue | undefined,
  ): Promise<JsonValue> => ({
    keys: [{ value: [name, id, apiVersion, body ?? null] }],
  }),
};

describe('an evaluation', () => {
  test('walks objects, arrays and names of members, and leaves text alone', async () => {
    const scope = await scopeOf(templateOf({ variables: { a: 1 } }), runtime);
    assert.deepEqual(
      await evaluate(
        {
          plain: 'text',
          escaped: '[[not this]',
          open: '[not this',
          "[concat('k', '1')]": ["[variables('a')]", true, null, { deep: "[string(variables('A'))]" }],
        },
        scope,
      ),
      { plain: 'text', escaped: '[not this]', open: '[not this', k1: [1, true, null, { deep: '1' }] },
    );
  });

  test('names of members that mean something to JavaScript are data', async () => {
    const made = await evaluated(
      "createObject('__proto__', createObject('polluted', true()), 'constructor', 1)",
    );
    assert.deepEqual(Object.keys(made as object), ['__proto__', 'constructor']);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    await assert.rejects(evaluated("createObject('a', 1).toString"), TemplateError);
    await assert.rejects(evaluated("createObject('a', 1).__proto__"), TemplateError);
  });

  test('asks for the state of resources only what the template asks for', async () => {
    const scope = await scopeOf(templateOf({}), runtime);
    assert.equal(
      await evaluate("[reference('vm', '2024-07-01', 'Full').Identity.principalId]", scope),
      'principal of vm',
    );
    assert.equal(await evaluate("[reference('kv').uri]", scope), 'uri of kv');
    assert.deepEqual(
      await evaluate("[listKeys('st', '2023-01-01', createObject('a', 1)).keys[0].value]", scope),
      ['listKeys', 'st', '2023-01-01', { a: 1 }],
    );
  });

  test('variables use parameters and one another, and loops of variables are arrays', async () => {
    const parts = {
      parameters: { n: { type: 'int', defaultValue: 3 } },
      variables: {
        copy: [
          {
            name: 'squares',
            count: "[parameters('n')]",
            input: "[mul(copyIndex('squares'), copyIndex('squares'))]",
          },
          { name: 'plain', count: 2, input: '[copyIndex()]' },
        ],
        inner: { copy: [{ name: 'list', count: 2, input: { at: "[copyIndex('list', 10)]" } }] },
        last: "[last(variables('squares'))]",
      },
    };
    assert.deepEqual(await evaluated("variables('squares')", parts), [0, 1, 4]);
    assert.deepEqual(await evaluated("variables('plain')", parts), [0, 1]);
    assert.deepEqual(await evaluated("variables('inner')", parts), { list: [{ at: 10 }, { at: 11 }] });
    assert.equal(await evaluated("variables('LAST')", parts), 4);
  });

  test('a variable that depends on itself is refused, whoever asks at the same time', async () => {
    const parts = { variables: { a: "[variables('b')]", b: "[variables('a')]" } };
    await assert.rejects(evaluated("variables('a')", parts), /depends on itself/);
    const scope = await scopeOf(
      templateOf({ variables: { a: "[variables('b')]", b: "[concat('x', 'y')]" } }),
      runtime,
    );
    assert.deepEqual(
      await Promise.all([
        evaluate("[variables('a')]", scope),
        evaluate("[variables('b')]", scope),
        evaluate("[variables('a')]", scope),
      ]),
      ['xy', 'xy', 'xy'],
    );
  });

  test('variables know nothing of resources', async () => {
    const scope = await scopeOf(templateOf({ variables: { a: "[reference('x')]" } }), runtime);
    await assert.rejects(evaluate("[variables('a')]", scope), /'reference' is not expected at this location/);
  });

  test('functions of the template see their parameters alone', async () => {
    const functions = [
      {
        namespace: 'contoso',
        members: {
          greet: {
            parameters: [{ name: 'who', type: 'string' }],
            output: { type: 'string', value: "[concat('Hi ', parameters('who'))]" },
          },
          twice: {
            parameters: [{ name: 'x', type: 'string' }],
            output: { type: 'string', value: "[concat(contoso.greet(parameters('x')), '!')]" },
          },
          leak: { parameters: [], output: { type: 'string', value: "[variables('v')]" } },
          loop: { parameters: [], output: { type: 'string', value: '[contoso.loop()]' } },
        },
      },
    ];
    const parts = { functions, variables: { v: 'x' } };
    assert.equal(await evaluated("Contoso.Greet('Ann')", parts), 'Hi Ann');
    assert.equal(await evaluated("contoso.twice('Bo')", parts), 'Hi Bo!');
    await assert.rejects(
      evaluated('contoso.leak()', parts),
      /not expected inside of a user-defined function/,
    );
    await assert.rejects(evaluated('contoso.loop()', parts), /calls itself without end/);
    await assert.rejects(evaluated('contoso.greet()', parts), /requires 1 argument/);
    await assert.rejects(evaluated('contoso.none()', parts), /'contoso.none' is not valid/);
  });

  test('a property called copy that is no loop stays', async () => {
    const scope = await scopeOf(templateOf({}), runtime);
    assert.deepEqual(await evaluateProperties({ copy: [{ source: 'a' }], a: { copy: 'x' } }, scope), {
      copy: [{ source: 'a' }],
      a: { copy: 'x' },
    });
  });
});

describe('an evaluation without end in sight', () => {
  const bombs: readonly [string, string][] = [
    [
      'texts that double',
      "reduce(range(0, 64), 'x', lambda('c', 'n', concat(lambdaVariables('c'), lambdaVariables('c'))))",
    ],
    [
      'arrays that double',
      "reduce(range(0, 64), createArray(1), lambda('c', 'n', createArray(lambdaVariables('c'), lambdaVariables('c'))))",
    ],
    [
      'arrays that grow',
      "reduce(range(0, 64), createArray(1), lambda('c', 'n', concat(lambdaVariables('c'), lambdaVariables('c'))))",
    ],
    [
      'values that get deeper',
      "reduce(range(0, 10000), 1, lambda('c', 'n', createArray(lambdaVariables('c'))))",
    ],
    [
      'many separators',
      "split(padLeft('', 1000000, 'a'), map(range(0, 1000), lambda('i', format('b{0}', lambdaVariables('i')))))",
    ],
    [
      'a needle that is hard to find',
      "contains(padLeft('', 1000000, 'a'), concat('b', padLeft('', 500000, 'a')))",
    ],
    ['a number of a million digits', "float(concat(padLeft('', 1000000, '1'), 'x'))"],
    ['blanks that are no base64', "base64ToString(concat(padLeft('', 1000000, ' '), '!'))"],
    ['slashes that are no id', "extensionResourceId(concat(padLeft('', 1000000, '/'), 'x'), 'a/b', 'c')"],
    ['a long duration', "dateTimeAdd('2024-01-01T00:00:00Z', padLeft('', 1000000, 'P'))"],
    [
      'loops in loops',
      "map(range(0, 10000), lambda('a', map(range(0, 10000), lambda('b', add(lambdaVariables('a'), 1)))))",
    ],
    ['much padding', "padLeft('x', 999999999)"],
    ['a format that repeats', `format('${'{0}'.repeat(2000)}', padLeft('x', 1000))`],
    ['replacements that grow', "replace(padLeft('', 100000, 'a'), 'a', padLeft('', 1000, 'b'))"],
    ['separators that grow', "join(range(0, 10000), padLeft('', 10000, 'b'))"],
    [
      'reading again and again',
      "length(map(range(0, 10000), lambda('i', equals(range(0, 10000), range(0, 10000)))))",
    ],
  ];
  for (const [what, text] of bombs) {
    test(`${what}: is stopped`, async () => {
      await assert.rejects(evaluated(text, {}, { steps: 50_000 }), TemplateError);
    });
  }

  test('loops of properties in one another: are stopped', async () => {
    const limits = { steps: 50_000 };
    const scope = await scopeOf(templateOf({}), runtime, {}, limits);
    const nested = (depth: number): JsonValue =>
      depth === 0 ? 1 : { copy: [{ name: `l${depth}`, count: 800, input: nested(depth - 1) }] };
    await assert.rejects(evaluateProperties(nested(4), scope), TemplateError);
    const asking = JSON.parse(
      JSON.stringify(nested(4)).replace('"input":1', `"input":"[reference('x')]"`),
    ) as JsonValue;
    const resources = [{ type: 'Microsoft.X/y', apiVersion: '1', name: 'a', properties: asking }];
    await assert.rejects(expansionOf(templateOf({ resources }), {}, undefined, limits), TemplateError);
  });

  test('many objects are merged in one go', async () => {
    const variables = {
      big: Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`m${at}`, { a: at }])),
      e: {},
    };
    const others = "variables('e'), ".repeat(900);
    assert.equal(
      await evaluated(`length(union(variables('big'), ${others}createObject('x', 1)))`, { variables }),
      20_001,
    );
  });

  test('an expression has a bound of length and of depth', async () => {
    await assert.rejects(evaluated(`'${'a'.repeat(24_576)}'`), /length limit exceeded. Limit: '24576'/);
    await assert.rejects(evaluated(`${'not('.repeat(70)}true()${')'.repeat(70)}`), /nested deeper/);
    assert.equal(await evaluated(`${'not('.repeat(40)}true()${')'.repeat(40)}`), true);
  });
});

describe('the body of a resource', () => {
  async function bodies(resources: JsonValue, parts: Readonly<Record<string, JsonValue>> = {}) {
    const template = templateOf({ resources, ...parts });
    const scope = await scopeOf(template, runtime);
    const { instances } = await expansionOf(template);
    return Promise.all(instances.map((instance) => evaluateResource(instance, scope)));
  }

  test('is what the template says, evaluated, without what belongs to the template', async () => {
    assert.deepEqual(
      await bodies([
        {
          type: 'Microsoft.Compute/virtualMachines',
          apiVersion: '2024-07-01',
          name: "[format('vm{0}', copyIndex())]",
          copy: { name: 'vms', count: 2 },
          comments: 'x',
          condition: true,
          dependsOn: [],
          location: '[resourceGroup().location]',
          identity: {
            type: 'UserAssigned',
            userAssignedIdentities: {
              "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'i')]": {},
            },
          },
          properties: {
            at: '[copyIndex()]',
            copy: [
              {
                name: 'disks',
                count: 2,
                input: { lun: "[copyIndex('disks')]", vm: '[copyIndex()]', named: "[copyIndex('vms', 5)]" },
              },
            ],
          },
        },
      ]),
      [0, 1].map((vm) => ({
        location: 'westeurope',
        identity: {
          type: 'UserAssigned',
          userAssignedIdentities: {
            '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg1/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i':
              {},
          },
        },
        properties: {
          at: vm,
          disks: [
            { lun: 0, vm, named: vm + 5 },
            { lun: 1, vm, named: vm + 5 },
          ],
        },
      })),
    );
  });

  test('that cannot be evaluated names the resource', async () => {
    await assert.rejects(
      bodies([
        { type: 'Microsoft.X/y', apiVersion: '1', name: 'a', properties: { b: "[reference('vm').none]" } },
      ]),
      (error) =>
        error instanceof TemplateError &&
        error.message ===
          "Unable to process template language expressions for resource '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg1/providers/Microsoft.X/y/a' at line '1' and column '1'. 'The language expression property 'none' doesn't exist, available properties are 'uri'.'",
    );
  });

  const nested = (scope: string | undefined, template: JsonValue): JsonValue => ({
    type: 'Microsoft.Resources/deployments',
    apiVersion: '2022-09-01',
    name: 'inner',
    properties: {
      mode: 'Incremental',
      ...(scope === undefined ? {} : { expressionEvaluationOptions: { scope } }),
      parameters: { a: { value: "[parameters('a')]" } },
      template,
    },
  });
  const parameters = { a: { type: 'string', defaultValue: '[[outer]' } };

  test('of a nested deployment with a scope of its own keeps its template', async () => {
    const template = { resources: [], variables: { b: "[parameters('a')]" } };
    const [body] = await bodies([nested('inner', template)], { parameters });
    assert.deepEqual(body?.['properties'], {
      mode: 'Incremental',
      expressionEvaluationOptions: { scope: 'inner' },
      parameters: { a: { value: '[outer]' } },
      template,
    });
  });

  test('of another nested deployment has a template without expressions', async () => {
    const template = {
      contentVersion: '1.0.0.0',
      variables: { a: 'inner' },
      resources: [
        {
          type: 'Microsoft.X/y',
          name: "[concat('r', copyIndex())]",
          copy: { name: 'l', count: 2 },
          properties: { v: "[parameters('a')]" },
        },
        { type: 'Microsoft.X/y', name: 'last', dependsOn: ['l'] },
      ],
      outputs: {
        o: { type: 'string', value: "[parameters('a')]" },
        l: { type: 'array', copy: { count: 2, input: '[copyIndex()]' } },
      },
    };
    const [body] = await bodies([nested(undefined, template)], { parameters });
    assert.deepEqual((body as unknown as { properties: { template: JsonValue } }).properties.template, {
      contentVersion: '1.0.0.0',
      resources: [
        { type: 'Microsoft.X/y', name: 'r0', properties: { v: '[[outer]' } },
        { type: 'Microsoft.X/y', name: 'r1', properties: { v: '[[outer]' } },
        { type: 'Microsoft.X/y', name: 'last', dependsOn: ['Microsoft.X/y/r0', 'Microsoft.X/y/r1'] },
      ],
      outputs: { o: { type: 'string', value: '[[outer]' }, l: { type: 'array', value: [0, 1] } },
    });
  });
});

describe('outputs', () => {
  async function outputs(definitions: JsonValue) {
    const template = templateOf({ outputs: definitions });
    return evaluateOutputs(template, await scopeOf(template, runtime));
  }

  test('have the type of the template and their value', async () => {
    assert.deepEqual(
      await outputs({
        name: { type: 'string', value: "[reference('kv').uri]" },
        count: { type: 'INT', value: 3 },
        list: { type: 'array', copy: { count: 2, input: '[copyIndex(1)]' } },
        no: { condition: false, type: 'string', value: "[fail('never')]" },
        secret: { type: 'securestring', value: 'hidden' },
      }),
      {
        name: { type: 'String', value: 'uri of kv' },
        count: { type: 'Int', value: 3 },
        list: { type: 'Array', value: [1, 2] },
        secret: { type: 'SecureString' },
      },
    );
  });

  test('of another type, or that cannot be evaluated, are refused by name', async () => {
    await assert.rejects(
      outputs({ a: { type: 'string', value: 5 } }),
      (error) =>
        error instanceof TemplateError &&
        error.code === 'DeploymentOutputEvaluationFailed' &&
        /template output 'a' is not valid: Template output JToken type is not valid. Expected 'String, Uri'. Actual 'Integer'/.test(
          error.message,
        ),
    );
    await assert.rejects(
      outputs({ b: { type: 'object', value: "[reference('kv').no]" } }),
      /template output 'b' is not valid/,
    );
  });
});
