import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';

describe('innate ad group', () => {
  let world: DemoWorld;
  before(async () => {
    world = await demoWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  const run = (...words: string[]) => world.run(words);
  const said = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...words);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const refused = async (code: number, sentence: RegExp, ...words: string[]) => {
    const outcome = await run(...words);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, sentence);
    assert.equal(outcome.stdout, '');
  };

  test('makes a group, puts people, service principals and groups in by name, and takes them out', async () => {
    const idOf = async (...words: string[]) =>
      (await said('ad', ...words, '-o', 'tsv', '--query', 'appId || id')).trim();
    const id = await idOf('group', 'create', 'Vault readers');
    await said('ad', 'user', 'create', 'alice@innate.internal');
    const worker = await idOf('app', 'create', 'worker');
    await said('ad', 'group', 'create', 'inner', '--description', 'inside', '--assignable-to-roles');
    for (const member of ['alice@innate.internal', worker, 'inner']) {
      assert.equal(
        await said('ad', 'group', 'member', 'add', 'vault readers', member),
        `${member} is in Vault readers\n`,
      );
    }
    assert.match(await said('ad', 'group', 'show', id), /^Vault readers {2}[0-9a-f-]{36} {2}-$/m);
    const members = await said('ad', 'group', 'member', 'list', '-g', id);
    for (const line of [
      /^alice@innate\.internal +user +[0-9a-f-]{36}$/m,
      /^worker +servicePrincipal /m,
      /^inner +group /m,
    ]) {
      assert.match(members, line);
    }
    assert.equal(
      await said('ad', 'group', 'member', 'remove', id, 'worker'),
      'worker is no longer in Vault readers\n',
    );
    assert.doesNotMatch(await said('ad', 'group', 'member', 'list', id), /worker/);
    await refused(1, /does not exist/, 'ad', 'group', 'member', 'remove', id, 'worker');
    await refused(1, /already exist/, 'ad', 'group', 'member', 'add', id, 'inner');
    assert.match(await said('ad', 'group', 'list'), /^inner +[0-9a-f-]{36} +inside$/m);
    assert.match(await said('ad', 'group', 'delete', 'Vault readers'), /^Vault readers is deleted/);
    await refused(1, /there is no group 'Vault readers'/, 'ad', 'group', 'show', 'Vault readers');
  });

  test('says in one sentence what it can’t do', async () => {
    await said('ad', 'group', 'create', 'twice');
    await said('ad', 'group', 'create', 'twice');
    await refused(2, /unknown command 'rename'/, 'ad', 'group', 'rename');
    await refused(2, /say what the group is called/, 'ad', 'group', 'create');
    await refused(2, /say which member/, 'ad', 'group', 'member', 'add', 'twice');
    await refused(1, /several groups are called 'twice'/, 'ad', 'group', 'delete', 'twice');
    await said('ad', 'group', 'create', 'once');
    await refused(
      1,
      /there is no person, service principal or group 'x@y'/,
      'ad',
      'group',
      'member',
      'add',
      'once',
      'x@y',
    );
    await refused(1, /several objects are called 'twice'/, 'ad', 'group', 'member', 'add', 'once', 'twice');
    await refused(1, /there is no group/, 'ad', 'group', 'show', "o'none");
  });
});
