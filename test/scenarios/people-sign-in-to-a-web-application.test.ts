import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { test } from 'node:test';
import { TestBrowser } from '../support/browser.ts';
import { namedTokenService } from '../support/named-token-service.ts';
import { makeApplication, makePerson } from '../support/people.ts';

const client = path.resolve(import.meta.dirname, '..', 'clients', 'sign-in-to-a-web-application.ts');

test('a web application that takes any OpenID provider signs a person in, reads who they are, renews and signs out, with openid-client', async () => {
  await using named = await namedTokenService();
  const { service, environment } = named;
  const tenantId = await service.tenant('contoso.example');
  const alice = await makePerson(service, tenantId, 'alice@contoso.example');
  const app = await makeApplication(service, tenantId, {
    web: { redirectUris: ['https://orders.example/callback'] },
  });
  const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
  const child = spawn(process.execPath, [client], {
    stdio: 'pipe',
    env: { ...environment, ISSUER: issuer, CLIENT_ID: app.clientId, CLIENT_SECRET: app.secret },
  });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => void child.kill());
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });

  const browser = new TestBrowser(service.origin);
  const pathOf = (text: string) => text.replace(/^https:\/\/[^/]+/, '');
  let outcomes: Record<string, unknown> | undefined;
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const told = JSON.parse(line);
    if (told.url !== undefined) {
      const page = await browser.get(pathOf(told.url));
      const back = await browser.submit(page, { name: alice.userPrincipalName, password: alice.password });
      child.stdin.write(`${back.leftFor?.href}\n`);
    }
    outcomes ??= told.outcomes;
  }
  assert.ok(outcomes, said);
  const { end, ...learned } = outcomes;
  assert.deepEqual(learned, {
    ...{ issuer, name: 'Alice', user: alice.userPrincipalName },
    ...{ sameSubject: true, facts: 'Alice', renewed: true },
  });
  const out = await browser.get(pathOf(String(end)));
  assert.equal(out.leftFor?.href, 'https://orders.example/callback?state=over');
  assert.equal(browser.cookies.has('__Host-innate-session'), false);
});
