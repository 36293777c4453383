import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { signingInApplication } from '../support/signing-in-application.ts';

const client = path.resolve(import.meta.dirname, '..', 'clients', 'sign-in-as-an-application.ts');

test('an application signs in with secret, certificate, chain and assertion through @azure/identity and msal-node, told only of a proxy and an authority', async () => {
  await using application = await signingInApplication();
  const { principalId } = application;
  const token = (appidacr: string) => ({ oid: principalId, appidacr, aud: 'https://vault.azure.net' });
  assert.deepEqual(await application.outcomesOf([process.execPath, client]), {
    'identity secret': token('1'),
    'identity certificate': token('2'),
    'identity chain': token('2'),
    'identity assertion': token('2'),
    'identity workload': token('2'),
    'identity other workload': 'AADSTS700213',
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
