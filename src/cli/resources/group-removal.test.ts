import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { JsonReader } from '../../client/json-reader.ts';
import type { ResourceManagerClient, Watch } from '../../client/resource-manager-client.ts';
import type { Progress } from '../progress.ts';
import { removeGroup } from './group-removal.ts';

const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/demo';
const some = (count: number) => Array.from({ length: count }, (_, at) => new JsonReader({ at }, 'one'));

describe('the deletion of a resource group', () => {
  test('tells how many resources remain, and goes on where they cannot be counted', async () => {
    const pages = [
      async () => ({ items: some(1000), more: true }),
      async () => ({ items: some(2), more: false }),
      async () => Promise.reject(new Error('gone')),
      async () => ({ items: some(1), more: false }),
      async () => ({ items: [], more: false }),
    ];
    const resources: Pick<ResourceManagerClient, 'page' | 'delete'> = {
      page: () => (pages.shift() ?? assert.fail('asked too often'))(),
      async delete(id: string, _: string, watch: Watch = () => {}) {
        assert.equal(id, group);
        while (pages.length > 0) await watch();
      },
    };
    const told: string[] = [];
    const progress: Progress = {
      during: async (title, task) => task((how) => void told.push(`${title}: ${how}`)),
    };
    await removeGroup({ resources }, progress, group);
    assert.deepEqual(told, [
      'Deleting resource group demo: more than 1000 resources remain',
      'Deleting resource group demo: 2 resources remain',
      'Deleting resource group demo: 1 resource remains',
    ]);
  });
});
