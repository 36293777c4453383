import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { TestBrowser } from '../support/browser.ts';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';
import { toLogin } from '../support/operator.ts';
import { azureCli, challengeOf, verifier } from '../support/people.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('innate ad user', () => {
  let world: DemoWorld;
  before(async () => {
    world = await demoWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  const said = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await world.run(['ad', 'user', ...words]);
    assert.equal(code, 0, stderr);
    return stdout;
  };

  /** The title of the page that a name and a password lead to; empty where they lead back to the application. */
  async function enter(name: string, password: string): Promise<string> {
    const host = new URL(world.innate.ready.endpoints.login).host;
    const browser = new TestBrowser(host, toLogin(world.operator, host));
    const query = new URLSearchParams({
      ...{ client_id: azureCli, response_type: 'code', scope: 'openid' },
      ...{ redirect_uri: 'http://localhost:1', code_challenge: challengeOf(verifier) },
      code_challenge_method: 'S256',
    });
    const page = await browser.get(`/organizations/oauth2/v2.0/authorize?${query}`);
    return (await browser.submit(page, { name, password })).title;
  }

  test('makes a person, whose made-up password is printed once and replaced at the first sign-in', async () => {
    const name = 'alice@innate.internal';
    const made = await said('create', name, '--display-name', 'Alice Example');
    const row =
      /^USER +NAME +OBJECT +PASSWORD\nalice@innate\.internal {2}Alice Example {2}[0-9a-f-]{36} {2}([\w-]{20})\n$/;
    assert.match(made, row);
    const password = row.exec(made)?.[1] ?? '';
    assert.equal(await enter(name, password), 'Choose a new password');
    const listed = await said('list');
    assert.ok(listed.includes('alice@innate.internal') && !listed.includes(password));
  });

  test('sets a password from a file, which ends the one before', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('password');
    await writeFile(file, 'an excellent one\nsecond line\n');
    const name = 'bob@innate.internal';
    const first = JSON.parse(await said('create', name, '--keep', '-o', 'json')).password;
    assert.equal(await enter(name, first), '');
    assert.equal(
      await said('set-password', name, '--keep', '--password-file', file),
      `${name} has a new password\n`,
    );
    assert.equal(await enter(name, first), 'Sign in');
    assert.equal(await enter(name, 'an excellent one'), '');
  });

  test('shows a person, and deletes them', async () => {
    const name = 'dora@innate.internal';
    await said('create', name, '--display-name', 'Dora');
    assert.match(await said('show', name), /^dora@innate\.internal {2}Dora {2}[0-9a-f-]{36}$/m);
    assert.match(await said('delete', name), /^dora@innate\.internal is deleted/);
    assert.ok(!(await said('list')).includes(name));
    const gone = await world.run(['ad', 'user', 'show', name]);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /there is nobody called 'dora@innate\.internal'/);
  });

  test('says in one sentence what it can’t do', async () => {
    for (const [words, code, sentence] of [
      [['rename'], 2, /unknown command 'rename'/],
      [['create'], 2, /say which user name/],
      [['create', 'alice'], 2, /say which user name/],
      [['create', 'a@elsewhere.example'], 1, /domain/],
      [['set-password', 'nobody@innate.internal'], 1, /does not exist/],
      [['create', 'c@innate.internal', '--password-file', '/nowhere'], 1, /can't be read/],
    ] as const) {
      const outcome = await world.run(['ad', 'user', ...words]);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, sentence);
      assert.equal(outcome.stdout, '');
    }
  });
});
