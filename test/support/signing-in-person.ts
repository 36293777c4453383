import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import readline from 'node:readline';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { insertClientCertificate } from '../../src/server/directory/client-certificate-store.ts';
import { type BrowserPage, formOf, TestBrowser } from './browser.ts';
import { type NamedTokenService, namedTokenService } from './named-token-service.ts';
import {
  azureCli,
  grantForAll,
  makeApplication,
  makePerson,
  type TestApplication,
  type TestPerson,
} from './people.ts';
import { makeClientKey, pemOf } from './token-service.ts';

/** What tokens of the person say. */
export interface PersonTokens {
  readonly toArm: object;
  readonly toVault: object;
  readonly toApi: object;
  /** What the API is given on the person's behalf. */
  readonly onBehalf: object;
}

/** A person, an application that they use, an API that it calls for them, and the environment of a program that is both. */
export interface SigningInPerson extends AsyncDisposable {
  readonly named: NamedTokenService;
  readonly person: TestPerson;
  readonly front: TestApplication;
  /** May act on people's behalf at ARM, and nowhere else. */
  readonly api: TestApplication;
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Runs a program that prints a line of JSON for each thing that the person is to do, and does it: `userCode` is typed
   * into the page at `verificationUri`; `url` is opened, and the address that the browser is sent back to written to the
   * program; `browser` is opened, and the browser goes back.
   *
   * @returns what the program prints as `outcomes`
   */
  outcomesOf(
    command: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<Record<string, unknown>>;
  readonly tokens: PersonTokens;
  /** Opens a page in a new browser, signs in, and goes back to the application. */
  openBrowser(url: string): Promise<void>;
}

const arm = { appId: '797f4846-ba00-4fd7-ba43-dac1f8f63013' };

export async function signingInPerson(): Promise<SigningInPerson> {
  await using stack = new AsyncDisposableStack();
  const named = stack.use(await namedTokenService());
  const { service } = named;
  const tenantId = await service.tenant('contoso.example');
  const person = await makePerson(service, tenantId, 'alice@contoso.example');
  const front = await makeApplication(service, tenantId, {
    publicClient: { redirectUris: ['http://localhost/back', 'http://localhost'] },
    isFallbackPublicClient: true,
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
  const key = await makeClientKey();
  await service.database.transaction((transaction) =>
    insertClientCertificate(transaction, {
      ...{ tenantId, clientId: api.clientId, keyId: systemRandomness.uuid() },
      ...{ certificate: key.certificate.raw, at: service.clock.now() },
    }),
  );
  await writeFile(named.file('api.pem'), pemOf(key));

  const environment = {
    ...named.environment,
    AZURE_TENANT_ID: tenantId,
    FRONT_CLIENT_ID: front.clientId,
    API_SCOPE: `api://${api.clientId}/Orders.Read`,
    API_CLIENT_ID: api.clientId,
    API_CLIENT_SECRET: api.secret,
    API_CERTIFICATE_PATH: named.file('api.pem'),
  };

  const credentials = { name: person.userPrincipalName, password: person.password };
  async function approve(userCode: string): Promise<void> {
    const browser = new TestBrowser(service.origin);
    const page = await browser.submit(await browser.get('/device'), { user_code: userCode });
    const question = await browser.submit(page, credentials);
    await browser.submit(question, {}, { press: ['answer', 'approve'] });
  }
  async function visit(url: string): Promise<BrowserPage> {
    const { pathname, search } = new URL(url);
    const browser = new TestBrowser(service.origin);
    return await browser.submit(await browser.get(`${pathname}${search}`), credentials);
  }
  async function openBrowser(url: string): Promise<void> {
    const page = await visit(url);
    if (page.leftFor !== undefined) {
      await fetch(page.leftFor);
      return;
    }
    const { action, fields } = formOf(page);
    await fetch(action, { method: 'POST', body: fields });
  }

  const [upn, scp] = [person.userPrincipalName, 'user_impersonation'];
  const toArm = { aud: 'https://management.azure.com', scp, upn, appid: azureCli };
  const tokens = {
    toArm,
    toVault: { ...toArm, aud: 'https://vault.azure.net' },
    toApi: { aud: `api://${api.clientId}`, scp: 'Orders.Read', upn, appid: front.clientId },
    onBehalf: { ...toArm, appid: api.clientId },
  };
  const parts = stack.move();
  return {
    ...{ named, person, front, api, environment, openBrowser, tokens },
    async outcomesOf([file = '', ...args], more = {}) {
      await using running = new AsyncDisposableStack();
      const child = spawn(file, args, { stdio: 'pipe', env: { ...environment, ...more } });
      running.defer(() => void child.kill());
      let said = '';
      child.stderr.on('data', (text) => (said += text));
      let outcomes: Record<string, unknown> | undefined;
      for await (const line of readline.createInterface({ input: child.stdout })) {
        const told = JSON.parse(line);
        if (told.userCode !== undefined) {
          assert.equal(told.verificationUri, 'https://login.microsoftonline.com/device');
          await approve(told.userCode);
        }
        if (told.url !== undefined) child.stdin.write(`${(await visit(told.url)).leftFor?.href}\n`);
        if (told.browser !== undefined) await openBrowser(told.browser);
        if (told.outcomes !== undefined) outcomes = told.outcomes;
      }
      assert.ok(outcomes, said);
      return outcomes;
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
