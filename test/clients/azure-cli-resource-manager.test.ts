import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { azureCli } from '../support/azure-cli.ts';
import { notAsked } from '../support/client-packages.ts';

const skip = notAsked('azure-cli');

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
}

describe('the Azure CLI', { skip }, () => {
  test('lists, tags, exports and moves resources, and groups them', async () => {
    await using cli = await azureCli();
    const az = await cli.asOperator();
    const names = (found: readonly Listed[]) => found.map(({ name }) => name).sort();

    await az('group', 'create', '--name', 'from', '--location', 'westeurope', '--tags', 'env=test');
    await az('group', 'create', '--name', 'to', '--location', 'westeurope');
    assert.equal(await az('group', 'exists', '--name', 'from'), true);
    assert.equal(await az('group', 'exists', '--name', 'none'), false);
    assert.deepEqual(names(await az('group', 'list', '--tag', 'env=test')), ['from']);
    await az('group', 'update', '--name', 'from', '--set', 'tags.team=red');
    const account = (name: string, ...more: string[]) =>
      az(
        ...['resource', 'create', '--resource-group', 'from', '--name', name],
        ...['--resource-type', 'Microsoft.Storage/storageAccounts', '--api-version', '2023-01-01'],
        ...['--is-full-object', '--properties', '{"location":"westeurope","kind":"StorageV2"}', ...more],
      );
    const made: Listed = await account('movedaccount1');
    await account('stayingaccount1');
    await az('resource', 'tag', '--ids', made.id, '--tags', 'env=moved');
    const list = (...words: string[]) => az('resource', 'list', ...words);
    assert.deepEqual(names(await list('--tag', 'env=moved')), ['movedaccount1']);
    assert.deepEqual(names(await list('--resource-group', 'from')), ['movedaccount1', 'stayingaccount1']);
    assert.deepEqual(names(await list('--name', 'stayingaccount1')), ['stayingaccount1']);
    const ofType = ['--resource-type', 'Microsoft.Storage/storageAccounts'];
    assert.equal((await list(...ofType, '--location', 'westeurope')).length, 2);

    await az('tag', 'update', '--resource-id', made.id, '--operation', 'merge', '--tags', 'more=x');
    const { properties } = await az('tag', 'list', '--resource-id', made.id);
    assert.deepEqual(properties.tags, { env: 'moved', more: 'x' });
    assert.ok((await az('tag', 'list')).some((each: { tagName: string }) => each.tagName === 'more'));

    const template = await az('group', 'export', '--name', 'from', '--include-parameter-default-value');
    assert.equal(template.resources.length, 2);
    const moves = ['--destination-group', 'to', '--ids', made.id];
    await az('resource', 'move', ...moves);
    assert.deepEqual(names(await list('--resource-group', 'to')), ['movedaccount1']);
    const shown: Listed = await az('resource', 'show', '--ids', made.id.replace('/from/', '/to/'));
    assert.deepEqual(shown.tags, { env: 'moved', more: 'x' });

    const locations: readonly Listed[] = await az('account', 'list-locations');
    assert.ok(locations.some(({ name }) => name === 'westeurope'));
    await az('group', 'delete', '--name', 'from', '--yes');
    assert.equal(await az('group', 'exists', '--name', 'from'), false);
  });

  test('registers the deployment as a cloud from nothing but its address', async () => {
    await using cli = await azureCli();
    const az = await cli.asOperator();
    const address = 'https://management.azure.com';
    await az('cloud', 'register', '--name', 'Innate', '--endpoint-resource-manager', address);
    const { endpoints } = await az('cloud', 'show', '--name', 'Innate');
    assert.equal(endpoints.activeDirectoryResourceId, 'https://management.core.windows.net/');
    assert.match(endpoints.activeDirectory, /^https:\/\/login\.microsoftonline\.com/);

    const discovery = `${address}/metadata/endpoints?api-version=2019-05-01`;
    const listed = cli.start('discovery', 'vm1', 'environment', ['cloud', 'list'], {
      ARM_CLOUD_METADATA_URL: discovery,
    });
    const { code, stdout, stderr } = await listed.outcome;
    assert.equal(code, 0, stderr);
    const [cloud] = JSON.parse(stdout);
    assert.equal(cloud.name, 'AzureCloud');
    assert.equal(cloud.endpoints.resourceManager, `${address}/`);
    assert.match(cloud.suffixes.keyvaultDns, /vault\.azure\.net$/);
  });
});
