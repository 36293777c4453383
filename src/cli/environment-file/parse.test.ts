import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CommandError } from '../command.ts';
import { parseEnvironmentFile } from './parse.ts';

/** What is said of a file that is refused. */
function complaints(text: string): readonly string[] {
  try {
    parseEnvironmentFile(text, 'e.yaml');
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error));
    return error.message.split('\n');
  }
  throw new assert.AssertionError({ message: `accepted: ${text}` });
}

describe('an environment file', () => {
  test('is YAML, or the JSON that YAML holds', () => {
    const yaml = 'group: demo\nresources:\n  - vm: vm1\n    identity: [system, a] # two\n';
    const json = '{"group": "demo", "resources": [{"vm": "vm1", "identity": ["system", "a"]}]}';
    assert.deepEqual(parseEnvironmentFile(yaml, 'e').content, JSON.parse(json));
    assert.deepEqual(parseEnvironmentFile(json, 'e').content, JSON.parse(json));
  });

  test('is told by line and column what is wrong with it, all at once', () => {
    assert.deepEqual(
      complaints(
        [
          'group: demo',
          'resources:',
          '  - vm: vm1',
          '    identitie: system',
          '    tags: { version: 1 }',
          '  - nothing: x',
          '  - type: Nothing',
          '    name: a',
          'roleAssignments:',
          '  - role: Reader',
          '    scope: { grup: demo }',
        ].join('\n'),
      ).toSorted(),
      [
        'e.yaml:10:5: roleAssignments[0].assignee: is missing',
        'e.yaml:11:5: roleAssignments[0].scope: has none of the forms that it may have',
        'e.yaml:4:5: resources[0].identitie is unknown',
        'e.yaml:5:13: resources[0].tags.version: expected string, received number',
        'e.yaml:6:5: resources[1] says not what it is: vm, webapp, vault, type, template, identity',
        'e.yaml:7:5: resources[2].type: a type is written Namespace/type',
      ],
    );
  });

  test('is told where its YAML breaks', () => {
    for (const [text, place] of [
      ['group: [', 'e.yaml:1:9'],
      ['group: a\ngroup: b', 'e.yaml:2:1'],
      ['group: a\n\tresources: []', 'e.yaml:2:1'],
      ['group: "a\nresources: []', 'e.yaml:2:14'],
      ['group: a\n---\ngroup: b', 'e.yaml:2:1'],
      ['group: !secret a', 'e.yaml:1:8'],
      ['just a text', 'e.yaml:1:1'],
      ['', 'e.yaml:1:1'],
    ] as const) {
      const [first = ''] = complaints(text);
      assert.ok(first.startsWith(`${place}: `), `${text}: ${first}`);
    }
  });

  test('never has a secret of it told', () => {
    const broken = [
      'resources:\n  - vault: v\n    secrets: { a: "hunter2',
      'resources:\n  - vault: v\n    secrets: { "b c": hunter2 }',
      'resources:\n  - vault: v\n    secrets: { a: [hunter2] }',
      'resources:\n  - vault: v\n    secrets:\n      a: hunter2: x',
      'resources:\n  - vault: v\n    secrets:\n      a: !hunter2 x',
      'resources:\n  - vault: v\n    secrets:\n      a: *hunter2',
      `resources:\n  - vault: v\n    secrets: { a: { valueFrom: { environment: "${'hunter2'.repeat(100)}" } } }`,
    ];
    for (const text of broken) assert.doesNotMatch(complaints(text).join('\n'), /hunter2/, text);
  });

  test('may not grow without bound by aliases', () => {
    const layers = ['a: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]'];
    for (let at = 1; at < 8; at += 1) layers.push(`b${at}: &l${at} [${`*l${at - 1}, `.repeat(10)}]`);
    assert.match(complaints(layers.join('\n'))[0] ?? '', /aliases of the file stand for too much/);
  });

  test('makes nothing of names that objects have by themselves', () => {
    const [first] = complaints('__proto__: { group: x }');
    assert.match(first ?? '', /__proto__ is unknown/);
    const { content } = parseEnvironmentFile(
      'group: g\ngroups:\n  - name: g\n    tags: { constructor: x }',
      'e',
    );
    assert.deepEqual(Object.entries(content.groups?.[0]?.tags ?? {}), [['constructor', 'x']]);
  });
});
