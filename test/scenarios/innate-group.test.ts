import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';

describe('innate group', () => {
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
    const id = /object ([0-9a-f-]{36})\n$/.exec(await said('group', 'create', 'Vault readers'))?.[1] ?? '';
    await said('user', 'create', 'alice@innate.internal');
    const worker = /client ([0-9a-f-]{36})/.exec(await said('app', 'create', 'worker'))?.[1] ?? '';
    await said('group', 'create', 'inner', '--description', 'inside', '--assignable-to-roles');
    for (const member of ['alice@innate.internal', worker, 'inner']) {
      assert.equal(
        await said('group', 'add-member', 'vault readers', member),
        `${member} is in Vault readers\n`,
      );
    }
    const shown = await said('group', 'show', id);
    assert.equal(shown.split('\n')[0], `Vault readers  object ${id}`);
    for (const line of [
      /^ {2}alice@innate\.internal {2}user {2}object /m,
      /^ {2}worker {2}servicePrincipal /m,
      /^ {2}inner {2}group /m,
    ]) {
      assert.match(shown, line);
    }
    assert.equal(
      await said('group', 'remove-member', id, 'worker'),
      'worker is no longer in Vault readers\n',
    );
    assert.doesNotMatch(await said('group', 'show', id), /worker/);
    await refused(1, /does not exist/, 'group', 'remove-member', id, 'worker');
    await refused(1, /already exist/, 'group', 'add-member', id, 'inner');
    assert.match(await said('group', 'list'), /^inner {2}object /m);
    assert.match(await said('group', 'delete', 'Vault readers'), /^Vault readers is deleted/);
    await refused(1, /there is no group 'Vault readers'/, 'group', 'show', 'Vault readers');
  });

  test('says in one sentence what it can’t do', async () => {
    await said('group', 'create', 'twice');
    await said('group', 'create', 'twice');
    await refused(2, /knows create, list, show/, 'group', 'rename');
    await refused(2, /needs a name/, 'group', 'create');
    await refused(2, /needs a member/, 'group', 'add-member', 'twice');
    await refused(1, /several groups are called 'twice'/, 'group', 'delete', 'twice');
    await said('group', 'create', 'once');
    await refused(
      1,
      /there is no person, service principal or group 'x@y'/,
      'group',
      'add-member',
      'once',
      'x@y',
    );
    await refused(1, /several objects are called 'twice'/, 'group', 'add-member', 'once', 'twice');
    await refused(1, /there is no group/, 'group', 'show', "o'none");
  });
});
