import assert from 'node:assert/strict';
import { existsSync, realpathSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { javaToolOptions } from '../../src/agent/isolation/java-options.ts';
import { javaTrustStore } from '../../src/agent/isolation/java-trust-store.ts';
import { notAsked, preparedJava } from '../support/client-packages.ts';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';
import { noIsolation } from '../support/isolation.ts';
import { signingInApplication } from '../support/signing-in-application.ts';

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

test('a Java program signs in as an application, with each credential', {
  skip: notAsked('java'),
}, async () => {
  await using application = await signingInApplication();
  const { principalId, environment, named } = application;
  const trustStore = named.file('trust.p12');
  await writeFile(trustStore, javaTrustStore(await readFile(environment['SSL_CERT_FILE'] ?? '', 'utf8')));
  const proxy = environment['HTTPS_PROXY'] ?? '';
  const token = (appidacr: string) => ({ oid: principalId, appidacr });
  const outcomes = await application.outcomesOf([...(await preparedJava()), 'SignIn'], {
    JAVA_TOOL_OPTIONS: javaToolOptions('', { proxy, direct: [], plainHttp: false, trustStore }),
  });
  assert.deepEqual(outcomes, {
    secret: token('1'),
    certificate: token('2'),
    chain: token('2'),
    'other certificate': 'AADSTS700027',
    workload: token('2'),
    'other workload': 'AADSTS700213',
    'wrong secret': 'AADSTS7000215',
  });
});

function storeOfJava(): string | undefined {
  const [java] = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, 'java'))
    .filter((file) => existsSync(file));
  const store = java === undefined ? '' : path.join(realpathSync(java), '../../lib/security/cacerts');
  return existsSync(store) ? realpathSync(store) : undefined;
}
