import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { noChromium, startChromium } from '../support/chromium.ts';
import { namedTokenService } from '../support/named-token-service.ts';
import { azureCli, challengeOf, makeApplication, makePerson, verifier } from '../support/people.ts';

const login = 'https://login.microsoftonline.com';

/** A program on the person's machine that waits for the browser to come back. */
async function waitingProgram() {
  const arrivals: string[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      if (!request.url?.startsWith('/favicon')) arrivals.push(`${request.method} ${request.url} ${body}`);
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>back</title>');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    arrivals,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('a person signs in in a real browser: by password, again without, by form, and for a device, and the browser finds nothing wrong', {
  skip: noChromium,
}, async () => {
  await using named = await namedTokenService();
  const { service, environment } = named;
  const tenantId = await service.tenant('contoso.example');
  const alice = await makePerson(service, tenantId, 'alice@contoso.example');
  const device = await service.post('/organizations/oauth2/v2.0/devicecode', {
    ...{ client_id: azureCli, scope: 'https://management.azure.com/.default' },
  });
  const app = await makeApplication(service, tenantId, {
    publicClient: { redirectUris: ['http://127.0.0.1/back'] },
  });
  await using program = await waitingProgram();
  await using page = await startChromium(
    environment['HTTPS_PROXY'] ?? '',
    environment['NODE_EXTRA_CA_CERTS'] ?? '',
  );
  const wish = (state: string, more: Record<string, string> = {}) =>
    `${login}/${tenantId}/oauth2/v2.0/authorize?${new URLSearchParams({
      ...{ client_id: app.clientId, response_type: 'code', scope: 'openid profile', state },
      ...{ redirect_uri: `http://127.0.0.1:${program.port}/back` },
      ...{ code_challenge: challengeOf(verifier), code_challenge_method: 'S256' },
      ...more,
    })}`;
  const fill = (fields: Record<string, string>, press = 'button') =>
    `${Object.entries(fields)
      .map(([id, value]) => `document.getElementById('${id}').value = ${JSON.stringify(value)};`)
      .join('')} document.querySelector('${press}').click()`;

  await page.open(wish('first'));
  assert.equal(await page.evaluate('document.title'), 'Sign in - Innate');
  assert.equal(await page.evaluate('document.activeElement.id'), 'name');
  assert.notEqual(
    await page.evaluate('getComputedStyle(document.querySelector("button")).backgroundColor'),
    'rgba(0, 0, 0, 0)',
  );
  await page.follow(fill({ name: alice.userPrincipalName, password: 'not the password' }));
  assert.match(
    String(await page.evaluate('document.querySelector("[role=alert]").textContent')),
    /not right/,
  );
  await page.follow(fill({ name: alice.userPrincipalName, password: alice.password }));
  assert.match(program.arrivals.at(-1) ?? '', /^GET \/back\?code=.*&state=first&/);

  await page.open(wish('second'));
  assert.match(program.arrivals.at(-1) ?? '', /^GET \/back\?code=.*&state=second&/);

  const posted = program.arrivals.length;
  await page.open(wish('third', { response_mode: 'form_post' }));
  while (program.arrivals.length === posted) await page.evaluate('1');
  assert.match(program.arrivals.at(-1) ?? '', /^POST \/back code=.*&state=third&/);

  await page.open(`${login}/device`);
  await page.follow(fill({ code: String(device.body['user_code']) }));
  assert.equal(await page.evaluate('document.title'), 'Confirm - Innate');
  await page.follow(fill({}, 'button[value=approve]'));
  assert.equal(await page.evaluate('document.title'), 'You are signed in - Innate');
  assert.equal(await page.evaluate('document.cookie'), '');
  // the browser tells of the answer 401 to the wrong password as well
  assert.deepEqual(
    page.complaints.filter((text) => !/status of 401/.test(text)),
    [],
  );
});
