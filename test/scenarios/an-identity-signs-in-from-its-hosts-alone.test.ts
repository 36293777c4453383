import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { epochSeconds, systemClock } from '../../src/foundation/clock.ts';
import { type TestDeployment, testDeployment } from '../support/deployment.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** What the token service answers to whoever names an identity as its client. */
async function asked(
  deployment: TestDeployment,
  endpoint: 'token' | 'devicecode',
  parameters: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly text: string }> {
  const { profile, operator } = deployment.server;
  const answer = await deployment.call({
    name: profile.login,
    method: 'POST',
    path: `/${operator.tenantId}/oauth2/v2.0/${endpoint}`,
    headers: form,
    body: new URLSearchParams(parameters).toString(),
  });
  return { status: answer.status, text: answer.body };
}

function selfMadeAssertion(clientId: string, tenantId: string, loginOrigin: string): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const now = epochSeconds(systemClock);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const audience = `${loginOrigin}/${tenantId}/v2.0`;
  const signed = `${part({ alg: 'RS256', typ: 'JWT', 'x5t#S256': 'A'.repeat(43) })}.${part({ iss: clientId, sub: clientId, aud: audience, jti: 'one', nbf: now, exp: now + 300 })}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

describe('a managed identity', () => {
  test('signs in by a certificate of its hosts, and by nothing else that an application has', async () => {
    await using deployment = await testDeployment();
    const { profile, operator } = deployment.server;
    const vm = await deployment.virtualMachine('vm1');
    const extension = '/providers/Microsoft.ManagedIdentity/identities/default?api-version=2024-11-30';
    const own = (await deployment.arm('GET', `${vm.resourceId}${extension}`))['properties'];
    const id = `${deployment.groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared`;
    const shared = (await deployment.arm('PUT', `${id}?api-version=2024-11-30`, { location: 'westeurope' }))[
      'properties'
    ];
    for (const { clientId } of [own, shared] as readonly { readonly clientId: string }[]) {
      const asItself = {
        grant_type: 'client_credentials',
        client_id: clientId,
        scope: `https://${profile.management}/.default`,
      };
      const assertion = selfMadeAssertion(clientId, operator.tenantId, `https://${profile.login}`);
      for (const proof of [
        {},
        { client_secret: '' },
        { client_secret: 'guess' },
        { client_secret: clientId },
        {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        },
      ]) {
        const { status, text } = await asked(deployment, 'token', { ...asItself, ...proof } as Record<
          string,
          string
        >);
        assert.ok(status === 400 || status === 401, text);
        assert.ok(!text.includes('access_token'), text);
      }
      const scope = `openid https://${profile.management}/.default`;
      const device = await asked(deployment, 'devicecode', { client_id: clientId, scope });
      assert.ok(device.status >= 400, device.text);
      assert.ok(!device.text.includes('device_code"'), device.text);
      const page = await deployment.call({
        name: profile.login,
        method: 'GET',
        path: `/${operator.tenantId}/oauth2/v2.0/authorize?${new URLSearchParams({
          client_id: clientId,
          response_type: 'code',
          redirect_uri: 'http://localhost',
          scope,
        })}`,
      });
      assert.equal(page.status, 400);
      assert.match(page.body, /AADSTS/);
    }
  });
});
