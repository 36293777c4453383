import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld, domestic, exampleProgram, follow } from '../support/demo-world.ts';
import { eventually } from '../support/eventually.ts';
import { program } from '../support/innate.ts';

const noCurl = spawnSync('curl', ['--version']).error === undefined ? false : 'curl is not installed';

describe('innate run and innate env', () => {
  let world: DemoWorld;
  before(async () => {
    world = await demoWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  const inEnvironment = (resource: string, ...command: string[]) =>
    world.run(['run', resource, '--mode', 'environment', '--', ...command]);

  test('an unmodified program reads the secret as vm1, however vm1 is named', async () => {
    for (const name of ['vm1', 'demo/VM1', world.vm1.id, world.vm1.id.toLowerCase()]) {
      const { code, stdout, stderr } = await inEnvironment(name, process.execPath, exampleProgram);
      assert.match(stdout, /good morning/, stderr);
      assert.equal(code, 0);
    }
  });

  test('the same program is refused as vm2, which has no role', async () => {
    const { code, stdout, stderr } = await inEnvironment('vm2', process.execPath, exampleProgram);
    assert.notEqual(code, 0);
    assert.ok(!stdout.includes(world.greeting));
    assert.match(stdout + stderr, /not authorized to perform action/);
  });

  test('curl finds the vault by its name and trusts it', { skip: noCurl }, async () => {
    const url = 'https://demo-kv.vault.azure.net/secrets/greeting?api-version=7.4';
    const { stdout, stderr } = await inEnvironment('vm1', 'curl', '-sS', '-w', '%{http_code}', url);
    assert.match(stdout, /401$/, stderr);
  });

  test("a name in Azure's domains that is not served is refused with the reason", async () => {
    const { code, stderr } = await inEnvironment('vm1', 'curl', '-sSv', 'https://x.blob.core.windows.net');
    assert.notEqual(code, 0);
    assert.match(stderr, /x\.blob\.core\.windows\.net lies in Azure's domains and is not served/);
  });

  test("arguments, input, output and exit code are the program's", async () => {
    const words = ['a b', '', '"q"', "it's", '$HOME', '--mode', '--', '-x'];
    const script =
      'process.stdin.pipe(process.stderr); console.log(JSON.stringify(process.argv.slice(1))); process.exitCode = 7';
    const { code, stdout, stderr } = await world.run(
      ['run', 'vm1', '--mode', 'environment', '--', process.execPath, '-e', script, '--', ...words],
      { input: 'typed' },
    );
    assert.deepEqual(JSON.parse(stdout), words);
    assert.equal(stderr, 'typed');
    assert.equal(code, 7);
  });

  test('signals reach the program', async () => {
    const script = `trap 'echo terminated; exit 5' TERM; echo ready; while :; do sleep 0.05; done`;
    const started = world.start(['run', 'vm1', '--mode', 'environment', '--', 'sh', '-c', script]);
    await started.says('ready');
    started.process.kill('SIGTERM');
    assert.deepEqual((await started.outcome).code, 5);
  });

  test('the endpoint closes with the program, and when innate is killed', async () => {
    const script = 'echo "$AZURE_POD_IDENTITY_AUTHORITY_HOST $$"';
    const [ended = ''] = (await inEnvironment('vm1', 'sh', '-c', script)).stdout.split(' ');
    await assert.rejects(fetch(`${ended}/metadata/versions`));

    const started = world.start([
      'run',
      'vm1',
      '--mode',
      'environment',
      '--',
      'sh',
      '-c',
      `${script}; exec sleep 100`,
    ]);
    const [origin, program] = (await started.says('\n')).split(' ');
    assert.ok((await fetch(`${origin}/metadata/versions`)).status < 500);
    started.process.kill('SIGKILL');
    await eventually(() =>
      fetch(`${origin}/metadata/versions`).then(
        () => undefined,
        () => true,
      ),
    );
    process.kill(Number(program));
    await started.outcome;
  });

  test('what is wrong is said in one sentence, with an exit code', async () => {
    const cases: readonly [readonly string[], number, RegExp][] = [
      [['run', 'vm1'], 2, /nothing to run/],
      [['run', 'vm9', '--', 'true'], 1, /there is no resource named 'vm9'/],
      [['run', 'other/vm1', '--', 'true'], 1, /there is no resource named 'other\/vm1'/],
      [['run', '/not/an/id', '--', 'true'], 1, /is no resource id/],
      [['run', `${world.vm1.id}x`, '--mode', 'environment', '--', 'true'], 1, /not found|was not found/i],
      [['run', 'vm1', '--', 'no-such-program'], 127, /there is no program 'no-such-program'/],
      [['run', 'vm1', '--', '/etc/passwd'], 126, /no program that this user can run/],
      [['run', 'vm1', '--mode', 'other', '--', 'true'], 2, /--mode/],
      [['env', 'vm1', '--', 'true'], 2, /nothing behind --/],
      [['frobnicate'], 2, /unknown command/],
    ];
    for (const [words, exitCode, sentence] of cases) {
      const { code, stdout, stderr } = await world.run(words);
      assert.match(stderr, sentence, words.join(' '));
      assert.equal(code, exitCode, words.join(' '));
      assert.equal(stdout, '');
      assert.ok(!stderr.includes('    at '), stderr);
    }
  });

  test('a name that several resources have is asked back about', async () => {
    const group = await world.operator.createGroup('other');
    await world.operator.createMachine(group, 'vm2');
    const { code, stderr } = await world.run(['run', 'vm2', '--', 'true']);
    assert.equal(code, 1);
    assert.match(stderr, /names several resources/);
    assert.ok(stderr.includes(world.vm2.id) && stderr.includes(`${group}/providers`));
    assert.equal((await world.run(['run', 'demo/vm2', '--mode', 'environment', '--', 'true'])).code, 0);
  });

  test('credentials of the user that would win are named', async () => {
    const { stderr } = await world.run(['run', 'vm1', '--mode', 'environment', '--', 'true'], {
      environment: { AZURE_CLIENT_SECRET: 'hush', AZURE_TENANT_ID: 't' },
    });
    assert.match(stderr, /^innate: AZURE_CLIENT_SECRET, AZURE_TENANT_ID may win/);
    assert.ok(!stderr.includes('hush'));
  });

  test('a shell that evaluates innate env is vm1 until it is closed', async () => {
    const { stdout: text } = await world.run(['env', 'vm1']);
    const script = `eval "$TEXT"; exec "$NODE" "$PROGRAM"`;
    const shell = (asked: string) =>
      follow(
        spawn('sh', ['-c', asked], {
          env: { ...domestic(), TEXT: text, NODE: process.execPath, PROGRAM: exampleProgram },
        }),
      ).outcome;
    assert.match((await shell(script)).stdout, /good morning/);
    assert.equal((await world.run(['env', 'vm1'])).stdout, text, 'asked again, the same endpoint');
    const { stdout: json } = await world.run(['env', 'vm1', '--format', 'json']);
    const { AZURE_POD_IDENTITY_AUTHORITY_HOST: origin } = JSON.parse(json) as Record<string, string>;
    assert.ok(text.includes(String(origin)));
    assert.equal((await fetch(`${origin}/metadata/identity/oauth2/token`)).status, 400);
    const { code, stderr } = await world.run(['env', 'vm1', '--close']);
    assert.equal(code, 0);
    assert.match(stderr, /closed/);
    await assert.rejects(fetch(`${origin}/metadata/identity/oauth2/token`));
  });

  test('neither prints a secret of ours', async () => {
    const { clientSecret } = world.innate.ready.operator;
    for (const words of [['env', 'vm1'], ['run', 'vm1', '--mode', 'environment', '--', 'env'], ['doctor']]) {
      const { stdout, stderr } = await world.run(words);
      assert.ok(stdout.length > 50 && !`${stdout}${stderr}`.includes(clientSecret), words.join(' '));
    }
  });

  test('a deleted virtual machine is nobody any more, and a new one of its name is somebody else', async () => {
    const group = world.operator.group('demo');
    const vm3 = await world.operator.createMachine(group, 'vm3');
    const url = '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net';
    const script = `const at = process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST + '${url}';
      fetch(at, { headers: { metadata: 'true' } }).then(({ status }) => process.stdout.write(String(status)))`;
    const ask = [process.execPath, '-e', script];
    assert.equal((await inEnvironment('vm3', ...ask)).stdout, '200');
    await world.operator.deleteMachine(vm3.id);
    await eventually(async () => ((await inEnvironment('vm3', ...ask)).code === 1 ? true : undefined));
    const again = await world.operator.createMachine(group, 'vm3');
    assert.notEqual(again.principalId, vm3.principalId);
    assert.equal((await inEnvironment('vm3', ...ask)).stdout, '200');
  });
});

describe('innate without a server', () => {
  const alone = (...words: string[]) =>
    follow(spawn(process.execPath, [program, ...words], { cwd: os.tmpdir(), env: domestic() })).outcome;

  test('says so, and how to start one', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'innate-none-'));
    try {
      for (const command of ['run', 'env']) {
        const { code, stderr } = await alone(
          command,
          'vm1',
          '--data',
          folder,
          ...(command === 'run' ? ['--', 'true'] : []),
        );
        assert.equal(code, 1);
        assert.equal(
          stderr,
          `innate: no Innate server is running on ${folder}; start one with \`npm start\` or \`innate up\`\n`,
        );
      }
      writeFileSync(path.join(folder, 'server.json'), 'nonsense');
      chmodSync(path.join(folder, 'server.json'), 0o600);
      assert.match((await alone('env', 'vm1', '--data', folder)).stderr, /cannot be understood/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a server that was killed counts as none', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'innate-killed-'));
    try {
      const dead = spawn('true');
      await new Promise((resolve) => dead.on('close', resolve));
      const endpoints = { login: 'https://l', management: 'https://m', graph: 'https://g', vaultSuffix: 'v' };
      const file = {
        pid: dead.pid,
        profile: 'azure',
        tenantId: 't',
        subscriptionId: 's',
        caFile: 'c',
        proxy: 'p',
        endpoints,
        operator: { clientId: 'c', clientSecret: 's' },
        connect: { host: '127.0.0.1', port: 1 },
        controlSocket: 'x',
      };
      writeFileSync(path.join(folder, 'server.json'), JSON.stringify(file));
      assert.match((await alone('env', 'vm1', '--data', folder)).stderr, /no Innate server is running/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('innate doctor says what is in the way', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'innate-none-'));
    try {
      const { code, stdout } = await alone('doctor', '--data', folder);
      assert.equal(code, 1);
      assert.match(stdout, /^FAIL {2}no Innate server is running/);
      assert.match(stdout, /isolated mode (works|does not work here: .+)/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('explains itself', async () => {
    const { code, stdout } = await alone('--help');
    assert.equal(code, 0);
    for (const command of ['up', 'run', 'env', 'doctor'])
      assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
    assert.match((await alone('run', '--help')).stdout, /--mode <mode>[\s\S]*169\.254\.169\.254/);
  });
});
