import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evaluated } from '../../../../test/support/template.ts';
import type { JsonValue } from '../../../contract/arm.ts';
import { TemplateError } from '../template-error.ts';

const sub = '/subscriptions/00000000-0000-0000-0000-000000000000';

const answers: Readonly<Record<string, readonly [string, JsonValue][]>> = {
  strings: [
    ["concat('prefix', '-', 5)", 'prefix-5'],
    ["concat('a', true())", 'aTrue'],
    ['concat()', ''],
    [
      "format('{0}, {1}. Formatted number: {2:N0}', 'Hello', 'User', 8175133)",
      'Hello, User. Formatted number: 8,175,133',
    ],
    ["format('{{{0:x4}}} [{1,-4}][{1,4}] {2:D3} {3:000}', 255, 'ab', -7, 5)", '{00ff} [ab  ][  ab] -007 005'],
    ["format('{0}/{1}', true(), null())", 'True/'],
    ["toLower('One Two')", 'one two'],
    ["toUpper('One Two')", 'ONE TWO'],
    ["trim('  one two  ')", 'one two'],
    ["substring('one two three', 4, 3)", 'two'],
    ["substring('one two', 7)", ''],
    ["replace('123-123-1234', '-', '')", '1231231234'],
    ["replace('a$a', 'a', '$&')", '$&$$&'],
    ["split('one,two,three', ',')", ['one', 'two', 'three']],
    ["split('one;two,three', createArray(',', ';'))", ['one', 'two', 'three']],
    ["split('a.b', '.')", ['a', 'b']],
    ["join(createArray('one', 'two'), ';')", 'one;two'],
    ["join(createArray(1, 2, 3), '-')", '1-2-3'],
    ["startsWith('abcdef', 'AB')", true],
    ["endsWith('abcdef', 'F')", true],
    ["endsWith('abcdef', 'e')", false],
    ["padLeft('123', 10, '0')", '0000000123'],
    ['padLeft(7, 3)', '  7'],
    ["uniqueString('test')", 'rbgf3xv4ufgzg'],
    ["guid('a', 'b', 'c')", 'a98fa280-e03f-5afa-8d8e-92d0a9c201e8'],
  ],
  conversions: [
    ["string(createArray('a', 'b', 1))", '["a","b",1]'],
    ['string(5)', '5'],
    ['string(true())', 'True'],
    ["int('4')", 4],
    ["float('3.5')", 3.5],
    ["bool('true')", true],
    ['bool(0)', false],
    ['json(\'{"a": [1, true, null]}\')', { a: [1, true, null] }],
    ["json('null')", null],
    ["json(concat('{\"a\":\"', 'demo', '\"}')).a", 'demo'],
    ["base64('one, two, three')", 'b25lLCB0d28sIHRocmVl'],
    ["base64ToString('b25lLCB0d28sIHRocmVl')", 'one, two, three'],
    ['base64ToJson(base64(\'{"one":"a"}\')).one', 'a'],
    ["uri('http://contoso.org/firstpath', 'myscript.sh')", 'http://contoso.org/myscript.sh'],
    ["uri('http://contoso.org/firstpath/', 'myscript.sh')", 'http://contoso.org/firstpath/myscript.sh'],
    [
      "uri('http://contoso.org/firstpath/azuredeploy.json', 'myscript.sh')",
      'http://contoso.org/firstpath/myscript.sh',
    ],
    ["uriComponent('http://contoso.com/a b')", 'http%3A%2F%2Fcontoso.com%2Fa%20b'],
    ["uriComponentToString('http%3A%2F%2Fcontoso.com')", 'http://contoso.com'],
    ["dataUri('Hello')", 'data:text/plain;charset=utf8;base64,SGVsbG8='],
    ["dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')", 'Hello, World!'],
  ],
  arrays: [
    ['array(1)', [1]],
    ["array('efgh')", ['efgh']],
    ["createArray('a', 1, true())", ['a', 1, true]],
    ['range(5, 3)', [5, 6, 7]],
    ["length('One Two Three')", 13],
    ["length(createObject('a', 1, 'b', 2))", 2],
    ['empty(createArray())', true],
    ["empty('')", true],
    ['empty(null())', true],
    ["empty(createObject('a', 1))", false],
    ["contains('OneTwoThree', 'Two')", true],
    ["contains('OneTwoThree', 'two')", false],
    ["contains(createObject('one', 1), 'ONE')", true],
    ["contains(createArray('one'), 'one')", true],
    ["first(createArray('one', 'two'))", 'one'],
    ["last('One')", 'e'],
    ['first(createArray())', null],
    ["take(createArray('one', 'two', 'three'), 2)", ['one', 'two']],
    ["take('on', 5)", 'on'],
    ["skip('one two', 4)", 'two'],
    ['skip(createArray(1, 2), -1)', [1, 2]],
    ["indexOf('abcdef', 'CD')", 2],
    ["lastIndexOf('abcdefAb', 'AB')", 6],
    ["indexOf(createArray('a', 'b'), 'b')", 1],
    ["indexOf('x', 'y')", -1],
    ["union(createArray('one', 'two'), createArray('two', 'three'))", ['one', 'two', 'three']],
    [
      'union(json(\'{"p":{"one":"a","three":"c1"},"n":[1,2]}\'), json(\'{"p":{"three":"c2","four":"d"},"n":[3,4]}\'))',
      { p: { one: 'a', three: 'c2', four: 'd' }, n: [3, 4] },
    ],
    ["intersection(createArray('one', 'two', 'three'), createArray('two', 'three'))", ['two', 'three']],
    ['intersection(json(\'{"one":"a","two":"b"}\'), json(\'{"one":"a","two":"z"}\'))', { one: 'a' }],
    ['flatten(createArray(createArray(1, 2), createArray(3)))', [1, 2, 3]],
    ['concat(createArray(1), createArray(2, 3))', [1, 2, 3]],
    ['indexFromEnd(createArray(1, 2, 3), 1)', 3],
    ['tryIndexFromEnd(createArray(1, 2, 3), 4)', null],
  ],
  objects: [
    ["createObject('intProp', 1, 'inner', createObject('k', 'v'))", { intProp: 1, inner: { k: 'v' } }],
    [
      'items(json(\'{"item002":{"n":200},"item001":{"n":300}}\'))',
      [
        { key: 'item001', value: { n: 300 } },
        { key: 'item002', value: { n: 200 } },
      ],
    ],
    ["objectKeys(createObject('a', 1, 'b', 2))", ['a', 'b']],
    [
      "shallowMerge(createArray(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2))))",
      { a: { y: 2 } },
    ],
    ["tryGet(createObject('a', createObject('b', 5)), 'a', 'b')", 5],
    ["tryGet(createObject('a', 1), 'z')", null],
    ['tryGet(createArray(1, 2), 5)', null],
    ["createObject('a', createArray(1, 2)).A[1]", 2],
    ["createObject('key-1', 7)['key-1']", 7],
    ["createObject('a', 1).?b", null],
    ['null().?b', null],
    ['createArray(1)[?3]', null],
  ],
  numbers: [
    ['add(5, 3)', 8],
    ['sub(7, 3)', 4],
    ['mul(5, 3)', 15],
    ['div(8, 3)', 2],
    ['div(-8, 3)', -2],
    ['mod(7, 3)', 1],
    ['min(0, 3, 2)', 0],
    ['max(createArray(0, 3, 2))', 3],
    ['add(-1, 1)', 0],
  ],
  logic: [
    ["if(equals('a', 'a'), 'yes', 'no')", 'yes'],
    ["if(false(), fail('never'), 'no')", 'no'],
    ["and(bool('true'), bool('false'))", false],
    ["or(true(), fail('never'))", true],
    ["and(false(), fail('never'))", false],
    ['not(false())', true],
    ["coalesce(null(), 'x', fail('never'))", 'x'],
    ['coalesce(null(), null())', null],
  ],
  comparisons: [
    ["equals('a', 'A')", false],
    ['equals(json(\'{"a":1,"b":[2]}\'), json(\'{"b":[2],"a":1}\'))', true],
    ["equals(createArray('a', 'b'), createArray('b', 'a'))", false],
    ['equals(1, null())', false],
    ["less('A', 'a')", true],
    ['less(1, 2)', true],
    ['lessOrEquals(2, 2)', true],
    ["greater('A', 'a')", false],
    ['greaterOrEquals(2, 1)', true],
  ],
  dates: [
    ["dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y')", '2023-04-07 14:53:14Z'],
    ["dateTimeAdd('2020-04-07T14:53:14Z', '-P9D')", '2020-03-29T14:53:14Z'],
    ["dateTimeAdd('20200407T145314Z', 'PT1H')", '20200407T155314Z'],
    ["dateTimeAdd('2024-01-31T00:00:00Z', 'P1M', 'yyyy-MM-dd')", '2024-02-29'],
    ["dateTimeAdd('2020-04-07T14:53:14+02:00', 'PT0S')", '2020-04-07T12:53:14Z'],
    ["dateTimeAdd('2020-04-07T14:53:14Z', 'P1D', 'dddd d MMM yy h:mm tt')", 'Wednesday 8 Apr 20 2:53 PM'],
    ['dateTimeFromEpoch(1683040573)', '2023-05-02T15:16:13Z'],
    ["dateTimeToEpoch('2023-05-02T15:16:13Z')", 1_683_040_573],
  ],
  'resource ids': [
    [
      "resourceId('Microsoft.Storage/storageAccounts', 'st')",
      `${sub}/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/st`,
    ],
    [
      "resourceId('other', 'Microsoft.Sql/servers/databases', 's', 'd')",
      `${sub}/resourceGroups/other/providers/Microsoft.Sql/servers/s/databases/d`,
    ],
    [
      "resourceId('33333333-3333-3333-3333-333333333333', 'g', 'Microsoft.Storage/storageAccounts', 'st')",
      '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st',
    ],
    [
      "resourceId('Microsoft.Sql/servers/databases', 's/d')",
      `${sub}/resourceGroups/rg1/providers/Microsoft.Sql/servers/s/databases/d`,
    ],
    [
      "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'x')",
      `${sub}/providers/Microsoft.Authorization/roleDefinitions/x`,
    ],
    [
      "tenantResourceId('Microsoft.Authorization/policyDefinitions', 'x')",
      '/providers/Microsoft.Authorization/policyDefinitions/x',
    ],
    [
      "managementGroupResourceId('mg', 'Microsoft.Authorization/policyDefinitions', 'x')",
      '/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.Authorization/policyDefinitions/x',
    ],
    [
      "extensionResourceId(resourceId('Microsoft.Storage/storageAccounts', 'st'), 'Microsoft.Authorization/locks', 'l')",
      `${sub}/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/st/providers/Microsoft.Authorization/locks/l`,
    ],
  ],
  surroundings: [
    ['subscription().subscriptionId', '00000000-0000-0000-0000-000000000000'],
    ['resourceGroup().location', 'westeurope'],
    ['tenant().tenantId', '11111111-1111-1111-1111-111111111111'],
    ['deployment().name', 'one'],
    ['deployer().objectId', '22222222-2222-2222-2222-222222222222'],
    ['environment().resourceManager', 'https://management.example/'],
    ["providers('Microsoft.Compute', 'virtualMachines').apiVersions[0]", '2024-07-01'],
    ["pickZones('Microsoft.Compute', 'virtualMachines', 'westeurope', 2, 1)", ['2', '3']],
    ["pickZones('Microsoft.Compute', 'virtualMachines', 'northpole')", []],
  ],
  'address ranges': [
    [
      "parseCidr('10.144.0.0/20')",
      {
        network: '10.144.0.0',
        netmask: '255.255.240.0',
        broadcast: '10.144.15.255',
        firstUsable: '10.144.0.1',
        lastUsable: '10.144.15.254',
        cidr: 20,
      },
    ],
    [
      "parseCidr('fdad:3236:5555::/48')",
      {
        network: 'fdad:3236:5555::',
        netmask: 'ffff:ffff:ffff::',
        firstUsable: 'fdad:3236:5555::',
        lastUsable: 'fdad:3236:5555:ffff:ffff:ffff:ffff:ffff',
        cidr: 48,
      },
    ],
    ["cidrSubnet('10.144.0.0/20', 24, 4)", '10.144.4.0/24'],
    ["cidrSubnet('fdad:3236:5555::/48', 52, 3)", 'fdad:3236:5555:3000::/52'],
    ["cidrHost('10.144.3.0/24', 0)", '10.144.3.1'],
    ["cidrHost('fdad:3236:5555:3000::/52', 4)", 'fdad:3236:5555:3000::5'],
    ["cidrHost('10.0.0.0/32', 0)", '10.0.0.0'],
  ],
  lambdas: [
    ["map(createArray(1, 2), lambda('i', add(lambdaVariables('i'), 1)))", [2, 3]],
    [
      "map(createArray('a', 'b'), lambda('x', 'i', format('{0}{1}', lambdaVariables('x'), lambdaVariables('i'))))",
      ['a0', 'b1'],
    ],
    ["filter(range(0, 10), lambda('i', equals(0, mod(lambdaVariables('i'), 2))))", [0, 2, 4, 6, 8]],
    [
      "reduce(createArray(5, 3, 2, 8), 1, lambda('cur', 'next', add(lambdaVariables('cur'), lambdaVariables('next'))))",
      19,
    ],
    [
      "sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
      [1, 2, 3],
    ],
    [
      "sort(createArray('b1', 'a1', 'b2'), lambda('a', 'b', lessOrEquals(first(lambdaVariables('a')), first(lambdaVariables('b')))))",
      ['a1', 'b1', 'b2'],
    ],
    [
      "toObject(createArray(createObject('n', 'a', 'v', 1)), lambda('e', lambdaVariables('e').n), lambda('e', lambdaVariables('e').v))",
      { a: 1 },
    ],
    [
      "groupBy(createArray('apple', 'avocado', 'pear'), lambda('f', first(lambdaVariables('f'))))",
      { a: ['apple', 'avocado'], p: ['pear'] },
    ],
    ["mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))", { a: 2 }],
    [
      "map(createArray(1, 2), lambda('i', map(createArray(10), lambda('j', add(lambdaVariables('i'), lambdaVariables('j'))))))",
      [[11], [12]],
    ],
  ],
};

for (const [family, cases] of Object.entries(answers)) {
  describe(`functions over ${family}`, () => {
    for (const [text, expected] of cases) {
      test(`${text} is ${JSON.stringify(expected)}`, async () => {
        assert.deepEqual(await evaluated(text), expected);
      });
    }
  });
}

describe('functions that are given what they cannot take', () => {
  const refused: readonly [string, RegExp][] = [
    ['toLower(createArray())', /'toLower' expects its parameter '1' to be of type 'String'.*type 'Array'/],
    ['toLower()', /'toLower': function requires 1 argument\(s\) while 0 were provided/],
    ['add(1)', /'add': function requires 2 argument/],
    ["add('1', 2)", /'add' expects its parameter '1' to be of type 'Integer'/],
    ['add(9007199254740991, 1)', /too large/],
    ['div(1, 0)', /divide by zero/],
    ["substring('abc', 5)", /out of range/],
    ["substring('abc', 1, 5)", /do not refer to a location/],
    ['range(0, 10001)', /from 0 to '10000'/],
    ["format('{3}', 'a')", /less than the number of arguments/],
    ["format('{', 'a')", /a brace stands alone/],
    ["json('{')", /valid JSON/],
    ["int('x')", /cannot convert/],
    ["bool('maybe')", /cannot convert/],
    ["base64ToString('ä')", /base64/],
    ["uriComponentToString('%zz')", /percent-encoded/],
    ["uri('nonsense', 'x')", /base URI/],
    ["createObject('a')", /even number/],
    ['flatten(createArray(1))', /array of arrays/],
    ["dateTimeAdd('yesterday', 'P1D')", /ISO 8601/],
    ["dateTimeAdd('2024-02-30T00:00:00Z', 'P1D')", /ISO 8601/],
    ["dateTimeAdd('2024-01-01T00:00:00Z', 'P')", /duration/],
    ["dateTimeAdd('2024-01-01T00:00:00Z', 'P9999Y')", /no date/],
    ["cidrSubnet('10.0.0.0/20', 24, 16)", /out of range/],
    ["cidrSubnet('10.0.0.0/20', 10, 0)", /CIDR value/],
    ["cidrHost('10.0.0.0/30', 2)", /out of range/],
    ["parseCidr('10.0.0.300/8')", /CIDR notation/],
    ["resourceId('name')", /requires at least 2/],
    ["resourceId('Microsoft.Sql/servers/databases', 's')", /as many names/],
    ["fail('stop here')", /stop here/],
    ['newGuid()', /default value of a parameter/],
    ['utcNow()', /default value of a parameter/],
    ['managementGroup()', /not in a management group/],
    ["map(createArray(1), 'x')", /expects a lambda/],
    ["map(createArray(1), lambda('i', lambdaVariables('j')))", /no variable 'j'/],
    ["filter(createArray(1), lambda('i', 5))", /return a boolean/],
    ["if('true', 1, 2)", /'if' expects/],
    ['nonsense()', /The template function 'nonsense' is not valid/],
    ["reference('x')", /not expected at this location/],
    ["listKeys('x', '2024-01-01')", /'listKeys' is not expected/],
    ['copyIndex()', /copy specified/],
    ["variables('no')", /template variable 'no' is not found/],
    ["parameters('no')", /template parameter 'no' is not found/],
    ["createObject('a', 1).b", /property 'b' doesn't exist, available properties are 'a'/],
    ['createArray(1)[1]', /array index '1' is out of bounds/],
    ["'text'.length", /can't be evaluated/],
  ];
  for (const [text, message] of refused) {
    test(`${text} is refused`, async () => {
      await assert.rejects(
        evaluated(text),
        (error) => error instanceof TemplateError && message.test(error.message),
      );
    });
  }
});
