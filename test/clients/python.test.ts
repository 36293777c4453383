import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CloudProfile, ownProfile } from '../../src/contract/cloud-profile.ts';
import { notAsked, preparedPython } from '../support/client-packages.ts';
import { type DemoWorld, demoWorld, programOutcomes } from '../support/demo-world.ts';
import { noIsolation } from '../support/isolation.ts';
import { signingInApplication } from '../support/signing-in-application.ts';
import { signingInPerson } from '../support/signing-in-person.ts';
import { tokensToValidate } from '../support/tokens-to-validate.ts';

describe('the Azure SDK for Python', { skip: notAsked('python') }, () => {
  let world: DemoWorld;
  let program: readonly string[];
  before(async () => {
    const { folder, python } = await preparedPython();
    program = [python, path.join(folder, 'read_secret.py')];
    world = await demoWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  const runAs = (machine: string, mode: string, secret = 'greeting') =>
    world.run(['run', machine, '--mode', mode, '--', ...program, 'https://demo-kv.vault.azure.net', secret]);

  test('a Python program reads a secret, isolated', { skip: noIsolation }, async () => {
    const { code, stdout, stderr } = await runAs('vm1', 'isolated');
    assert.equal(stdout, `greeting: ${world.greeting}\n`, stderr);
    assert.equal(code, 0);
  });

  test('a Python program reads a secret by environment variables', async () => {
    const { code, stdout, stderr } = await runAs('vm1', 'environment');
    assert.equal(stdout, `greeting: ${world.greeting}\n`, stderr);
    assert.equal(code, 0);
  });

  test('a Python program without a role is refused as its own errors say it', async () => {
    const { code, stderr } = await runAs('vm2', 'environment');
    assert.match(
      stderr,
      /azure\.core\.exceptions\.HttpResponseError: \(Forbidden\) Caller is not authorized/,
    );
    assert.equal(code, 1);
  });

  test('a Python program that asks for a secret nobody set is told so', async () => {
    const { stderr } = await runAs('vm1', 'environment', 'absent');
    assert.match(stderr, /azure\.core\.exceptions\.ResourceNotFoundError: \(SecretNotFound\)/);
  });
});

async function signsInAsAnApplication(profile?: CloudProfile): Promise<void> {
  await using application = await signingInApplication(profile);
  const token = (appidacr: string) => ({ oid: application.principalId, appidacr });
  const { folder, python } = await preparedPython();
  assert.deepEqual(await application.outcomesOf([python, path.join(folder, 'sign_in.py')]), {
    'identity secret': token('1'),
    'identity certificate': token('2'),
    'identity chain': token('2'),
    'identity other certificate': 'AADSTS700027',
    'identity workload': token('2'),
    'identity other workload': 'AADSTS700213',
    'identity assertion': token('2'),
    'msal assertion': token('2'),
    'msal secret': token('1'),
    'msal thumbprint': token('2'),
    'msal chain': token('2'),
    'msal without thumbprint': token('2'),
    'msal wrong secret': 'AADSTS7000215',
  });
}

test('a Python program signs in as an application, with each credential, through azure-identity and msal', {
  skip: notAsked('python'),
}, async () => {
  await signsInAsAnApplication();
});

test('a Python program does so under names of its own, with instance discovery on, told only of AZURE_AUTHORITY_HOST', {
  skip: notAsked('python'),
}, async () => {
  await signsInAsAnApplication(ownProfile('id.example.test'));
});

test('an API in Python validates tokens of both versions and an id token with PyJWT, and refuses what is wrong', {
  skip: notAsked('python'),
}, async () => {
  await using tokens = await tokensToValidate();
  const { folder, python } = await preparedPython();
  const outcomes = await programOutcomes([python, path.join(folder, 'validate.py')], tokens.environment);
  assert.deepEqual(outcomes, {
    ...tokens.good,
    'for another': 'InvalidAudienceError',
    expired: 'ExpiredSignatureError',
    altered: 'InvalidSignatureError',
    'of another tenant': 'PyJWKClientError',
    unsigned: 'PyJWKClientError',
    'keyed by the public key': 'InvalidAlgorithmError',
  });
});

test('a Python program signs a person in by device code and by code, and acts for them, through azure-identity and msal', {
  skip: notAsked('python'),
}, async () => {
  await using person = await signingInPerson();
  const { folder, python } = await preparedPython();
  const { toArm, toVault, toApi, onBehalf } = person.tokens;
  assert.deepEqual(await person.outcomesOf([python, path.join(folder, 'sign_in_person.py')]), {
    'code, msal': toApi,
    'device, msal': [toArm, toVault, toArm],
    'device, identity': [toArm, toVault],
    'on behalf, msal, secret': onBehalf,
    'on behalf, msal, certificate': onBehalf,
    'on behalf, identity, secret': onBehalf,
    'on behalf, identity, certificate': onBehalf,
    'on behalf, without a grant': 'AADSTS65001',
  });
});

test('a Python program makes identities, machines, roles, deployments and locks, and takes them away', {
  skip: notAsked('python'),
}, async () => {
  await using world = await demoWorld();
  const { folder, python } = await preparedPython();
  const { code, stdout, stderr } = await world.runAsOperator([
    python,
    path.join(folder, 'manage_resources.py'),
  ]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), {
    group: { made: 'here' },
    identities: ['app'],
    subject: 'repo:contoso/orders:ref:refs/heads/main',
    credentials: ['main'],
    identity: { tier: 'front' },
    machine: {
      kept: true,
      kind: 'SystemAssigned, UserAssigned',
      attached: true,
      after: 'SystemAssigned',
      state: ['PowerState/running'],
    },
    assigned: [true],
    deployment: {
      state: 'Succeeded',
      predicted: ['Create'],
      output: true,
      resources: ['app', 'deployed', 'vm1'],
    },
    locked: '409 ScopeLocked',
    locks: ['keep'],
    deleted: '404 ResourceNotFound',
    exists: false,
  });
});
