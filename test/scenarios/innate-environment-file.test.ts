import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { domestic, exampleProgram, follow, type Outcome } from '../support/demo-world.ts';
import { type Innate, program, startInnate } from '../support/innate.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const example = path.join(root, 'examples', 'environment', 'environment.yaml');

describe('an environment file', () => {
  let folder: TemporaryFolder;
  let innate: Innate;
  let logOfFirstStart: string;
  before(async () => {
    folder = await temporaryFolder();
    const data = folder.file('data');
    const first = await startInnate({ data, args: ['--log', 'warn', '-f', example] });
    logOfFirstStart = first.log();
    await first[Symbol.asyncDispose]();
    innate = await startInnate({ data, args: ['--log', 'warn', '-f', example] });
  });
  after(async () => {
    await innate?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const run = async (words: readonly string[], environment = {}): Promise<Outcome> => {
    const child = spawn(process.execPath, [program, ...words, '--data', innate.data], {
      stdio: 'pipe',
      env: { ...domestic(), ...environment },
    });
    return await follow(child).outcome;
  };
  const said = async (words: readonly string[], environment = {}): Promise<string> => {
    const { code, stdout, stderr } = await run(words, environment);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const written = (name: string, text: string): string => {
    writeFileSync(folder.file(name), text);
    return folder.file(name);
  };
  const apply = (file: string, environment = {}) => said(['apply', '-f', file], environment);

  test('is applied when the server starts, and found as wanted when it starts again', () => {
    for (const line of [
      'user-assigned identity orders/orders-api created',
      'virtual machine orders/worker created',
      'federated credential orders/orders-api/main created',
      'secret orders-kv/greeting created',
      'role assignment Key Vault Secrets User for worker on orders-kv created',
      `${example}: 10 created`,
    ]) {
      assert.ok(logOfFirstStart.includes(`innate: ${line}\n`), line + logOfFirstStart);
    }
    assert.ok(innate.log().includes(`${example}: nothing to change (10 found as wanted)`), innate.log());
    for (const log of [logOfFirstStart, innate.log()]) assert.doesNotMatch(log, /Hello from/);
  });

  test('lets a program read the secret with the identity that the file gives it', async () => {
    const words = ['run', 'worker', '--mode', 'environment', '--data', innate.data, '--'];
    const reading = [process.execPath, exampleProgram, 'https://orders-kv.vault.azure.net'];
    const child = spawn(process.execPath, [program, ...words, ...reading], {
      stdio: 'pipe',
      env: domestic(),
    });
    const { stdout, stderr } = await follow(child).outcome;
    assert.equal(stdout, 'greeting: Hello from your own vault.\n', stderr);
  });

  test('changes what is otherwise, and nothing else, while the server runs', async () => {
    const text = readFileSync(example, 'utf8');
    assert.equal(await apply(example), 'nothing to change (10 found as wanted)\n');
    await said(['vm', 'update', 'worker', '--tags', 'kept=yes']);
    const changed = text
      .replace('identity: [system, orders-api]', 'identity: system')
      .replace('env: test', 'env: prod')
      .replace('refs/heads/main', 'refs/heads/next')
      .replace('Hello from your own vault.', 'Good day.');
    assert.deepEqual((await apply(written('changed.yaml', changed))).split('\n').toSorted(), [
      '',
      '4 changed, 6 found as wanted',
      'federated credential orders/orders-api/main changed',
      'resource group orders changed',
      'secret orders-kv/greeting changed',
      'virtual machine orders/worker changed',
    ]);
    const worker = JSON.parse(await said(['vm', 'show', 'worker', '-o', 'json']));
    assert.equal(worker.identity.type, 'SystemAssigned');
    assert.deepEqual(worker.tags, { kept: 'yes' });
    assert.match(await apply(example), /4 changed/);
    assert.match(await said(['vm', 'identity', 'show', 'worker']), /system, orders-api/);
  });

  test('takes secrets from where they are, and never tells them', async () => {
    const file = written(
      'secrets.yaml',
      `group: orders
resources:
  - vault: orders-kv
    secrets:
      one: { valueFrom: { environment: SECRET_ONE } }
      two: { valueFrom: { file: two.txt } }
`,
    );
    const missing = await run(['apply', '-f', file]);
    assert.equal(missing.code, 1);
    assert.match(
      missing.stderr,
      /secrets\.yaml:5:7: secrets\.one: the environment has no variable SECRET_ONE/,
    );
    assert.match(missing.stderr, /secrets\.yaml:6:7: secrets\.two: .*two\.txt cannot be read/);
    written('two.txt', 'hunter2-two\n');
    const { code, stdout, stderr } = await run(['apply', '-f', file, '-o', 'json'], {
      SECRET_ONE: 'hunter2-one',
    });
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout + stderr, /hunter2/);
    const outcomes = Object.fromEntries(
      JSON.parse(stdout).map((one: { name: string; outcome: string }) => [one.name, one.outcome]),
    );
    assert.deepEqual([outcomes['orders-kv/one'], outcomes['orders-kv/two']], ['created', 'created']);
    assert.match(await apply(file, { SECRET_ONE: 'hunter2-one' }), /^nothing to change/);
  });

  test('says where it is wrong, and makes nothing of it', async () => {
    const file = written(
      'wrong.yaml',
      'group: wrong\nresources:\n  - vm: vm1\n    identity: [system, no/such/one]\n',
    );
    const wrong = await run(['apply', '-f', file, '-f', example]);
    assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
    assert.match(wrong.stderr, /wrong\.yaml:4:24: an identity is NAME, GROUP\/NAME or an id/);
    assert.equal(await said(['group', 'exists', 'wrong']), 'false\n');
    const absent = await run([
      'apply',
      '-f',
      written('absent.yaml', 'group: wrong\nresources:\n  - { vm: vm1, identity: nobody }\n'),
    ]);
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /absent\.yaml:3:5: virtual machine wrong\/vm1: .*nobody/);
    assert.equal((await run(['apply'])).code, 2);
    assert.match((await run(['apply', '-f', folder.file('none.yaml')])).stderr, /cannot be read \(ENOENT\)/);
    await said(['group', 'delete', 'wrong']);
  });

  test('that is wrong starts no server', async () => {
    await assert.rejects(
      startInnate({ data: folder.file('other'), args: ['-f', written('not.yaml', 'group: [')] }),
      /ended with code 1: innate: .*not\.yaml:1:9: this is not indented/,
    );
  });

  test('may hold any type that is served, by its own words', async () => {
    const file = written(
      'any.yaml',
      `group: any
location: northeurope
resources:
  - type: Microsoft.Storage/storageAccounts
    name: logs
    kind: StorageV2
    sku: { name: Standard_LRS }
    identity: [system, writer]
    properties: { allowBlobPublicAccess: false }
  - identity: writer
    tags: { a: b }
  - webapp: site
  - type: Microsoft.Web/sites/slots
    name: site/blue
    identity: system
roleAssignments:
  - { role: Reader, assignee: [logs, writer], scope: { subscription: default } }
`,
    );
    assert.match(await apply(file), /7 created\n$/);
    assert.equal(await apply(file), 'nothing to change (7 found as wanted)\n');
    assert.deepEqual(
      JSON.parse(
        await said([
          'role',
          'assignment',
          'list',
          '--role',
          'Reader',
          '--query',
          '[].principalName',
          '-o',
          'json',
        ]),
      ).toSorted(),
      ['logs', 'writer'],
    );
  });
});
