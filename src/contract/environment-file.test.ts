import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Ajv } from 'ajv';
import { environmentFileSchema, environmentJsonSchema } from './environment-file.ts';

const shipped = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '..', '..', 'schemas', 'environment.json'), 'utf8'),
);

describe('the schema of environment files', () => {
  test('is shipped for editors as it is (node bin/with-node.mjs schemas/write.ts)', () => {
    assert.deepEqual(shipped, environmentJsonSchema());
  });

  test('accepts and refuses what editors accept and refuse', () => {
    const holds = new Ajv({ strict: false }).compile(shipped);
    const secret = (value: unknown) => ({ resources: [{ vault: 'v', secrets: { a: value } }] });
    const carrier = (more: object) => ({ group: 'g', resources: [{ vm: 'vm1', ...more }] });
    const role = { role: 'Reader', assignee: 'vm1', scope: 'v' };
    for (const good of [
      {},
      { group: 'g', location: 'westeurope', groups: [{ name: 'g', tags: { a: 'b' } }] },
      carrier({ identity: 'system' }),
      carrier({ identity: ['system', 'a', 'other/b'], dependsOn: 'v', properties: { hardwareProfile: {} } }),
      { resources: [{ identity: 'a', federatedCredentials: [{ name: 'n', issuer: 'i', subject: 's' }] }] },
      {
        resources: [
          { type: 'A.B/c/d', name: 'x/y', apiVersion: '2024-01-01', kind: 'k', sku: { name: 's' } },
        ],
      },
      { resources: [{ template: 'a.json', parameters: { p: 1 }, group: 'g' }] },
      { resources: [{ webapp: 'w', tags: { a: '' } }] },
      secret('x'),
      secret({ valueFrom: { environment: 'X' } }),
      secret({ valueFrom: { file: 'x' } }),
      { roleAssignments: [role, { ...role, assignee: ['a', 'b'], scope: { group: 'g' } }] },
      { roleAssignments: [{ ...role, scope: { subscription: 'default' }, description: 'd' }] },
    ]) {
      assert.equal(environmentFileSchema.safeParse(good).success, true, JSON.stringify(good));
      assert.equal(holds(good), true, JSON.stringify([good, holds.errors]));
    }
    for (const bad of [
      null,
      [],
      { grup: 'g' },
      { group: 'a/b' },
      { groups: [{ location: 'x' }] },
      carrier({ identity: [] }),
      carrier({ identity: 1 }),
      carrier({ identitie: 'system' }),
      carrier({ secrets: {} }),
      carrier({ webapp: 'w' }),
      { resources: [{}] },
      { resources: { vm: 'vm1' } },
      { resources: [{ type: 'Nothing', name: 'x' }] },
      { resources: [{ type: 'A.B/c' }] },
      { resources: [{ vm: 'vm1', tags: { version: 1 } }] },
      { resources: [{ identity: 'a', federatedCredentials: [{ name: 'n' }] }] },
      secret(1),
      secret({ valueFrom: {} }),
      secret({ valueFrom: { environment: 'X', file: 'y' } }),
      secret({ valueFrom: { command: 'x' } }),
      { resources: [{ vault: 'v', secrets: { 'a b': 'x' } }] },
      { roleAssignments: [{ role: 'Reader', scope: 'v' }] },
      { roleAssignments: [{ ...role, scope: { subscription: 'other' } }] },
      { roleAssignments: [{ ...role, assignee: [] }] },
    ]) {
      assert.equal(environmentFileSchema.safeParse(bad).success, false, JSON.stringify(bad));
      assert.equal(holds(bad), false, JSON.stringify(bad));
    }
  });
});
