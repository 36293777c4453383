import assert from 'node:assert/strict';
import { existsSync, watch } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { signingInPerson } from '../support/signing-in-person.ts';

const client = path.resolve(import.meta.dirname, '..', 'clients', 'sign-in-as-a-person.ts');

test('a person signs in by device code, by code and PKCE, in the browser and through an API, with msal-node and @azure/identity, told only of a proxy and an authority', async () => {
  await using fixture = await signingInPerson();
  const { named, person } = fixture;

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
    await fixture.openBrowser(await readFile(opened, 'utf8'));
  });

  const outcomes = await fixture.outcomesOf([process.execPath, client], { BROWSER: opener });

  const upn = person.userPrincipalName;
  const { toArm, toVault, toApi, onBehalf } = fixture.tokens;
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
    'on behalf, msal': { ...onBehalf, ...fresh },
    'on behalf, identity': onBehalf,
    'on behalf, without a grant': 'AADSTS65001',
    'browser, identity': [toArm, toVault],
  });
});
