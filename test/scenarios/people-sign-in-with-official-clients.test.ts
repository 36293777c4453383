import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import readline from 'node:readline';
import { test } from 'node:test';
import { formOf, TestBrowser } from '../support/browser.ts';
import { namedTokenService } from '../support/named-token-service.ts';
import { azureCli, grantForAll, makeApplication, makePerson } from '../support/people.ts';

const client = path.resolve(import.meta.dirname, '..', 'clients', 'sign-in-as-a-person.ts');
const arm = { appId: '797f4846-ba00-4fd7-ba43-dac1f8f63013' };

test('a person signs in by device code, by code and PKCE, in the browser and through an API, with msal-node and @azure/identity, told only of a proxy and an authority', async () => {
  await using named = await namedTokenService();
  const { service, environment } = named;
  const tenantId = await service.tenant('contoso.example');
  const alice = await makePerson(service, tenantId, 'alice@contoso.example');
  const front = await makeApplication(service, tenantId, {
    publicClient: { redirectUris: ['http://localhost/back'] },
  });
  const api = await makeApplication(service, tenantId, {
    api: {
      oauth2PermissionScopes: [
        {
          ...{ id: '11111111-1111-4111-8111-111111111111', value: 'Orders.Read', type: 'Admin' },
          ...{ isEnabled: true, adminConsentDisplayName: 'x', adminConsentDescription: 'x' },
        },
      ],
    },
  });
  await grantForAll(service, front, api, 'Orders.Read');
  await grantForAll(service, api, arm, 'user_impersonation');

  // what the system opens for a browser: it leaves the address in a file
  const opener = named.file('browser.sh');
  const opened = named.file('opened');
  await writeFile(
    opener,
    `#!/bin/sh\nprintf %s "$1" > "${opened}.part" && mv "${opened}.part" "${opened}"\n`,
  );
  await chmod(opener, 0o755);
  const watcher = watch(path.dirname(opened));
  watcher.on('change', async () => {
    if (!existsSync(opened)) return;
    watcher.close();
    const { action, fields } = formOf(await visit(await readFile(opened, 'utf8')));
    await fetch(action, { method: 'POST', body: fields });
  });

  const child = spawn(process.execPath, [client], {
    stdio: 'pipe',
    env: {
      ...environment,
      AZURE_TENANT_ID: tenantId,
      FRONT_CLIENT_ID: front.clientId,
      API_SCOPE: `api://${api.clientId}/Orders.Read`,
      API_CLIENT_ID: api.clientId,
      API_CLIENT_SECRET: api.secret,
      BROWSER: opener,
    },
  });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => void child.kill());
  let said = '';
  child.stderr.on('data', (text) => (said += text));

  const credentials = { name: alice.userPrincipalName, password: alice.password };
  async function approve(userCode: string): Promise<void> {
    const browser = new TestBrowser(service.origin);
    const page = await browser.submit(await browser.get('/device'), { user_code: userCode });
    const question = await browser.submit(page, credentials);
    await browser.submit(question, {}, { press: ['answer', 'approve'] });
  }
  async function visit(url: string) {
    const { pathname, search } = new URL(url);
    const browser = new TestBrowser(service.origin);
    return await browser.submit(await browser.get(`${pathname}${search}`), credentials);
  }

  let outcomes: Record<string, unknown> | undefined;
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const told = JSON.parse(line);
    if (told.userCode !== undefined) {
      assert.equal(told.verificationUri, 'https://login.microsoftonline.com/device');
      await approve(told.userCode);
    }
    if (told.url !== undefined) child.stdin.write(`${(await visit(told.url)).leftFor?.href}\n`);
    if (told.outcomes !== undefined) outcomes = told.outcomes;
  }
  assert.ok(outcomes, said);

  const upn = alice.userPrincipalName;
  const scp = 'user_impersonation';
  const toArm = { aud: 'https://management.azure.com', scp, upn, appid: azureCli };
  const toVault = { ...toArm, aud: 'https://vault.azure.net' };
  const toApi = { aud: `api://${api.clientId}`, scp: 'Orders.Read', upn, appid: front.clientId };
  const fresh = { account: upn, cached: false };
  assert.deepEqual(outcomes, {
    'device, msal': [
      { ...toArm, ...fresh },
      { ...toArm, account: upn, cached: true },
      { ...toVault, ...fresh },
      { ...toArm, ...fresh },
    ],
    'device, identity': [toArm, toVault],
    state: 'of the program',
    'code, msal': [
      { ...toApi, ...fresh },
      { ...toApi, account: upn, cached: true },
      { ...toApi, ...fresh },
    ],
    'on behalf, msal': { ...toArm, appid: api.clientId, ...fresh },
    'on behalf, identity': { ...toArm, appid: api.clientId },
    'on behalf, without a grant': 'AADSTS65001',
    'browser, identity': [toArm, toVault],
  });
});
