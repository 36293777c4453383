import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld, domestic, exampleProgram, follow } from '../support/demo-world.ts';
import { eventually } from '../support/eventually.ts';
import { program } from '../support/innate.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

async function demonstrate(data: string) {
  const command = [program, 'demo', '--once', '--data', data, '--listen', '127.0.0.1:0'];
  return await follow(spawn(process.execPath, command, { stdio: 'pipe', cwd: root, env: domestic() }))
    .outcome;
}

describe('npm start -- --once', () => {
  test('lets a virtual machine read a secret with its own identity, and a second start finds all of it', async () => {
    await using folder = await temporaryFolder();
    const data = folder.file('data');
    const first = await demonstrate(data);
    assert.equal(first.code, 0, first.stderr + first.stdout);
    assert.match(first.stdout, /new state in/);
    assert.match(first.stdout, /Virtual machine vm1 created, with its own identity/);
    assert.match(first.stdout, /Secret greeting created/);
    assert.match(first.stdout, /greeting: Hello from your own vault\./);
    const principal = identityIn(first.stdout);

    const second = await demonstrate(data);
    assert.equal(second.code, 0, second.stderr + second.stdout);
    assert.match(second.stdout, /state found again in/);
    for (const found of [
      'Resource group demo',
      'Virtual machine vm1',
      'Key vault demo-kv',
      'Secret greeting',
    ]) {
      assert.match(second.stdout, new RegExp(`${found} found again`));
    }
    assert.match(second.stdout, /greeting: Hello from your own vault\./);
    assert.equal(identityIn(second.stdout), principal);
  });
});

function identityIn(said: string): string | undefined {
  return /read by vm1's own identity ([0-9a-f-]{36})/.exec(said)?.[1];
}

describe('innate run by environment variables', () => {
  let world: DemoWorld;
  before(async () => {
    world = await demoWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  const runAs = (resource: string, ...command: string[]) =>
    world.run(['run', resource, '--mode', 'environment', '--', ...command], { cwd: root });

  test('reads a secret with the official clients, unmodified', async () => {
    const { code, stdout, stderr } = await runAs('vm1', process.execPath, exampleProgram);
    assert.equal(stdout, `greeting: ${world.greeting}\n`, stderr);
    assert.equal(code, 0);
  });

  test("hands Key Vault's own refusal to the program of a machine without the role", async () => {
    const { code, stdout, stderr } = await runAs('vm2', process.execPath, exampleProgram);
    assert.equal(stdout, '');
    assert.match(stderr, /Caller is not authorized to perform action on resource\./);
    assert.match(stderr, new RegExp(`oid=${world.vm2.principalId}`));
    assert.match(stderr, /Action: 'Microsoft\.KeyVault\/vaults\/secrets\/getSecret\/action'/);
    assert.equal(code, 1);
  });

  test('innate env gives a token that is refused, and no other, once the machine is deleted', async () => {
    const { innate, operator } = world;
    const { id, principalId } = await operator.createMachine(operator.group('demo'), 'short-lived');
    const vault = `${operator.group('demo')}/providers/Microsoft.KeyVault/vaults/demo-kv`;
    await operator.assign(vault, '4633458b-17de-408a-b874-0445c86b69e6', principalId);
    const { stdout, stderr } = await world.run(['env', 'short-lived', '--format', 'json']);
    const environment = JSON.parse(stdout) as Record<string, string>;
    const host = environment['AZURE_POD_IDENTITY_AUTHORITY_HOST'];
    assert.ok(host, stderr);
    const ask = () =>
      fetch(
        `${host}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://${innate.ready.endpoints.vaultSuffix}`,
        { headers: { metadata: 'true' } },
      );
    const { access_token: token } = (await (await ask()).json()) as { access_token: string };
    const read = () =>
      operator.vault('demo-kv', 'GET', '/secrets/greeting?api-version=7.4', undefined, token);
    assert.equal((await read()).status, 200);

    await operator.deleteMachine(id);
    const refused = await read();
    assert.equal(refused.status, 401);
    assert.match(String(refused.headers['www-authenticate']), /^Bearer authorization="https:/);
    assert.equal(refused.json().error.code, 'Unauthorized');
    // the endpoint closes with the resource, or refuses
    await eventually(async () => {
      const answer = await ask().catch(() => undefined);
      return answer === undefined || !answer.ok ? true : undefined;
    });
  });
});
