import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CommandError } from './command.ts';
import { present, readPresentation } from './presentation.ts';

const machines = [
  { name: 'vm1', tags: { env: 'test' }, identity: { principalId: 'p1' } },
  { name: 'a-longer-name', tags: null },
];
const shown = (options: Readonly<Record<string, string>>, data: unknown) =>
  readPresentation({ words: [], options, command: [] })({ data });

describe('an answer', () => {
  test('is a table under the headings of its command, a dash where nothing is', () => {
    const columns = {
      name: (one: { string(name: string): string }) => one.string('name'),
      own: (one: { optionalObject(name: string): { string(name: string): string } | undefined }) =>
        one.optionalObject('identity')?.string('principalId') ?? '',
    };
    assert.equal(
      present({ data: machines, columns }, 'table'),
      'NAME           OWN\nvm1            p1\na-longer-name  -',
    );
    assert.equal(present({ data: [], columns, nothing: 'no machines' }, 'table'), 'no machines');
    assert.equal(present({ data: machines[0], columns }, 'table'), 'NAME  OWN\nvm1   p1');
    assert.equal(present({ data: machines[0], said: 'vm1 is made' }, 'table'), 'vm1 is made');
  });

  test('is a table of what a query leaves: objects, lists, single values', () => {
    assert.equal(shown({ query: '[].{n: name, t: tags}' }, machines), 'N\nvm1\na-longer-name');
    assert.equal(
      shown({ query: '[].[name, identity.principalId]' }, machines),
      'vm1            p1\na-longer-name  -',
    );
    assert.equal(shown({ query: '[0].name' }, machines), 'vm1');
    assert.equal(shown({ query: 'length(@)' }, machines), '2');
    assert.equal(shown({ query: '[0].nothing' }, machines), undefined);
  });

  test('is values with tabs between for programs, whatever stands in them', () => {
    assert.equal(
      shown({ output: 'tsv', query: '[].[name, tags]' }, machines),
      'vm1\t{"env":"test"}\na-longer-name\t',
    );
    assert.equal(shown({ output: 'tsv' }, ['a\tb\nc', true, 3]), 'a b c\ntrue\n3');
    assert.equal(shown({ output: 'tsv' }, null), undefined);
  });

  test('moves no cursor in any form', () => {
    const hostile = { name: 'red\u001b[31m\u009b31m\u007f\r\nforged' };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    const moving = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
    for (const form of ['table', 'json', 'yaml', 'tsv'] as const) {
      assert.doesNotMatch(present({ data: [hostile] }, form) ?? '', moving, form);
    }
    assert.deepEqual(JSON.parse(present({ data: hostile }, 'json') ?? ''), hostile);
  });

  test('of nothing is nothing for programs', () => {
    for (const form of ['json', 'yaml', 'tsv', 'none'] as const) {
      assert.equal(present({ said: 'vm1 is deleted' }, form), undefined);
    }
    assert.equal(present({ said: 'vm1 is deleted' }, 'table'), 'vm1 is deleted');
  });

  test('is refused a query that is none, or does not fit, as wrong usage', () => {
    for (const query of ['[', 'name name', "length('", 'length(@, @)', 'sum(@)', 'nosuch(@)']) {
      assert.throws(
        () => shown({ query }, machines),
        (error) => error instanceof CommandError && error.exitCode === 2 && /--query/.test(error.message),
        query,
      );
    }
  });
});
