import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Endpoint } from '../../src/agent/agent.ts';
import { eventually } from '../support/eventually.ts';
import { roles } from '../support/operator.ts';
import { arrangements, type Replicas } from '../support/replicas.ts';

/** Milliseconds after an acknowledgement within which every replica refuses. */
const promised = 1000;

async function withVault(start: () => Promise<Replicas>): Promise<Replicas> {
  await using stack = new AsyncDisposableStack();
  const { operator, user, host } = stack.use(await start());
  const vault = await operator.createVault(await operator.createGroup('vaults'), vaultName);
  await operator.assign(vault, roles.secretsOfficer, principalOf(await operator.token(vaultResource)));
  const set = await operator.vault(vaultName, 'PUT', secret, { value: 'x' });
  assert.equal(set.status, 200, set.body);
  const moved = stack.move();
  return { operator, user, host, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

const vaultName = 'revocation-kv';
const vaultResource = 'https://vault.azure.net';
const secret = '/secrets/greeting?api-version=7.5';

function principalOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).oid;
}

for (const { where, start, skip } of arrangements) {
  describe(`a token issued before is refused by ${where}`, { skip }, () => {
    let world: Replicas;
    before(async () => {
      world = await withVault(start);
    });
    after(() => world?.[Symbol.asyncDispose]());

    const read = async (token: string) =>
      (await world.user.vault(vaultName, 'GET', secret, undefined, token)).status;

    /** A machine that reads the secret with its token, in a group of its own, and its open endpoint. */
    async function reader(name: string) {
      const { operator, host } = world;
      const group = await operator.createGroup(name);
      const { id, principalId } = await operator.createMachine(group, name);
      const vault = `${operator.group('vaults')}/providers/Microsoft.KeyVault/vaults/${vaultName}`;
      const assignment = await operator.assign(vault, roles.secretsUser, principalId);
      const token = await host.enrol(id);
      await eventually(async () => ((await read(token)) === 200 ? true : undefined));
      const endpoint = await host.agent.openEndpoint(id, { kind: 'tcp' });
      return { group, id, principalId, assignment, token, endpoint };
    }

    /** The time from now until the vault refuses the token with this status, and goes on to refuse it. */
    async function refusedWithin(token: string, status: number): Promise<number> {
      const acknowledged = performance.now();
      const at = await eventually(async () =>
        (await read(token)) === status ? performance.now() : undefined,
      );
      for (let again = 0; again < 5; again += 1) assert.equal(await read(token), status);
      return at - acknowledged;
    }

    async function assertSilent(endpoint: Endpoint): Promise<void> {
      const last = await eventually(async () => {
        const { status, body } = await ask(endpoint);
        return status === 200 ? undefined : { status, body };
      });
      assert.equal(last.status, 400);
      assert.equal(JSON.parse(last.body).error_description, 'Identity not found');
    }

    test('as soon as its virtual machine is deleted, and the host gives no other', async () => {
      const { id, token, endpoint } = await reader('vm-deleted');
      await using _endpoint = endpoint;
      assert.equal((await ask(endpoint)).status, 200);
      await world.operator.deleteMachine(id);
      const lag = await refusedWithin(token, 401);
      assert.ok(lag <= promised, `refused ${lag} ms after the acknowledgement`);
      await assertSilent(endpoint);
      assert.deepEqual(
        world.host.agent.machines().filter((one) => one.resourceId === id),
        [],
      );
    });

    test('as soon as its role assignment is deleted', async () => {
      const { assignment, token, endpoint } = await reader('assignment-deleted');
      await using _endpoint = endpoint;
      await world.operator.arm('DELETE', `${assignment}?api-version=2022-04-01`);
      const lag = await refusedWithin(token, 403);
      assert.ok(lag <= promised, `refused ${lag} ms after the acknowledgement`);
      assert.equal((await ask(endpoint)).status, 200, 'the machine keeps its identity');
    });

    test('as soon as its identity is taken from the machine, and a new identity has no rights of the old', async () => {
      const { id, principalId, token, endpoint } = await reader('identity-dropped');
      await using _endpoint = endpoint;
      const path = `${id}?api-version=2024-07-01`;
      await world.operator.arm('PATCH', path, { identity: { type: 'None' } });
      const lag = await refusedWithin(token, 401);
      assert.ok(lag <= promised, `refused ${lag} ms after the acknowledgement`);
      await assertSilent(endpoint);

      const reply = await world.operator.arm('PATCH', path, { identity: { type: 'SystemAssigned' } });
      const { identity } = reply.json() as { identity: { principalId: string } };
      assert.notEqual(identity.principalId, principalId);
      const fresh = await eventually(async () => {
        const answer = await ask(endpoint);
        return answer.status === 200 ? (JSON.parse(answer.body).access_token as string) : undefined;
      });
      assert.equal(principalOf(fresh), identity.principalId);
      assert.equal(await read(fresh), 403);
      assert.equal(await read(token), 401);
    });

    test('once the deletion of its resource group has ended, at the latest', async () => {
      const { group, token, endpoint } = await reader('group-deleted');
      await using _endpoint = endpoint;
      const accepted = await world.operator.arm('DELETE', `${group}?api-version=2022-09-01`);
      assert.equal(accepted.status, 202);
      const { pathname, search } = new URL(String(accepted.headers['location']));
      await eventually(async () => {
        const { status } = await world.operator.arm('GET', `${pathname}${search}`);
        return status === 202 ? undefined : status;
      });
      const lag = await refusedWithin(token, 401);
      assert.ok(lag <= promised, `refused ${lag} ms after the operation's end`);
      await assertSilent(endpoint);
    });
  });
}

async function ask({ origin }: Endpoint): Promise<{ readonly status: number; readonly body: string }> {
  const query = new URLSearchParams({ 'api-version': '2018-02-01', resource: vaultResource });
  const answer = await fetch(`${origin}/metadata/identity/oauth2/token?${query}`, {
    headers: { metadata: 'true' },
  });
  return { status: answer.status, body: await answer.text() };
}
