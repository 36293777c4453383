import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import { createHttpsTransport } from '../../src/client/https.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { domestic, follow } from '../support/demo-world.ts';
import { type TestDeployment, testDeployment } from '../support/deployment.ts';
import { exchange, type TestIssuer, testIssuer } from '../support/issuer.ts';
import { openTunnel, type Tunnel } from '../support/tunnel.ts';

const program = path.resolve(import.meta.dirname, '..', 'clients', 'read-a-secret-as-a-workload.ts');
const secretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7';
const secretsUser = '4633458b-17de-408a-b874-0445c86b69e6';
const subject = 'system:serviceaccount:orders:api';

interface Workload {
  readonly clientId: string;
  readonly id: string;
}

/** A whole server with a vault, a cluster's issuer and GitHub's, each under an authority of its own on loopback. */
describe('workloads with tokens of their own platform read a secret through the official clients', () => {
  const stack = new AsyncDisposableStack();
  let deployment: TestDeployment;
  let cluster: TestIssuer;
  let github: TestIssuer;
  let tunnel: Tunnel;

  before(async () => {
    cluster = stack.use(await testIssuer({ host: 'localhost' }));
    github = stack.use(await testIssuer({ host: 'localhost', keys: '/.well-known/jwks' }));
    const hosts = [cluster, github].map(({ site }) => `localhost:${site.port}`);
    deployment = stack.use(await testDeployment({ allowIssuer: hosts.join(',') }));
    tunnel = stack.use(await openTunnel(deployment.connect));
    await deployment.arm('PUT', `${vaultId()}?api-version=2023-07-01`, {
      location: 'westeurope',
      properties: { tenantId: tenantId(), sku: { family: 'A', name: 'standard' } },
    });
    await setSecret();
  });
  after(() => stack.disposeAsync());

  const tenantId = () => deployment.server.home.tenantId;
  const vaultId = () => `${deployment.groupId}/providers/Microsoft.KeyVault/vaults/orders-kv`;

  async function grant(principalId: string, role: string): Promise<void> {
    const name = systemRandomness.uuid();
    await deployment.arm(
      'PUT',
      `${vaultId()}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`,
      {
        properties: {
          principalId,
          roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        },
      },
    );
  }

  /** As the operator, whose right to administer is none to read or write secrets. */
  async function setSecret(): Promise<void> {
    const { operator, profile } = deployment.server;
    using transport = createHttpsTransport(deployment.connect);
    const answer = await transport.request({
      name: profile.login,
      method: 'POST',
      path: `/${operator.tenantId}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: operator.clientId,
        client_secret: operator.clientSecret,
        scope: 'https://vault.azure.net/.default',
      }).toString(),
    });
    const { access_token } = JSON.parse(answer.body) as { access_token: string };
    await grant(String(jose.decodeJwt(access_token)['oid']), secretsOfficer);
    const set = await transport.request({
      name: 'orders-kv.vault.azure.net',
      method: 'PUT',
      path: '/secrets/greeting?api-version=7.4',
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ value: 'hello' }),
    });
    assert.equal(set.status, 200, set.body);
  }

  async function workload(name: string): Promise<Workload> {
    const id = `${deployment.groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
    const made = await deployment.arm('PUT', `${id}?api-version=2024-11-30`, { location: 'westeurope' });
    const { clientId, principalId } = made['properties'] as { clientId: string; principalId: string };
    await grant(principalId, secretsUser);
    return { id, clientId };
  }

  function trust({ id }: Workload, properties: object): Promise<unknown> {
    return deployment.arm('PUT', `${id}/federatedIdentityCredentials/main?api-version=2025-05-31-preview`, {
      properties: { audiences: [exchange], ...properties },
    });
  }

  async function run({ clientId }: Workload, environment: Record<string, string>): Promise<string> {
    const child = spawn(process.execPath, [program], {
      env: {
        ...domestic(),
        HTTPS_PROXY: `${tunnel.host}:${tunnel.port}`,
        NODE_USE_ENV_PROXY: '1',
        NODE_EXTRA_CA_CERTS: deployment.server.caFile,
        AZURE_TENANT_ID: tenantId(),
        AZURE_CLIENT_ID: clientId,
        ...environment,
      },
    });
    const { stdout, stderr } = await follow(child).outcome;
    return stdout.trim() || stderr;
  }

  /** A projected token as the API server of Kubernetes makes it, in the file that the kubelet keeps. */
  async function podToken(claims: object = {}): Promise<string> {
    const now = Math.floor(systemClock.now() / 1000);
    const file = deployment.folder.file(`azure-identity-token-${systemRandomness.uuid()}`);
    const token = await cluster.sign({
      aud: [exchange],
      sub: subject,
      iat: now,
      nbf: now,
      exp: now + 3600,
      jti: systemRandomness.uuid(),
      'kubernetes.io': { namespace: 'orders', serviceaccount: { name: 'api', uid: systemRandomness.uuid() } },
      ...claims,
    });
    await writeFile(file, token);
    return file;
  }

  test('a pod of Kubernetes, by WorkloadIdentityCredential and its projected token', async () => {
    const pod = await workload('orders-api');
    const file = await podToken();
    assert.equal(await run(pod, { AZURE_FEDERATED_TOKEN_FILE: file }), 'AADSTS70025');
    await trust(pod, {
      issuer: cluster.issuer,
      subject,
      innateTrust: { certificateAuthorities: cluster.site.ca },
    });
    assert.equal(await run(pod, { AZURE_FEDERATED_TOKEN_FILE: file }), 'hello');
    assert.deepEqual(cluster.site.asked, ['/.well-known/openid-configuration', '/openid/v1/jwks']);
    const other = await podToken({ sub: 'system:serviceaccount:orders:worker' });
    assert.equal(await run(pod, { AZURE_FEDERATED_TOKEN_FILE: other }), 'AADSTS700213');
    await deployment.arm('DELETE', `${pod.id}?api-version=2024-11-30`);
    assert.equal(await run(pod, { AZURE_FEDERATED_TOKEN_FILE: file }), 'AADSTS700016');
  });

  test('a pod whose cluster nobody outside reaches, by the keys pinned from it', async () => {
    const pod = await workload('orders-inside');
    const key = await cluster.makeKey('inside');
    const issuer = 'https://kubernetes.default.svc.cluster.local';
    await trust(pod, { issuer, subject, innateTrust: { keys: [key.jwk] } });
    const now = Math.floor(systemClock.now() / 1000);
    const file = deployment.folder.file('inside-token');
    await writeFile(file, await cluster.sign({ iss: issuer, sub: subject, exp: now + 3600 }, {}, key));
    assert.equal(await run(pod, { AZURE_FEDERATED_TOKEN_FILE: file }), 'hello');
    await writeFile(file, await cluster.sign({ iss: issuer, sub: subject, exp: now + 3600 }));
    assert.equal(await run(pod, { AZURE_FEDERATED_TOKEN_FILE: file }), 'AADSTS700027');
  });

  test('a pod whose cluster is in a private network and not allowed is refused, and the log says why', async () => {
    await using inside = await testIssuer({ host: 'localhost' });
    const pod = await workload('orders-refused');
    await trust(pod, {
      issuer: inside.issuer,
      subject,
      innateTrust: { certificateAuthorities: inside.site.ca },
    });
    const now = Math.floor(systemClock.now() / 1000);
    const file = deployment.folder.file('refused-token');
    await writeFile(file, await inside.sign({ sub: subject, exp: now + 3600 }));
    assert.equal(await run(pod, { AZURE_FEDERATED_TOKEN_FILE: file }), 'AADSTS501661');
    assert.match(
      deployment.log.text(),
      /the keys of 'https:\/\/localhost:\d+' cannot be had: 'localhost' is in no public network, and is not on the list/,
    );
    assert.deepEqual(inside.site.asked, []);
  });

  test('a workflow of GitHub Actions, by ClientAssertionCredential and the token of its run', async () => {
    const workflow = await workload('deploy');
    const now = Math.floor(systemClock.now() / 1000);
    const claims = (ref: string) => ({
      jti: systemRandomness.uuid(),
      sub: `repo:contoso/orders:ref:${ref}`,
      ref,
      sha: '0'.repeat(40),
      repository: 'contoso/orders',
      repository_owner: 'contoso',
      repository_owner_id: '42',
      repository_id: '7',
      run_id: '1',
      job_workflow_ref: `contoso/orders/.github/workflows/deploy.yml@${ref}`,
      event_name: 'push',
      nbf: now - 600,
      iat: now,
      exp: now + 300,
    });
    const file = deployment.folder.file('id-token');
    const runs = async (ref: string) => {
      await writeFile(file, await github.sign(claims(ref), { typ: 'JWT', x5t: github.keys[0]?.kid }));
      return await run(workflow, { ID_TOKEN_FILE: file });
    };
    const innateTrust = { certificateAuthorities: github.site.ca };
    await trust(workflow, {
      issuer: github.issuer,
      subject: 'repo:contoso/orders:ref:refs/heads/main',
      innateTrust,
    });
    assert.equal(await runs('refs/heads/main'), 'hello');
    assert.equal(await runs('refs/heads/other'), 'AADSTS700213');
    assert.deepEqual(github.site.asked, ['/.well-known/openid-configuration', '/.well-known/jwks']);
    await trust(workflow, {
      issuer: github.issuer,
      claimsMatchingExpression: {
        value: "claims['sub'] matches 'repo:contoso/orders:ref:refs/heads/release/*'",
        languageVersion: 1,
      },
      innateTrust,
    });
    assert.equal(await runs('refs/heads/main'), 'AADSTS700213');
    assert.equal(await runs('refs/heads/release/2026/11'), 'hello');
  });
});
