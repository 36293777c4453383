import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ComposedServer, composedServer } from '../support/composed-server.ts';
import { eventually } from '../support/eventually.ts';
import { createHost } from '../support/host.ts';
import { roles } from '../support/operator.ts';
import { claimsOf } from '../support/people.ts';

const api = 'api-version=7.4';
const identities = 'api-version=2023-01-31';

describe('a name that is used again (T16)', () => {
  let server: ComposedServer;
  before(async () => {
    server = await composedServer();
  });
  after(() => server?.[Symbol.asyncDispose]());

  const vaultId = () => `${server.group}/providers/Microsoft.KeyVault/vaults/demo-kv`;
  const greeting = async (token: string) =>
    await server.operator.vault('demo-kv', 'GET', `/secrets/greeting?${api}`, undefined, token);
  const assignmentsOf = async (principalId: string) => {
    const filter = encodeURIComponent(`principalId eq '${principalId}'`);
    const path = `${vaultId()}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=${filter}`;
    return (await server.operator.arm('GET', path)).json().value as unknown[];
  };

  test('by a user-assigned identity gives it no rights and no credentials of the one before', async () => {
    const { operator, group } = server;
    const id = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader`;
    const make = async () =>
      (await operator.arm('PUT', `${id}?${identities}`, { location: 'westeurope' })).json().properties;
    const first = await make();
    const credential = `${id}/federatedIdentityCredentials/pipeline?${identities}`;
    const trust = {
      issuer: 'https://issuer.example',
      subject: 's',
      audiences: ['api://AzureADTokenExchange'],
    };
    await operator.arm('PUT', credential, { properties: trust });
    await operator.assign(vaultId(), roles.secretsUser, first.principalId);
    assert.equal((await assignmentsOf(first.principalId)).length, 1);

    await operator.arm('DELETE', `${id}?${identities}`);
    const second = await make();
    assert.notEqual(second.principalId, first.principalId);
    assert.notEqual(second.clientId, first.clientId);
    assert.deepEqual(await assignmentsOf(second.principalId), []);
    assert.deepEqual(await assignmentsOf(first.principalId), []);
    const trusted = await operator.arm('GET', `${id}/federatedIdentityCredentials?${identities}`);
    assert.deepEqual(trusted.json().value, []);
  });

  test('by a virtual machine lets in no host of the one before, and none that holds its join token', async () => {
    const { operator, group } = server;
    const { id, principalId } = await operator.createMachine(group, 'reborn');
    await operator.assign(vaultId(), roles.secretsUser, principalId);
    await using host = await createHost(operator);
    const token = await host.enrol(id);
    assert.equal((await greeting(token)).status, 200);
    const unused = await operator.joinToken(id);

    await operator.deleteMachine(id);
    await gone(id);
    const second = await operator.createMachine(group, 'reborn');
    assert.equal(second.id, id);
    assert.notEqual(second.principalId, principalId);
    await refused(token);
    assert.deepEqual(await assignmentsOf(second.principalId), []);
    await using late = await createHost(operator);
    await assert.rejects(late.agent.enrol(unused), 'the join token was for the one before');
    await eventually(() => host.agent.machines().every(({ resourceId }) => resourceId !== id) || undefined);
    const fresh = await late.enrol(id);
    assert.equal(claimsOf(fresh)['oid'], second.principalId);
    assert.equal((await greeting(fresh)).status, 403);
  });

  /** What was given to the one before, for good. */
  async function refused(token: string): Promise<void> {
    await eventually(async () => (await greeting(token)).status === 401 || undefined);
  }

  /** Deletion goes on behind its answer. */
  async function gone(id: string): Promise<void> {
    const authorization = `Bearer ${await server.operator.token('https://management.azure.com')}`;
    const request = { host: 'management.azure.com', method: 'GET', path: `${id}?api-version=2024-07-01` };
    await eventually(async () => {
      const { status } = await server.send({ ...request, headers: { authorization } });
      return status === 404 || undefined;
    });
  }
});
