import { once } from 'node:events';
import readline from 'node:readline';
import { DeviceCodeCredential, InteractiveBrowserCredential, OnBehalfOfCredential } from '@azure/identity';
import {
  type AuthenticationResult,
  ConfidentialClientApplication,
  CryptoProvider,
  PublicClientApplication,
} from '@azure/msal-node';

/**
 * Programs as written for Azure, by which a person signs in: on another device, in a browser with a code that comes back,
 * and at an API that acts on the person's behalf. Prints what the person is to do, a line of JSON each, reads the address
 * that the browser comes back with, and prints the outcomes in the end. Nothing here knows of Innate.
 */
const {
  AZURE_TENANT_ID: tenantId = '',
  /** A public application, and the scope of the API that it calls. */
  FRONT_CLIENT_ID: frontId = '',
  API_SCOPE: apiScope = '',
  API_CLIENT_ID: apiId = '',
  API_CLIENT_SECRET: apiSecret = '',
} = process.env;
const azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';
const host = 'https://login.microsoftonline.com';
const arm = 'https://management.azure.com/.default';
const vault = 'https://vault.azure.net/.default';

const outcomes: Record<string, unknown> = {};
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const lines = readline.createInterface({ input: process.stdin });

function claims(token: string | undefined) {
  const { aud, scp, upn, appid } = JSON.parse(
    Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString(),
  );
  return { aud, scp, upn, appid };
}

/** What stands in the account's name, from the cache or fresh. */
function seen(result: AuthenticationResult | null) {
  return { ...claims(result?.accessToken), account: result?.account?.username, cached: result?.fromCache };
}

async function attempt(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    outcomes[name] = await work();
  } catch (error) {
    outcomes[name] = /AADSTS\d+/.exec(String(error))?.[0] ?? String(error);
  }
}

async function onAnotherDevice() {
  const application = new PublicClientApplication({
    auth: { clientId: azureCli, authority: `${host}/organizations` },
  });
  const first = await application.acquireTokenByDeviceCode({
    scopes: [arm],
    deviceCodeCallback: ({ userCode, verificationUri }) => print({ userCode, verificationUri }),
  });
  const account = first?.account;
  if (!account) throw new Error('no account');
  const again = await application.acquireTokenSilent({ account, scopes: [arm] });
  const elsewhere = await application.acquireTokenSilent({ account, scopes: [vault] });
  const forced = await application.acquireTokenSilent({ account, scopes: [arm], forceRefresh: true });
  return [first, again, elsewhere, forced].map(seen);
}

async function byDeviceCredential() {
  const credential = new DeviceCodeCredential({
    tenantId,
    userPromptCallback: ({ userCode, verificationUri }) => print({ userCode, verificationUri }),
  });
  const first = await credential.getToken(arm);
  const second = await credential.getToken(vault);
  return [claims(first.token), claims(second.token)];
}

async function withACode() {
  const authority = `${host}/${tenantId}`;
  const application = new PublicClientApplication({ auth: { clientId: frontId, authority } });
  const redirectUri = 'http://localhost:3000/back';
  const { challenge, verifier } = await new CryptoProvider().generatePkceCodes();
  const url = await application.getAuthCodeUrl({
    ...{ scopes: [apiScope], redirectUri, codeChallenge: challenge, codeChallengeMethod: 'S256' },
    state: 'of the program',
  });
  print({ url });
  const [line] = (await once(lines, 'line')) as [string];
  const answer = new URL(line).searchParams;
  const first = await application.acquireTokenByCode({
    ...{ scopes: [apiScope], redirectUri, codeVerifier: verifier, code: answer.get('code') ?? '' },
  });
  const account = first.account;
  if (!account) throw new Error('no account');
  const again = await application.acquireTokenSilent({ account, scopes: [apiScope] });
  const forced = await application.acquireTokenSilent({ account, scopes: [apiScope], forceRefresh: true });
  outcomes['state'] = answer.get('state');

  const assertion = first.accessToken;
  await attempt('on behalf, msal', async () => {
    const api = new ConfidentialClientApplication({
      auth: { clientId: apiId, clientSecret: apiSecret, authority },
    });
    return seen(await api.acquireTokenOnBehalfOf({ oboAssertion: assertion, scopes: [arm] }));
  });
  await attempt('on behalf, identity', async () => {
    const credential = new OnBehalfOfCredential({
      ...{ tenantId, clientId: apiId, clientSecret: apiSecret, userAssertionToken: assertion },
    });
    return claims((await credential.getToken(arm)).token);
  });
  await attempt('on behalf, without a grant', async () => {
    const credential = new OnBehalfOfCredential({
      ...{ tenantId, clientId: apiId, clientSecret: apiSecret, userAssertionToken: assertion },
    });
    return claims((await credential.getToken(vault)).token);
  });
  return [first, again, forced].map(seen);
}

/** Opens the person's browser by itself. */
async function inTheBrowser() {
  const credential = new InteractiveBrowserCredential({ tenantId });
  const first = await credential.getToken(arm);
  const second = await credential.getToken(vault);
  return [claims(first.token), claims(second.token)];
}

await Promise.all([
  attempt('device, msal', onAnotherDevice),
  attempt('device, identity', byDeviceCredential),
  attempt('code, msal', withACode),
  attempt('browser, identity', inTheBrowser),
]);
print({ outcomes });
lines.close();
