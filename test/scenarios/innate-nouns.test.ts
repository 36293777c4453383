import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('innate group, identity, vm and role', () => {
  let world: DemoWorld;
  before(async () => {
    world = await demoWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  const said = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await world.run(words);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  /** What a command answers to a program. */
  // biome-ignore lint/suspicious/noExplicitAny: each command has a shape of its own
  const answered = async (...words: string[]): Promise<any> => JSON.parse(await said(...words, '-o', 'json'));
  const refused = async (code: number, sentence: RegExp, ...words: string[]) => {
    const outcome = await world.run(words);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, sentence);
    assert.equal(outcome.stdout, '');
  };

  test('make a resource group with tags, find it by them, and delete it with all that it holds', async () => {
    assert.match(
      await said('group', 'create', '-n', 'orders', '-l', 'northeurope', '--tags', 'env=test', 'team=a b'),
      /^NAME +LOCATION +STATUS\norders +northeurope +Succeeded\n$/,
    );
    const shown = await answered('group', 'show', '-g', 'orders');
    assert.deepEqual(shown.tags, { env: 'test', team: 'a b' });
    assert.deepEqual(await answered('group', 'list', '--tag', 'env=test', '--query', '[].name'), ['orders']);
    assert.deepEqual((await answered('group', 'update', 'orders', '--tags', '')).tags, {});
    assert.deepEqual(await answered('group', 'list', '--tag', 'env'), []);
    assert.equal(await said('group', 'exists', 'orders'), 'true\n');
    await said('vm', 'create', '-g', 'orders', '-n', 'worker');
    assert.match(
      await said('group', 'delete', '--name', 'orders', '--yes'),
      /^resource group orders is deleted/,
    );
    assert.equal(await said('group', 'exists', '-n', 'orders', '-o', 'tsv'), 'false\n');
    await refused(3, /there is no resource group 'orders'/, 'group', 'show', 'orders');
    await refused(3, /there is no resource group 'orders'/, 'group', 'delete', 'orders');
  });

  test('make an identity, and say whose tokens open it', async () => {
    const made = await answered('identity', 'create', '-g', 'demo', '-n', 'orders-api', '--tags', 'a=b');
    assert.match(made.principalId, guid);
    assert.equal(made.resourceGroup, 'demo');
    assert.deepEqual(made.tags, { a: 'b' });
    assert.equal(
      await said('identity', 'show', '--ids', made.id, '--query', 'clientId', '-o', 'tsv'),
      `${made.clientId}\n`,
    );
    const owner = ['--identity-name', 'orders-api', '-g', 'demo'];
    const facts = ['--issuer', 'https://token.actions.githubusercontent.com', '--subject'];
    const credentials = ['identity', 'federated-credential'];
    await said(...credentials, 'create', '-n', 'main', ...owner, ...facts, 'repo:a/b:ref:refs/heads/main');
    await refused(
      1,
      /main already exists/,
      ...credentials,
      'create',
      '-n',
      'main',
      ...owner,
      ...facts,
      'other',
    );
    await said(...credentials, 'update', '-n', 'main', ...owner, ...facts, 'repo:a/b:environment:test');
    const [only, ...others] = await answered(...credentials, 'list', ...owner);
    assert.deepEqual(others, []);
    assert.equal(only.subject, 'repo:a/b:environment:test');
    assert.deepEqual(only.audiences, ['api://AzureADTokenExchange']);
    await said(...credentials, 'delete', 'main', ...owner);
    await refused(3, /there is no federated credential/, ...credentials, 'show', 'main', ...owner);
    await refused(
      3,
      /there is no federated credential/,
      ...credentials,
      'update',
      'main',
      ...owner,
      ...facts,
      'x',
    );
    assert.equal(await said(...credentials, 'list', ...owner), 'no federated credentials\n');
    assert.deepEqual(await answered('identity', 'list-resources', ...owner.slice(2), '-n', 'orders-api'), []);
    assert.match(await said('identity', 'delete', 'orders-api'), /is deleted/);
    assert.equal(await said('identity', 'list'), 'no user-assigned identities\n');
  });

  test('make machines with and without an identity, and show what they carry', async () => {
    const made = await answered(
      'vm',
      'create',
      '-g',
      'demo',
      '-n',
      'vm7',
      '--role',
      'Reader',
      '--scope',
      'demo-kv',
    );
    assert.equal(made.identity.type, 'SystemAssigned');
    assert.equal(
      await said('vm', 'identity', 'show', '-n', 'vm7', '-o', 'tsv', '--query', 'principalId'),
      `${made.identity.principalId}\n`,
    );
    assert.deepEqual(
      await answered(
        'role',
        'assignment',
        'list',
        '--assignee',
        'vm7',
        '--all',
        '--query',
        '[].roleDefinitionName',
      ),
      ['Reader'],
    );
    assert.equal((await answered('vm', 'create', 'vm8', '-g', 'demo', '--no-identity')).identity, undefined);
    assert.equal(await said('vm', 'identity', 'show', 'vm8'), 'it carries no identity\n');
    assert.match(
      await said('vm', 'identity', 'assign', '-g', 'demo', '-n', 'vm8'),
      /^IDENTITY +PRINCIPAL\nsystem +[0-9a-f-]{36}\n$/,
    );
    await said('vm', 'identity', 'remove', 'vm8', '--identities', '[system]');
    await refused(1, /it has no identity of its own/, 'vm', 'identity', 'remove', 'vm8');
    assert.deepEqual((await answered('vm', 'update', 'vm8', '--tags', 'a=b')).tags, { a: 'b' });
    const both = [world.vm1.id, world.vm2.id];
    assert.deepEqual(await answered('vm', 'show', '--ids', ...both, '--query', '[].name'), ['vm1', 'vm2']);
    await said('vm', 'delete', '-g', 'demo', '-n', 'vm7');
    await refused(1, /there is no virtual machine named 'vm7'/, 'vm', 'show', 'vm7');
    await refused(3, /there is no virtual machine \/sub/, 'vm', 'show', '-g', 'demo', '-n', 'vm7');
  });

  test('give roles once, list who has them where, and take them away', async () => {
    const grant = ['--role', 'Key Vault Reader', '--assignee', 'vm2', '--scope', 'demo-kv'];
    const made = await answered('role', 'assignment', 'create', ...grant);
    assert.equal(made.principalName, 'vm2');
    assert.equal(made.principalType, 'ServicePrincipal');
    assert.equal((await answered('role', 'assignment', 'create', ...grant)).id, made.id);
    assert.match(
      await said('role', 'assignment', 'list', '--assignee', 'vm2', '--all'),
      /^vm2 +Key Vault Reader +demo\/demo-kv$/m,
    );
    assert.deepEqual(await answered('role', 'assignment', 'list', '--assignee', 'vm2'), []);
    const inherited = ['--scope', 'demo-kv', '--include-inherited', '--query', '[].roleDefinitionName'];
    const names = await answered('role', 'assignment', 'list', ...inherited);
    assert.ok(names.includes('Key Vault Reader') && names.includes('Owner'), names);
    assert.equal(await said('role', 'assignment', 'delete', ...grant), '1 role assignment is deleted\n');
    assert.equal(await said('role', 'assignment', 'delete', ...grant), 'there is no such role assignment\n');
    await refused(2, /say which: --ids/, 'role', 'assignment', 'delete');
    await refused(
      1,
      /there is no role 'Reeder'/,
      'role',
      'assignment',
      'create',
      '--role',
      'Reeder',
      '--assignee',
      'vm2',
    );
    await refused(
      1,
      /there is no person/,
      'role',
      'assignment',
      'create',
      '--role',
      'Reader',
      '--assignee',
      'vm99',
    );
    assert.match(await said('role', 'definition', 'list', '-n', 'Owner'), /^ROLE +ID +KIND\nOwner /);
  });

  test('show the same as a table, as JSON, as YAML, as values with tabs, or not at all', async () => {
    const query = [
      'vm',
      'list',
      '--query',
      "[?name=='vm1'].{name: name, at: location, own: identity.principalId}",
    ];
    const { principalId } = world.vm1;
    assert.equal(await said(...query), `NAME  AT          OWN\nvm1   westeurope  ${principalId}\n`);
    assert.equal(
      await said(...query, '-o', 'yaml'),
      `- name: vm1\n  at: westeurope\n  own: ${principalId}\n`,
    );
    assert.equal(await said(...query, '-o', 'tsv'), `vm1\twesteurope\t${principalId}\n`);
    assert.equal(await said(...query, '-o', 'none'), '');
    await refused(2, /--query is refused/, 'vm', 'delete', 'vm1', '--query', '[');
    assert.match(await said('vm', 'show', 'vm1'), /vm1/);
    await refused(2, /Allowed choices are table, json, yaml, tsv, none/, 'vm', 'list', '-o', 'xml');
  });

  test('say what they need where it is missing', async () => {
    await refused(2, /say what the virtual machine is called/, 'vm', 'create', '-g', 'demo');
    await refused(2, /in which resource group/, 'vm', 'create', '-n', 'x');
    await refused(1, /there is no resource group 'none'/, 'vm', 'create', '-n', 'x', '-g', 'none');
    await refused(
      2,
      /--role is for/,
      'vm',
      'create',
      '-n',
      'x',
      '-g',
      'demo',
      '--no-identity',
      '--role',
      'a',
      '--scope',
      'b',
    );
    await refused(2, /--role needs --scope/, 'vm', 'create', '-n', 'x', '-g', 'demo', '--role', 'Reader');
    await refused(2, /say which virtual machine/, 'vm', 'delete');
    await refused(1, /is the id of no user-assigned identity/, 'identity', 'show', '--ids', world.vm1.id);
    await refused(2, /'=x' is no tag/, 'group', 'create', 'x', '--tags', '=x');
    await refused(2, /given twice/, 'group', 'create', 'x', '--tags', 'a=1', 'a=2');
    await refused(2, /unknown command 'rename'/, 'vm', 'rename');
    await refused(1, /there is no subscription 'other'/, 'vm', 'list', '--subscription', 'other');
  });
});
