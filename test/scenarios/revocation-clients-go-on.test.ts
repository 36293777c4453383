import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ResourceManagementClient } from '@azure/arm-resources';
import { ClientSecretCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { ManagedIdentityApplication } from '@azure/msal-node';
import { type TestDeployment, testDeployment } from '../support/deployment.ts';
import { openTunnel, type Tunnel } from '../support/tunnel.ts';

const vaultName = 'goes-on-kv';
const officer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7';
const user = '4633458b-17de-408a-b874-0445c86b69e6';

describe('unmodified clients go on when their tokens are revoked in mid-session (H9, g.1)', () => {
  let deployment: TestDeployment;
  let tunnel: Tunnel;
  before(async () => {
    deployment = await testDeployment();
    tunnel = await openTunnel(deployment.connect);
    setDefaultCACertificates([...getCACertificates(), deployment.connect.ca]);
    const vault = await deployment.arm(
      'PUT',
      `${deployment.groupId}/providers/Microsoft.KeyVault/vaults/${vaultName}?api-version=2023-07-01`,
      {
        location: 'westeurope',
        properties: {
          tenantId: deployment.server.operator.tenantId,
          sku: { family: 'A', name: 'standard' },
          enableRbacAuthorization: true,
        },
      },
    );
    await assign(String(vault['id']), officer, await principalOfOperator());
  });
  after(async () => {
    await tunnel?.[Symbol.asyncDispose]();
    await deployment?.[Symbol.asyncDispose]();
  });

  async function principalOfOperator(): Promise<string> {
    const token = await credential().getToken('https://management.azure.com/.default');
    return payloadOf(token.token)['oid'] as string;
  }

  async function assign(scope: string, role: string, principalId: string): Promise<void> {
    const name = crypto.randomUUID();
    await deployment.arm(
      'PUT',
      `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`,
      {
        properties: {
          roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}`,
          principalId,
          principalType: 'ServicePrincipal',
        },
      },
    );
  }

  const proxyOptions = () => ({ host: tunnel.host, port: tunnel.port });

  function credential(): ClientSecretCredential {
    const { tenantId, clientId, clientSecret } = deployment.server.operator;
    return new ClientSecretCredential(tenantId, clientId, clientSecret, { proxyOptions: proxyOptions() });
  }

  /** Answers of one client, seen from below: status and challenge of each. */
  function watched(seen: { status: number; challenge: string | undefined }[]) {
    return {
      policy: {
        name: 'watch',
        async sendRequest(request: never, next: (request: never) => Promise<never>) {
          const answer = (await next(request)) as unknown as {
            status: number;
            headers: { get(name: string): string | undefined };
          };
          seen.push({ status: answer.status, challenge: answer.headers.get('www-authenticate') });
          return answer as never;
        },
      },
      position: 'perRetry' as const,
    };
  }

  test('an application reads its secret and its resource groups, and sees no error', async () => {
    const own = credential();
    const atVault: { status: number; challenge: string | undefined }[] = [];
    const atManagement: { status: number; challenge: string | undefined }[] = [];
    const options = { proxyOptions: proxyOptions(), retryOptions: { maxRetries: 0 } };
    const secrets = new SecretClient(`https://${vaultName}.vault.azure.net`, own, {
      ...options,
      additionalPolicies: [watched(atVault)] as never,
    });
    const subscription = deployment.groupId.split('/')[2] ?? '';
    const resources = new ResourceManagementClient(own, subscription, {
      ...options,
      additionalPolicies: [watched(atManagement)] as never,
    });
    await secrets.setSecret('greeting', 'hello');
    assert.equal((await resources.resourceGroups.get('demo')).name, 'demo');
    const before = await own.getToken('https://vault.azure.net/.default', { enableCae: true });
    assert.deepEqual(payloadOf(before.token)['xms_cc'], ['CP1']);
    const forGraph = await own.getToken('https://graph.microsoft.com/.default', { enableCae: true });
    assert.equal((await readGraph(forGraph.token)).status, 200);

    const principalId = payloadOf(before.token)['oid'];
    await deployment.arm('POST', '/providers/Innate.Tokens/revokeTokens?api-version=2026-11-01', {
      principalId,
    });
    atVault.length = 0;
    atManagement.length = 0;

    assert.equal((await secrets.getSecret('greeting')).value, 'hello');
    assert.equal((await resources.resourceGroups.get('demo')).name, 'demo');
    for (const seen of [atVault, atManagement]) {
      assert.deepEqual(
        seen.map(({ status }) => status),
        [401, 200],
      );
      const challenge = seen[0]?.challenge ?? '';
      assert.match(
        challenge,
        /^Bearer realm="", authorization_uri="https:\/\/[^"]+", error="insufficient_claims", claims="[A-Za-z0-9+/]+={0,2}"$/,
      );
      const claims = JSON.parse(atob(/claims="([^"]+)"/.exec(challenge)?.[1] ?? ''));
      assert.equal(claims.access_token.nbf.essential, true);
      const fresh = await own.getToken('https://vault.azure.net/.default', { enableCae: true });
      assert.ok((payloadOf(fresh.token)['nbf'] as number) >= Number(claims.access_token.nbf.value));
    }
    const refused = await readGraph(forGraph.token);
    assert.equal(refused.status, 401);
    assert.match(
      refused.challenge,
      /^Bearer realm="", .*client_id="[^"]+", error="insufficient_claims", claims="/,
    );
    const claims = atob(/claims="([^"]+)"/.exec(refused.challenge)?.[1] ?? '');
    const renewed = await own.getToken('https://graph.microsoft.com/.default', { enableCae: true, claims });
    assert.equal((await readGraph(renewed.token)).status, 200);
    // and from here on as before
    assert.equal((await secrets.getSecret('greeting')).value, 'hello');
    assert.equal(atVault.at(-1)?.status, 200);
    assert.equal(atVault.length, 3);
  });

  test('a program on a machine asks its host again with the claims of the challenge', async () => {
    await deployment.renew();
    const { resourceId, principalId } = await deployment.virtualMachine('goes-on');
    const vault = `${deployment.groupId}/providers/Microsoft.KeyVault/vaults/${vaultName}`;
    await assign(vault, user, principalId);
    await using agent = await deployment.agent();
    await agent.enrol(await deployment.joinToken(resourceId));
    await using endpoint = await agent.openEndpoint(resourceId, { kind: 'tcp' });
    const [name = ''] = Object.keys(endpoint.environment);
    process.env[name] = endpoint.environment[name];
    try {
      const identity = new ManagedIdentityApplication({ clientCapabilities: ['cp1'] });
      const first = await identity.acquireToken({ resource: 'https://vault.azure.net' });
      assert.deepEqual(payloadOf(first.accessToken)['xms_cc'], ['CP1']);
      await deployment.arm('POST', '/providers/Innate.Tokens/revokeTokens?api-version=2026-11-01', {
        principalId,
      });
      const refused = await read(first.accessToken);
      assert.equal(refused.status, 401);
      const claims = atob(/claims="([^"]+)"/.exec(refused.challenge)?.[1] ?? '');
      const second = await identity.acquireToken({ resource: 'https://vault.azure.net', claims });
      assert.notEqual(second.accessToken, first.accessToken);
      assert.equal((await read(second.accessToken)).status, 200);
    } finally {
      delete process.env[name];
    }
  });

  test('whoever is disabled or gone is told so plainly: no new token would help', async () => {
    await deployment.renew();
    const { resourceId } = await deployment.virtualMachine('gone');
    await using agent = await deployment.agent();
    await agent.enrol(await deployment.joinToken(resourceId));
    await using endpoint = await agent.openEndpoint(resourceId, { kind: 'tcp' });
    const query = new URLSearchParams({
      'api-version': '2018-02-01',
      resource: 'https://vault.azure.net',
      xms_cc: 'cp1',
    });
    const answer = await fetch(`${endpoint.origin}/metadata/identity/oauth2/token?${query}`, {
      headers: { metadata: 'true' },
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    assert.deepEqual(payloadOf(token)['xms_cc'], ['CP1']);
    await deployment.arm('DELETE', resourceId);
    const refused = await read(token);
    assert.equal(refused.status, 401);
    assert.doesNotMatch(refused.challenge, /insufficient_claims/);
  });

  async function readGraph(token: string) {
    return await get('graph.microsoft.com', '/v1.0/servicePrincipals?$top=1', token);
  }

  async function read(token: string): Promise<{ readonly status: number; readonly challenge: string }> {
    return await get(`${vaultName}.vault.azure.net`, '/secrets/greeting?api-version=7.5', token);
  }

  async function get(name: string, path: string, token: string) {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await deployment.call({ name, method: 'GET', path, headers });
    return { status: answer.status, challenge: String(answer.headers['www-authenticate'] ?? '') };
  }
});

function payloadOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
}
