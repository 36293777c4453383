import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { ownProfile } from '../../src/contract/cloud-profile.ts';
import { signingInApplication } from '../support/signing-in-application.ts';

const client = path.resolve(import.meta.dirname, '..', 'clients', 'sign-in-as-an-application.ts');

test('under names of its own, an application signs in with each credential through @azure/identity and msal-node, told only of a proxy, an authority to trust and AZURE_AUTHORITY_HOST', async () => {
  const profile = ownProfile('id.example.test');
  await using application = await signingInApplication(profile);
  const { principalId } = application;
  const token = (appidacr: string) => ({ oid: principalId, appidacr, aud: `https://${profile.vaultSuffix}` });
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
