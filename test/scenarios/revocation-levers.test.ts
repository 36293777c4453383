import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import { eventually } from '../support/eventually.ts';
import { type Call, Operator, type Reply, roles } from '../support/operator.ts';
import { arrangements, type Replicas } from '../support/replicas.ts';
import { inUse } from '../support/use-in-a-loop.ts';

/** Milliseconds from an acknowledgement to the start of the last use that goes well, at most (V1 to V6, V8). */
const promised = 1000;
const vaultName = 'levers-kv';
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const resources = {
  vault: 'https://vault.azure.net',
  management: 'https://management.azure.com',
  graph: 'https://graph.microsoft.com',
} as const;
type Surface = keyof typeof resources;
const surfaces = Object.keys(resources) as Surface[];

for (const { where, start, skip } of arrangements) {
  describe(`what an administrator takes away is refused by ${where}`, { skip }, () => {
    let world: Replicas;
    let vault: string;
    let group: string;
    before(async () => {
      world = await start();
      const { operator } = world;
      group = await operator.createGroup('levers');
      vault = await operator.createVault(group, vaultName);
      const { oid } = jose.decodeJwt(await operator.token(resources.vault));
      await operator.assign(vault, roles.secretsOfficer, String(oid));
      await operator.vault(vaultName, 'PUT', '/secrets/greeting?api-version=7.5', { value: 'x' });
    });
    after(() => world?.[Symbol.asyncDispose]());

    /** As the operator, whose tokens of before may be of a key that is revoked. */
    async function graph(method: string, path: string, body?: unknown): Promise<Reply> {
      using operator = new Operator(world.operator.ready);
      const call: Call = {
        host: 'graph.microsoft.com',
        method,
        path: `/v1.0${path}`,
        headers: {
          authorization: `Bearer ${await operator.token(resources.graph)}`,
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      };
      const reply = await operator.call(call);
      assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${reply.body}`);
      return reply;
    }

    async function arm(method: string, path: string, body?: unknown): Promise<Reply> {
      using operator = new Operator(world.operator.ready);
      return await operator.arm(method, path, body);
    }

    /** What surfaces answer to a token: 401 where it is not taken, 403 where its holder may not. */
    async function statusAt(surface: Surface, token: string): Promise<number> {
      const headers = { authorization: `Bearer ${token}` };
      switch (surface) {
        case 'vault':
          return (
            await world.user.vault(vaultName, 'GET', '/secrets/greeting?api-version=7.5', undefined, token)
          ).status;
        case 'management':
          return (
            await world.user.call({
              host: 'management.azure.com',
              path: `${group}?api-version=2022-09-01`,
              headers,
            })
          ).status;
        case 'graph':
          return (
            await world.user.call({
              host: 'graph.microsoft.com',
              path: '/v1.0/servicePrincipals?$top=1',
              headers,
            })
          ).status;
      }
    }

    /** A machine with an open endpoint, the rights of its own, and a token for each surface. */
    async function machine(name: string) {
      const { host } = world;
      const { id, principalId } = await new Operator(world.operator.ready).createMachine(group, name);
      await host.agent.enrol(await new Operator(world.operator.ready).joinToken(id));
      const endpoint = await host.agent.openEndpoint(id, { kind: 'tcp' });
      const ask = async (surface: Surface) => {
        const query = new URLSearchParams({ 'api-version': '2018-02-01', resource: resources[surface] });
        const answer = await fetch(`${endpoint.origin}/metadata/identity/oauth2/token?${query}`, {
          headers: { metadata: 'true' },
        });
        return { status: answer.status, body: (await answer.json()) as { access_token?: string } };
      };
      const tokens: Partial<Record<Surface, string>> = {};
      for (const surface of surfaces) {
        tokens[surface] = await eventually(async () => (await ask(surface)).body.access_token);
      }
      return { id, principalId, endpoint, ask, tokens: tokens as Record<Surface, string> };
    }

    /** Every surface goes on to take the tokens until something is done, and none does afterwards. */
    async function assertEnds(tokens: Record<Surface, string>, lever: () => Promise<unknown>): Promise<void> {
      const uses = await Promise.all(
        surfaces.map((surface) => inUse(async () => (await statusAt(surface, tokens[surface])) !== 401)),
      );
      await lever();
      const lags = await Promise.all(uses.map((use) => use.acknowledged()));
      assert.ok(Math.max(...lags) <= promised, `taken until ${lags.join(', ')} ms after the acknowledgement`);
    }

    async function assertSilent(
      ask: (surface: Surface) => Promise<{ readonly status: number }>,
    ): Promise<void> {
      await eventually(async () => ((await ask('vault')).status === 200 ? undefined : true));
      for (const surface of surfaces) assert.notEqual((await ask(surface)).status, 200);
    }

    test('a principal that is disabled, at vault, resource manager and directory, and its host falls silent (V1, V2)', async () => {
      const { principalId, tokens, ask, endpoint } = await machine('disabled');
      await using _endpoint = endpoint;
      const enable = (accountEnabled: boolean) =>
        graph('PATCH', `/servicePrincipals/${principalId}`, { accountEnabled });
      await assertEnds(tokens, () => enable(false));
      await assertSilent(ask);
      await enable(true);
      const again = await eventually(async () => (await ask('graph')).body.access_token);
      await eventually(async () => ((await statusAt('graph', again)) === 401 ? undefined : true));
    });

    test('tokens of before a revocation, and its host hands out new ones (V1, H9)', async () => {
      const { principalId, tokens, ask, endpoint } = await machine('revoked');
      await using _endpoint = endpoint;
      await assertEnds(tokens, () =>
        arm('POST', '/providers/Innate.Tokens/revokeTokens?api-version=2026-11-01', { principalId }),
      );
      const fresh = await eventually(async () => {
        const token = (await ask('graph')).body.access_token;
        return token === undefined || token === tokens.graph ? undefined : token;
      });
      assert.notEqual(await statusAt('graph', fresh), 401);
    });

    test('rights that end with a role assignment; rights of a new one are there as soon (V3, V4)', async () => {
      const { principalId, tokens, endpoint } = await machine('roles');
      await using _endpoint = endpoint;
      assert.equal(await statusAt('vault', tokens.vault), 403);
      const assign = async (scope: string, role: string) => {
        using operator = new Operator(world.operator.ready);
        return await operator.assign(scope, role, principalId);
      };
      const secretsUser = await assign(vault, roles.secretsUser);
      const onGroup = await assign(group, reader);
      const given = performance.now();
      for (const surface of ['vault', 'management'] as const) {
        await eventually(async () => ((await statusAt(surface, tokens[surface])) === 200 ? true : undefined));
      }
      assert.ok(performance.now() - given <= promised);
      for (const [surface, assignment] of [
        ['vault', secretsUser],
        ['management', onGroup],
      ] as const) {
        const use = await inUse(async () => (await statusAt(surface, tokens[surface])) === 200);
        await arm('DELETE', `${assignment}?api-version=2022-04-01`);
        const lag = await use.acknowledged();
        assert.ok(lag <= promised, `${surface}: ${lag} ms`);
        assert.equal(await statusAt(surface, tokens[surface]), 403);
      }
    });

    test('rights of a group, once its member has left (V5)', async () => {
      const { principalId, tokens, endpoint } = await machine('member');
      await using _endpoint = endpoint;
      const made = await graph('POST', '/groups', {
        displayName: 'readers',
        mailEnabled: false,
        mailNickname: 'readers',
        securityEnabled: true,
      });
      const { id } = made.json();
      await arm(
        'PUT',
        `${vault}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}?api-version=2022-04-01`,
        {
          properties: {
            roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${roles.secretsUser}`,
            principalId: id,
            principalType: 'Group',
          },
        },
      );
      await graph('POST', `/groups/${id}/members/$ref`, {
        '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${principalId}`,
      });
      await eventually(async () => ((await statusAt('vault', tokens.vault)) === 200 ? true : undefined));
      const use = await inUse(async () => (await statusAt('vault', tokens.vault)) === 200);
      await graph('DELETE', `/groups/${id}/members/${principalId}/$ref`);
      const lag = await use.acknowledged();
      assert.ok(lag <= promised, `${lag} ms`);
    });

    test('tokens of a signing key that is revoked, and hosts hand out others (V6)', async () => {
      const { tokens, ask, endpoint } = await machine('key');
      await using _endpoint = endpoint;
      const { kid } = jose.decodeProtectedHeader(tokens.vault);
      await assertEnds(tokens, () =>
        arm('POST', `/providers/Innate.Tokens/signingKeys/${kid}/revoke?api-version=2026-11-01`),
      );
      const fresh = await eventually(async () => {
        const token = (await ask('graph')).body.access_token;
        return token === undefined || jose.decodeProtectedHeader(token).kid === kid ? undefined : token;
      });
      assert.notEqual(await statusAt('graph', fresh), 401);
    });
  });
}
