import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const template = (resources: readonly object[], kind = 'deploymentTemplate.json') =>
  JSON.stringify({
    $schema: `https://schema.management.azure.com/schemas/2019-04-01/${kind}#`,
    contentVersion: '1.0.0.0',
    parameters: { name: { type: 'string' } },
    resources,
    outputs: { called: { type: 'string', value: "[parameters('name')]" } },
  });
const identity = {
  type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  apiVersion: '2024-11-30',
  name: "[parameters('name')]",
  location: 'westeurope',
};

describe('innate webapp, keyvault, resource, lock, provider and deployment', () => {
  let world: DemoWorld;
  let folder: TemporaryFolder;
  before(async () => {
    [world, folder] = [await demoWorld(), await temporaryFolder()];
  });
  after(async () => {
    await world?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const said = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await world.run(words);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  // biome-ignore lint/suspicious/noExplicitAny: each command has a shape of its own
  const answered = async (...words: string[]): Promise<any> => JSON.parse(await said(...words, '-o', 'json'));
  const refused = async (code: number, sentence: RegExp, ...words: string[]) => {
    const outcome = await world.run(words);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, sentence);
    assert.equal(outcome.stdout, '');
  };
  const written = (name: string, text: string): string => {
    writeFileSync(folder.file(name), text);
    return folder.file(name);
  };

  test('give a web app identities, and take them away', async () => {
    const { id } = await answered('identity', 'create', '-g', 'demo', '-n', 'shared');
    await said('webapp', 'create', '-g', 'demo', '-n', 'portal', '--assign-identity', 'shared');
    assert.equal((await answered('webapp', 'show', 'portal')).identity.type, 'UserAssigned');
    await said('webapp', 'identity', 'assign', 'portal', '--identities', '[system]');
    const shown = await answered('webapp', 'identity', 'show', 'portal');
    assert.equal(shown.type, 'SystemAssigned, UserAssigned');
    assert.deepEqual(
      Object.keys(shown.userAssignedIdentities).map((one) => one.toLowerCase()),
      [id.toLowerCase()],
    );
    assert.match(
      await said('identity', 'list-resources', 'shared'),
      /^portal +demo +microsoft\.web\/sites$/m,
    );
    await said('webapp', 'identity', 'remove', 'portal', '--identities', 'demo/shared');
    assert.equal((await answered('webapp', 'identity', 'show', 'portal')).type, 'SystemAssigned');
    await refused(
      1,
      /shared is not attached/,
      'webapp',
      'identity',
      'remove',
      'portal',
      '--identities',
      'shared',
    );
    assert.match(await said('webapp', 'delete', 'portal'), /is deleted, and its own identity with it/);
  });

  test('start and deallocate a machine, as far as its record goes', async () => {
    assert.equal(await said('vm', 'deallocate', 'vm2'), 'vm2 is deallocated\n');
    assert.equal(await said('vm', 'start', '-g', 'demo', '-n', 'vm2'), 'vm2 is started\n');
  });

  test('make, change, lock, move and delete a resource of any type', async () => {
    const storage = ['--resource-type', 'Microsoft.Storage/storageAccounts'];
    const file = written('properties.json', '{"allowBlobPublicAccess": true}');
    await said(
      'resource',
      'create',
      '-g',
      'demo',
      '-n',
      'logs',
      ...storage,
      '-p',
      `@${file}`,
      '--tags',
      'a=b',
    );
    const shown = await answered('resource', 'show', 'logs');
    assert.equal(shown.properties.allowBlobPublicAccess, true);
    const set = ['--set', 'properties.allowBlobPublicAccess=false', 'properties.network.rule=deny'];
    const { properties } = await answered(
      'resource',
      'update',
      '-n',
      'logs',
      ...storage,
      '-g',
      'demo',
      ...set,
    );
    assert.deepEqual([properties.allowBlobPublicAccess, properties.network], [false, { rule: 'deny' }]);
    assert.deepEqual(await answered('resource', 'list', '--tag', 'a=b', '--query', '[].name'), ['logs']);
    assert.deepEqual(await answered('resource', 'list', ...storage, '-n', 'other'), []);

    await said('lock', 'create', '-n', 'keep', '--resource', 'logs', '-g', 'demo', '-t', 'CanNotDelete');
    assert.match(await said('lock', 'list', '-g', 'demo'), /^keep +CanNotDelete +demo\/logs +-$/m);
    await refused(1, /locked/, 'resource', 'delete', 'logs');
    await said('lock', 'delete', 'keep', '--resource', 'demo/logs');
    await refused(3, /there is no lock/, 'lock', 'show', 'keep', '--resource', 'logs');

    await said('group', 'create', 'elsewhere');
    const moved = await said('resource', 'move', '--ids', shown.id, '--destination-group', 'elsewhere');
    assert.equal(moved, '1 resource is in elsewhere now\n');
    assert.equal((await answered('resource', 'show', 'logs')).resourceGroup, 'elsewhere');
    await said('resource', 'delete', 'elsewhere/logs');
    await refused(1, /there is no resource named 'logs'/, 'resource', 'show', 'logs');
    await refused(2, /is the id of no resource/, 'resource', 'show', '--ids', '/nothing');
    await refused(2, /sets nothing/, 'resource', 'update', 'vm1', '--set', 'a');
    await refused(2, /is no JSON/, 'resource', 'create', '-g', 'demo', '-n', 'x', ...storage, '-p', '{');
    await refused(
      1,
      /is not served/,
      'resource',
      'create',
      '-g',
      'demo',
      '-n',
      'x',
      '--resource-type',
      'Microsoft.Compute/none',
    );
  });

  test('make a vault, and set a secret of it from a file or standard input, by right', async () => {
    assert.match(await said('keyvault', 'create', '-g', 'demo', '-n', 'cli-kv'), /https:\/\/cli-kv\.vault\./);
    const secret = ['--vault-name', 'cli-kv', '-n', 'key'];
    const file = written('value', 'by file\n');
    await refused(1, /not authorized/, 'keyvault', 'secret', 'set', ...secret, '-f', file);
    const officer = [
      '--role',
      'Key Vault Secrets Officer',
      '--assignee',
      'Innate operator',
      '--scope',
      'cli-kv',
    ];
    await said('role', 'assignment', 'create', ...officer);
    await refused(3, /there is no secret cli-kv\/key/, 'keyvault', 'secret', 'show', ...secret);
    assert.equal(await said('keyvault', 'secret', 'set', ...secret, '-f', file), 'cli-kv/key is set\n');
    assert.equal((await answered('keyvault', 'secret', 'show', ...secret)).value, 'by file');
    const piped = await world.run(['keyvault', 'secret', 'set', ...secret, '-f', '-'], { input: 'piped' });
    assert.equal(piped.code, 0, piped.stderr);
    assert.equal(
      await said('keyvault', 'secret', 'show', ...secret, '--query', 'value', '-o', 'tsv'),
      'piped\n',
    );
    await refused(2, /say where its value is/, 'keyvault', 'secret', 'set', ...secret);
    await refused(2, /say which secret/, 'keyvault', 'secret', 'show', 'key');
    await refused(
      1,
      /none cannot be read/,
      'keyvault',
      'secret',
      'set',
      ...secret,
      '-f',
      folder.file('none'),
    );
    assert.match(await said('keyvault', 'delete', 'cli-kv'), /is deleted/);
  });

  test('tell which types there are', async () => {
    assert.match(await said('provider', 'list'), /^Microsoft\.Compute +Registered/m);
    const query =
      "resourceTypes[?resourceType=='virtualMachines'].apiVersions | [0] | contains(@, '2024-07-01')";
    assert.equal(await answered('provider', 'show', '-n', 'Microsoft.Compute', '--query', query), true);
    assert.match(await said('provider', 'register', 'Microsoft.Storage'), /Microsoft\.Storage +Registered/);
    await refused(3, /there is no namespace 'Not.There'/, 'provider', 'show', 'Not.There');
  });

  test('deploy a template, after saying what it would change', async () => {
    const file = written('one.json', template([identity]));
    const deployed = ['deployment', 'group'];
    const words = ['-g', 'demo', '-f', file, '-p', 'name=deployed'];
    assert.match(
      await said(...deployed, 'what-if', ...words),
      /^Create +demo\/deployed +Microsoft\.ManagedIdentity\/userAssignedIdentities$/m,
    );
    assert.equal(await said(...deployed, 'validate', ...words), 'the template is valid\n');
    await refused(3, /there is no deployment/, ...deployed, 'show', 'one', '-g', 'demo');
    const made = await answered(...deployed, 'create', ...words);
    assert.equal(made.properties.outputs.called.value, 'deployed');
    assert.match(await said('identity', 'show', 'deployed'), /deployed +demo/);
    const parameters = written(
      'one.parameters.json',
      '{"$schema":"x","parameters":{"name":{"value":"by-file"}}}',
    );
    await said(...deployed, 'create', '-g', 'demo', '-f', file, '-p', `@${parameters}`, '-n', 'again');
    assert.deepEqual((await answered(...deployed, 'list', '-g', 'demo', '--query', '[].name')).toSorted(), [
      'again',
      'one',
    ]);
    await said(...deployed, 'delete', 'again', '-g', 'demo');
    await refused(1, /name/, ...deployed, 'validate', '-g', 'demo', '-f', file);
    await refused(1, /is a template for innate deployment group/, 'deployment', 'sub', 'create', '-f', file);
    const broken = written('broken.json', '{\n  "a": ]\n}');
    await refused(
      1,
      /broken\.json:2:\d+: this is no JSON/,
      ...deployed,
      'create',
      '-g',
      'demo',
      '-f',
      broken,
    );
  });

  test('say what within a deployment failed', async () => {
    const id = "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'nobody')]";
    const machine = {
      type: 'Microsoft.Compute/virtualMachines',
      apiVersion: '2024-07-01',
      name: "[parameters('name')]",
      location: 'westeurope',
      identity: { type: 'UserAssigned', userAssignedIdentities: { [id]: {} } },
      properties: {},
    };
    const file = written('failing.json', template([machine]));
    await refused(
      1,
      /deployment operation failed[\s\S]*nobody/,
      'deployment',
      'group',
      'create',
      '-g',
      'demo',
      '-f',
      file,
      '-p',
      'name=x',
    );
  });

  test('apply a template that stands in an environment file, once', async () => {
    written('two.json', template([identity]));
    const file = written(
      'env.yaml',
      'group: demo\nresources:\n  - template: two.json\n    parameters: { name: from-file }\n',
    );
    assert.match(
      await said('apply', '-f', file),
      /^deployment demo\/two created\n1 created, 1 found as wanted\n$/,
    );
    assert.equal(await said('apply', '-f', file), 'nothing to change (2 found as wanted)\n');
    await refused(1, /it is in no resource group/, 'apply', '-f', folder.file('two.json'));
  });
});
