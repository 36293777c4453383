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
    const id =
      /object ([0-9a-f-]{36})\n$/.exec(await said('ad', 'group', 'create', 'Vault readers'))?.[1] ?? '';
    await said('ad', 'user', 'create', 'alice@innate.internal');
    const worker = /client ([0-9a-f-]{36})/.exec(await said('ad', 'app', 'create', 'worker'))?.[1] ?? '';
    await said('ad', 'group', 'create', 'inner', '--description', 'inside', '--assignable-to-roles');
    for (const member of ['alice@innate.internal', worker, 'inner']) {
      assert.equal(
        await said('ad', 'group', 'add-member', 'vault readers', member),
        `${member} is in Vault readers\n`,
      );
    }
    const shown = await said('ad', 'group', 'show', id);
    assert.equal(shown.split('\n')[0], `Vault readers  object ${id}`);
    for (const line of [
      /^ {2}alice@innate\.internal {2}user {2}object /m,
      /^ {2}worker {2}servicePrincipal /m,
      /^ {2}inner {2}group /m,
    ]) {
      assert.match(shown, line);
    }
    assert.equal(
      await said('ad', 'group', 'remove-member', id, 'worker'),
      'worker is no longer in Vault readers\n',
    );
    assert.doesNotMatch(await said('ad', 'group', 'show', id), /worker/);
    await refused(1, /does not exist/, 'ad', 'group', 'remove-member', id, 'worker');
    await refused(1, /already exist/, 'ad', 'group', 'add-member', id, 'inner');
    assert.match(await said('ad', 'group', 'list'), /^inner {2}object /m);
    assert.match(await said('ad', 'group', 'delete', 'Vault readers'), /^Vault readers is deleted/);
    await refused(1, /there is no group 'Vault readers'/, 'ad', 'group', 'show', 'Vault readers');
  });

  test('says in one sentence what it can’t do', async () => {
    await said('ad', 'group', 'create', 'twice');
    await said('ad', 'group', 'create', 'twice');
    await refused(2, /knows create, list, show/, 'ad', 'group', 'rename');
    await refused(2, /needs a name/, 'ad', 'group', 'create');
    await refused(2, /needs a member/, 'ad', 'group', 'add-member', 'twice');
    await refused(1, /several groups are called 'twice'/, 'ad', 'group', 'delete', 'twice');
    await said('ad', 'group', 'create', 'once');
    await refused(
      1,
      /there is no person, service principal or group 'x@y'/,
      'ad',
      'group',
      'add-member',
      'once',
      'x@y',
    );
    await refused(1, /several objects are called 'twice'/, 'ad', 'group', 'add-member', 'once', 'twice');
    await refused(1, /there is no group/, 'ad', 'group', 'show', "o'none");
  });
});
