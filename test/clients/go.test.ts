import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type CloudProfile, ownProfile } from '../../src/contract/cloud-profile.ts';
import { notAsked, preparedGo } from '../support/client-packages.ts';
import { type DemoWorld, demoWorld, programOutcomes } from '../support/demo-world.ts';
import { noIsolation } from '../support/isolation.ts';
import { signingInApplication } from '../support/signing-in-application.ts';
import { signingInPerson } from '../support/signing-in-person.ts';
import { tokensToValidate } from '../support/tokens-to-validate.ts';

/** `azidentity` looks for the metadata service at its address and nowhere else: only isolated mode is for it. */
describe('the Azure SDK for Go', { skip: notAsked('go') || noIsolation }, () => {
  let world: DemoWorld;
  let program: string;
  before(async () => {
    program = (await preparedGo())('read-a-secret');
    world = await demoWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  const runAs = (machine: string, secret = 'greeting') =>
    world.run([
      'run',
      machine,
      '--mode',
      'isolated',
      '--',
      program,
      'https://demo-kv.vault.azure.net',
      secret,
    ]);

  test('a Go program reads a secret, isolated', async () => {
    const { code, stdout, stderr } = await runAs('vm1');
    assert.equal(stdout, `greeting: ${world.greeting}\n`, stderr);
    assert.equal(code, 0);
  });

  test('a Go program without a role is refused as its own errors say it', async () => {
    const { code, stderr } = await runAs('vm2');
    assert.match(stderr, /RESPONSE 403: 403 Forbidden\nERROR CODE: Forbidden/);
    assert.equal(code, 1);
  });

  test('a Go program that asks for a secret nobody set is told so', async () => {
    const { stderr } = await runAs('vm1', 'absent');
    assert.match(stderr, /RESPONSE 404: 404 Not Found\nERROR CODE: SecretNotFound/);
  });
});

async function signsInAsAnApplication(profile?: CloudProfile): Promise<void> {
  await using application = await signingInApplication(profile);
  const token = (appidacr: string) => ({ oid: application.principalId, appidacr });
  const signIn = (await preparedGo())('sign-in');
  assert.deepEqual(await application.outcomesOf([signIn]), {
    secret: token('1'),
    certificate: token('2'),
    chain: token('2'),
    'other certificate': 'AADSTS700027',
    workload: token('2'),
    'other workload': 'AADSTS700213',
    assertion: token('2'),
    'msal certificate': token('2'),
    'msal chain': token('2'),
    'msal assertion': token('2'),
    'wrong secret': 'AADSTS7000215',
  });
}

test('a Go program signs in as an application, with each credential', {
  skip: notAsked('go'),
}, async () => {
  await signsInAsAnApplication();
});

test('a Go program does so under names of its own, with instance discovery on, told only of AZURE_AUTHORITY_HOST', {
  skip: notAsked('go'),
}, async () => {
  await signsInAsAnApplication(ownProfile('id.example.test'));
});

async function validates(profile?: CloudProfile): Promise<void> {
  await using tokens = await tokensToValidate(profile);
  const outcomes = await programOutcomes([(await preparedGo())('validate')], tokens.environment);
  const signature = 'failed to verify signature: failed to verify id token signature';
  const algorithm = (alg: string) =>
    `oidc: malformed jwt: unexpected signature algorithm "${alg}"; expected ["RS256"]`;
  const reasons = {
    'for another': 'oidc: expected audience "api://other" got',
    expired: 'oidc: token is expired',
    altered: signature,
    'of another tenant': signature,
    unsigned: algorithm('none'),
    'keyed by the public key': algorithm('HS256'),
  };
  const refused = Object.entries(outcomes as Record<string, unknown>).map(([name, outcome]) => {
    const reason = (reasons as Record<string, string>)[name];
    return [
      name,
      typeof outcome === 'string' && reason !== undefined && outcome.startsWith(reason) ? reason : outcome,
    ];
  });
  assert.deepEqual(Object.fromEntries(refused), { ...tokens.good, ...reasons });
}

test('an API in Go validates tokens of both versions and an id token with go-oidc, and refuses what is wrong', {
  skip: notAsked('go'),
}, async () => {
  await validates();
});

test('an API in Go does so under names of its own, by discovery at the exact issuer', {
  skip: notAsked('go'),
}, async () => {
  await validates(ownProfile('id.example.test'));
});

test('a Go program signs a person in by device code and in the browser, and acts for them, through azidentity and msal', {
  skip: notAsked('go'),
}, async () => {
  await using person = await signingInPerson();
  const { toArm, toVault, toApi, onBehalf } = person.tokens;
  assert.deepEqual(await person.outcomesOf([(await preparedGo())('sign-in-person')]), {
    'browser, msal': toApi,
    'device, msal': [toArm, toVault],
    'device, identity': [toArm, toVault],
    'on behalf, msal, secret': onBehalf,
    'on behalf, msal, certificate': onBehalf,
    'on behalf, identity, secret': onBehalf,
    'on behalf, identity, certificate': onBehalf,
    'on behalf, without a grant': 'AADSTS65001',
  });
});

test('a Go program makes identities, machines, roles and deployments, and takes them away', {
  skip: notAsked('go'),
}, async () => {
  await using world = await demoWorld();
  const { code, stdout, stderr } = await world.runAsOperator([(await preparedGo())('manage-resources')]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), {
    subject: 'repo:contoso/orders:ref:refs/heads/main',
    kind: 'SystemAssigned, UserAssigned',
    kept: true,
    attached: true,
    assigned: true,
    predicted: 'Create',
    output: true,
    deleted: '404 ResourceNotFound',
    exists: false,
  });
});
