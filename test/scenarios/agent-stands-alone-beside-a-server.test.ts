import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { systemClock } from '../../src/foundation/clock.ts';
import { createAuthority } from '../../src/server/certificate-authority.ts';
import { type TestDeployment, testDeployment } from '../support/deployment.ts';
import { askToken, claimsOf } from '../support/metadata-request.ts';

const program = path.resolve(import.meta.dirname, '../../src/agent/main.ts');

interface Standing extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Its first line on standard output, or its end. */
  readonly first: Promise<{ readonly origin: string; readonly resourceId: string } | undefined>;
  readonly log: () => string;
  readonly ended: Promise<number | null>;
}

/** An agent in a process of its own, that knows the server by address alone. */
function startAgent(deployment: TestDeployment, ...more: string[]): Standing {
  const { port } = deployment.connect;
  const child = spawn(
    process.execPath,
    [
      program,
      '--agents-url',
      `https://${deployment.server.profile.agents}:${port}`,
      '--connect',
      `127.0.0.1:${port}`,
      '--data',
      deployment.folder.file('standalone'),
      ...more,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  let logged = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (logged += chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  const line = async () => {
    while (!said.includes('\n')) await once(child.stdout, 'data');
    return JSON.parse(said.slice(0, said.indexOf('\n'))) as { origin: string; resourceId: string };
  };
  return {
    child,
    first: Promise.race([line(), ended.then(() => undefined)]),
    log: () => logged,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

describe('an agent that stands alone', () => {
  test('enrols with a token from a file, answers programs, and ends when told to', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    const joinToken = await deployment.joinToken(vm.resourceId);
    const tokenFile = deployment.folder.file('join-token');
    await writeFile(tokenFile, `${joinToken}\n`, { mode: 0o600 });
    const ca = ['--server-ca', deployment.server.caFile];
    {
      await using agent = startAgent(deployment, ...ca, '--join-token-file', tokenFile);
      const endpoint = await agent.first;
      assert.ok(endpoint !== undefined, agent.log());
      const answer = await askToken({ origin: endpoint.origin, address: new URL(endpoint.origin).host });
      assert.equal(claimsOf(answer.body['access_token'])['oid'], vm.principalId, answer.text);
      const commandLine = await readFile(`/proc/${agent.child.pid}/cmdline`, 'utf8').catch(() => '');
      assert.ok(!commandLine.includes(joinToken));
      assert.ok(!agent.log().includes(joinToken));
      agent.child.kill('SIGTERM');
      assert.equal(await agent.ended, 0, agent.log());
    }
    await using again = startAgent(deployment, ...ca);
    assert.equal((await again.first)?.resourceId, vm.resourceId, again.log());
  });

  test('does not speak to a server whose certificate comes from another authority', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    const tokenFile = deployment.folder.file('join-token');
    await writeFile(tokenFile, await deployment.joinToken(vm.resourceId), { mode: 0o600 });
    const foreign = await createAuthority([deployment.server.profile.agents], systemClock);
    const foreignCa = deployment.folder.file('foreign-ca.pem');
    await writeFile(foreignCa, foreign.certificate);
    await using agent = startAgent(deployment, '--server-ca', foreignCa, '--join-token-file', tokenFile);
    assert.equal(await agent.first, undefined);
    assert.equal(await agent.ended, 1);
    assert.match(agent.log(), /cannot be reached/);
    // the token was not spent
    await using other = startAgent(
      deployment,
      '--server-ca',
      deployment.server.caFile,
      '--join-token-file',
      tokenFile,
    );
    assert.equal((await other.first)?.resourceId, vm.resourceId, other.log());
  });

  test('says in one sentence that it is not enrolled', async () => {
    await using deployment = await testDeployment();
    await using agent = startAgent(deployment, '--server-ca', deployment.server.caFile);
    assert.equal(await agent.ended, 1);
    assert.match(agent.log(), /not enrolled: give a join token/);
  });
});
