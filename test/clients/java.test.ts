import assert from 'node:assert/strict';
import { existsSync, realpathSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { javaToolOptions } from '../../src/agent/isolation/java-options.ts';
import { javaTrustStore } from '../../src/agent/isolation/java-trust-store.ts';
import { type CloudProfile, ownProfile } from '../../src/contract/cloud-profile.ts';
import { notAsked, preparedJava } from '../support/client-packages.ts';
import { type DemoWorld, demoWorld, programOutcomes } from '../support/demo-world.ts';
import { noIsolation } from '../support/isolation.ts';
import type { NamedTokenService } from '../support/named-token-service.ts';
import { signingInApplication } from '../support/signing-in-application.ts';
import { signingInPerson } from '../support/signing-in-person.ts';
import { tokensToValidate } from '../support/tokens-to-validate.ts';

/** Debian's. */
const systemStore = '/etc/ssl/certs/java/cacerts';
/** A Java that does not come with the distribution keeps authorities of its own, and needs the variable. */
const noSystemStore =
  noIsolation ||
  (storeOfJava() === systemStore ? false : "the machine's Java keeps a trust store of its own");

describe('the Azure SDK for Java', { skip: notAsked('java') }, () => {
  let world: DemoWorld;
  let program: readonly string[];
  before(async () => {
    program = [...(await preparedJava()), 'ReadSecret'];
    world = await demoWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  const runAs = (machine: string, mode: string, secret = 'greeting', before: readonly string[] = []) => {
    const command = [...before, ...program, 'https://demo-kv.vault.azure.net', secret];
    return world.run(['run', machine, '--mode', mode, '--', ...command]);
  };

  test('a Java program reads a secret, isolated', { skip: noIsolation }, async () => {
    const { code, stdout, stderr } = await runAs('vm1', 'isolated');
    assert.equal(stdout, `greeting: ${world.greeting}\n`, stderr);
    assert.equal(code, 0);
  });

  test('a Java program whose start script drops the variables reads a secret', {
    skip: noSystemStore,
  }, async () => {
    const { code, stdout, stderr } = await runAs('vm1', 'isolated', 'greeting', [
      'env',
      '-i',
      `PATH=${process.env['PATH']}`,
    ]);
    assert.equal(stdout, `greeting: ${world.greeting}\n`, stderr);
    assert.equal(code, 0);
  });

  test('a Java program reads a secret by environment variables', async () => {
    const { code, stdout, stderr } = await runAs('vm1', 'environment');
    assert.equal(stdout, `greeting: ${world.greeting}\n`, stderr);
    assert.equal(code, 0);
  });

  test('a Java program without a role is refused as its own errors say it', async () => {
    const { code, stderr } = await runAs('vm2', 'environment');
    assert.match(stderr, /ResourceModifiedException: Status code 403, .*"code":"Forbidden"/);
    assert.equal(code, 1);
  });

  test('a Java program that asks for a secret nobody set is told so', async () => {
    const { stderr } = await runAs('vm1', 'environment', 'absent');
    assert.match(stderr, /ResourceNotFoundException: Status code 404, .*SecretNotFound/);
  });
});

async function signsInAsAnApplication(profile?: CloudProfile): Promise<void> {
  await using application = await signingInApplication(profile);
  const token = (appidacr: string) => ({ oid: application.principalId, appidacr });
  const command = [...(await preparedJava()), 'SignIn'];
  const outcomes = await application.outcomesOf(command, await variablesOf(application));
  assert.deepEqual(outcomes, {
    secret: token('1'),
    certificate: token('2'),
    chain: token('2'),
    'other certificate': 'AADSTS700027',
    workload: token('2'),
    'other workload': 'AADSTS700213',
    'wrong secret': 'AADSTS7000215',
  });
}

test('a Java program signs in as an application, with each credential', {
  skip: notAsked('java'),
}, async () => {
  await signsInAsAnApplication();
});

test('a Java program does so under names of its own, with instance discovery on, told only of AZURE_AUTHORITY_HOST', {
  skip: notAsked('java'),
}, async () => {
  await signsInAsAnApplication(ownProfile('id.example.test'));
});

test('a Java program signs a person in by device code, and acts for them, through azure-identity and msal4j', {
  skip: notAsked('java'),
}, async () => {
  await using person = await signingInPerson();
  const { toArm, toVault, toApi, onBehalf } = person.tokens;
  const command = [...(await preparedJava()), 'SignInPerson'];
  assert.deepEqual(await person.outcomesOf(command, await variablesOf(person)), {
    'device, msal, to the API': toApi,
    'device, msal': [toArm, toVault],
    'device, identity': [toArm, toVault],
    'on behalf, msal, secret': onBehalf,
    'on behalf, msal, certificate': onBehalf,
    'on behalf, identity, secret': onBehalf,
    'on behalf, identity, certificate': onBehalf,
    'on behalf, without a grant': 'AADSTS65001',
  });
});

test('an API in Java validates tokens of both versions and an id token with Nimbus, and refuses what is wrong', {
  skip: notAsked('java'),
}, async () => {
  await using tokens = await tokensToValidate();
  const command = [...(await preparedJava()), 'Validate'];
  const environment = { ...tokens.environment, ...(await variablesOf(tokens)) };
  const outcomes = await programOutcomes(command, environment);
  const noKey =
    'BadJOSEException: Signed JWT rejected: Another algorithm expected, or no matching key(s) found';
  assert.deepEqual(outcomes, {
    ...tokens.good,
    'for another': 'BadJWTException: JWT aud claim rejected',
    expired: 'ExpiredJWTException: Expired JWT',
    altered: 'BadJWSException: Signed JWT rejected: Invalid signature',
    'of another tenant': noKey,
    unsigned: 'BadJOSEException: Unsecured (plain) JWTs are rejected, extend class to handle',
    'keyed by the public key': noKey,
  });
});

/** What `innate run` tells a Java program beside what it tells others. */
async function variablesOf(fixture: { readonly named: NamedTokenService }): Promise<Record<string, string>> {
  const { named } = fixture;
  const trustStore = named.file('trust.p12');
  const authorities = await readFile(named.environment['SSL_CERT_FILE'] ?? '', 'utf8');
  await writeFile(trustStore, javaTrustStore(authorities));
  const proxy = named.environment['HTTPS_PROXY'] ?? '';
  return { JAVA_TOOL_OPTIONS: javaToolOptions('', { proxy, direct: [], plainHttp: false, trustStore }) };
}

function storeOfJava(): string | undefined {
  const [java] = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, 'java'))
    .filter((file) => existsSync(file));
  const store = java === undefined ? '' : path.join(realpathSync(java), '../../lib/security/cacerts');
  return existsSync(store) ? realpathSync(store) : undefined;
}
