import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { type ClientIdentity, requestWithCertificate } from '../support/certificate-request.ts';
import { type TestDeployment, testDeployment } from '../support/deployment.ts';
import { askToken, claimsOf } from '../support/metadata-request.ts';

const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

/** The key that the agent of a machine got for the machine's identity, as it lies on the host. */
async function hostIdentity(
  deployment: TestDeployment,
  resourceId: string,
): Promise<ClientIdentity & { readonly clientId: string }> {
  await using agent = await deployment.agent();
  const { machineId } = await agent.enrol(await deployment.joinToken(resourceId));
  {
    await using endpoint = await agent.openEndpoint(resourceId, { kind: 'tcp' });
    assert.equal((await askToken(endpoint)).status, 200);
  }
  await agent[Symbol.asyncDispose]();
  const folder = path.join(deployment.folder.file('agent'), machineId);
  const file = (await readdir(folder)).find((name) => name.endsWith('.credential.json')) ?? '';
  const { clientId, certificate, privateKey } = JSON.parse(await readFile(path.join(folder, file), 'utf8'));
  return { clientId, certificate, privateKey: createPrivateKey(privateKey) };
}

test('a host’s certificate gets a bound token, which ARM and vaults take over connections with it alone, until it ends', async () => {
  await using deployment = await testDeployment();
  const { server, connect, groupId } = deployment;
  const { resourceId, principalId } = await deployment.virtualMachine('vm1');
  const as = await hostIdentity(deployment, resourceId);
  const assignment = `${groupId}/providers/Microsoft.Authorization/roleAssignments/${systemRandomness.uuid()}`;
  await deployment.arm('PUT', `${assignment}?api-version=2022-04-01`, {
    properties: {
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
      principalId,
      principalType: 'ServicePrincipal',
    },
  });
  const token = async (resource: string) =>
    await requestWithCertificate(
      connect,
      `https://mtlsauth.microsoft.com/${server.home.tenantId}/oauth2/v2.0/token`,
      {
        as,
        form: {
          grant_type: 'client_credentials',
          client_id: as.clientId,
          scope: `${resource}/.default`,
          token_type: 'mtls_pop',
        },
      },
    );
  const answer = await token('https://management.azure.com');
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body['token_type'], 'mtls_pop');
  const claims = claimsOf(answer.body['access_token']);
  assert.equal(claims['oid'], principalId);
  assert.equal(typeof (claims['cnf'] as Record<string, unknown>)['x5t#S256'], 'string');

  const read = async (host: string, shown: ClientIdentity | undefined) => {
    const headers = { authorization: `mtls_pop ${answer.body['access_token']}` };
    const url = `https://${host}${groupId}?api-version=2021-04-01`;
    return await requestWithCertificate(connect, url, { as: shown, headers });
  };
  assert.equal((await read('mtlstb.management.azure.com', as)).status, 200);
  for (const refused of [
    await read('mtlstb.management.azure.com', undefined),
    await read('management.azure.com', as),
    await read('management.azure.com', undefined),
  ]) {
    assert.equal(refused.status, 401);
    assert.deepEqual(refused.body['error'], {
      code: 'InvalidAuthenticationToken',
      message: 'The access token is invalid.',
    });
  }

  const vault = await deployment.arm(
    'PUT',
    `${groupId}/providers/Microsoft.KeyVault/vaults/bound-kv?api-version=2023-07-01`,
    {
      location: 'westeurope',
      properties: {
        tenantId: server.home.tenantId,
        sku: { family: 'A', name: 'standard' },
        enableRbacAuthorization: true,
      },
    },
  );
  assert.equal(vault['name'], 'bound-kv');
  const vaultToken = String((await token('https://vault.azure.net')).body['access_token']);
  const listSecrets = async (host: string, shown: ClientIdentity | undefined) => {
    const headers = { authorization: `Bearer ${vaultToken}` };
    return (
      await requestWithCertificate(connect, `https://${host}/secrets?api-version=7.4`, { as: shown, headers })
    ).status;
  };
  assert.equal(await listSecrets('bound-kv.mtlstb.vault.azure.net', as), 403, 'known, without a role');
  assert.equal(await listSecrets('bound-kv.vault.azure.net', as), 401);

  const { operator } = server;
  const signedIn = await requestWithCertificate(
    connect,
    `https://login.microsoftonline.com/${operator.tenantId}/oauth2/v2.0/token`,
    {
      form: {
        grant_type: 'client_credentials',
        client_id: operator.clientId,
        client_secret: operator.clientSecret,
        scope: 'https://management.azure.com/.default',
      },
    },
  );
  const deletion = await requestWithCertificate(
    connect,
    `https://mtlstb.management.azure.com${resourceId}?api-version=2024-07-01`,
    { method: 'DELETE', headers: { authorization: `Bearer ${signedIn.body['access_token']}` } },
  );
  assert.equal(deletion.status, 202, JSON.stringify(deletion.body));
  for (const header of ['location', 'azure-asyncoperation']) {
    assert.match(String(deletion.headers[header]), /^https:\/\/mtlstb\.management\.azure\.com\//);
  }
  assert.deepEqual((await token('https://management.azure.com')).body['error_codes'], [700016]);
  assert.equal((await read('mtlstb.management.azure.com', as)).status, 401);
});
