import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { insertClientCertificate } from '../../src/server/directory/client-certificate-store.ts';
import { follow } from '../support/demo-world.ts';
import { namedTokenService } from '../support/named-token-service.ts';
import { type ClientKey, makeClientKey } from '../support/token-service.ts';

const client = path.resolve(import.meta.dirname, '..', 'clients', 'sign-in-as-an-application.ts');

const pemOf = ({ privateKey, certificate }: ClientKey) =>
  `${privateKey.export({ type: 'pkcs8', format: 'pem' })}${certificate}`;

test('an application signs in with secret, certificate, chain and assertion through @azure/identity and msal-node, told only of a proxy and an authority', async () => {
  await using named = await namedTokenService();
  const { service, environment } = named;
  const tenantId = await service.tenant();
  const { clientId, principalId, secret } = await service.application(tenantId);
  const key = await makeClientKey();
  await service.database.transaction((transaction) =>
    insertClientCertificate(transaction, {
      tenantId,
      clientId,
      keyId: systemRandomness.uuid(),
      certificate: key.certificate.raw,
      at: service.clock.now(),
    }),
  );
  await writeFile(named.file('client.pem'), pemOf(key));
  await writeFile(named.file('other.pem'), pemOf(await makeClientKey()));

  const child = spawn(process.execPath, [client], {
    stdio: 'pipe',
    env: {
      ...environment,
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: clientId,
      AZURE_CLIENT_SECRET: secret,
      AZURE_CLIENT_CERTIFICATE_PATH: named.file('client.pem'),
      OTHER_CERTIFICATE_PATH: named.file('other.pem'),
    },
  });
  const { code, stdout, stderr } = await follow(child).outcome;
  assert.equal(code, 0, stderr);

  const token = (appidacr: string) => ({ oid: principalId, appidacr, aud: 'https://vault.azure.net' });
  assert.deepEqual(JSON.parse(stdout), {
    'identity secret': token('1'),
    'identity certificate': token('2'),
    'identity chain': token('2'),
    'identity assertion': token('2'),
    'identity wrong secret': 'AADSTS7000215',
    'identity other certificate': 'AADSTS700027',
    'identity unknown client': 'AADSTS700016',
    'msal secret': token('1'),
    'msal sha-256': token('2'),
    'msal sha-1': token('2'),
    'msal assertion': token('2'),
    'msal wrong secret': 'AADSTS7000215',
  });
});
