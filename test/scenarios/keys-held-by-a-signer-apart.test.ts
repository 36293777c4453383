import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as jose from 'jose';
import { domestic, follow } from '../support/demo-world.ts';
import { eventually } from '../support/eventually.ts';
import { type Innate, program, startInnate } from '../support/innate.ts';
import { Operator } from '../support/operator.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const management = 'https://management.azure.com';

/** A real `innate signer`; its socket is there once it listens. */
async function startSigner(folder: TemporaryFolder) {
  const socket = folder.file('signer.sock');
  const child = spawn(process.execPath, [program, 'signer', '--socket', socket], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: domestic(),
  });
  const started = follow(child);
  await eventually(() => (existsSync(socket) ? true : undefined));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return await started.outcome;
  };
  return { socket, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

/** A token for the operator, asked for anew; `undefined` where the answer is that one may try again. */
async function tokenOf(innate: Innate): Promise<string | undefined> {
  using operator = new Operator(innate.ready);
  try {
    return await operator.token(management);
  } catch (error) {
    assert.match(String(error), /AADSTS90033/);
    assert.match(String(error), /temporarily_unavailable/);
    return undefined;
  }
}

async function accepts(innate: Innate, token: string): Promise<boolean> {
  using operator = new Operator(innate.ready);
  const reply = await operator.call({
    host: new URL(innate.ready.endpoints.management).host,
    path: '/subscriptions?api-version=2022-12-01',
    headers: { authorization: `Bearer ${token}` },
  });
  return reply.status === 200;
}

const kidOf = (token: string) => jose.decodeProtectedHeader(token).kid;

describe('a deployment whose keys a signer of its own holds', () => {
  test('serves as any other, through the signer’s sudden end and its return', async () => {
    await using folder = await temporaryFolder();
    let signer = await startSigner(folder);
    assert.equal(statSync(folder.file('signer-key')).mode & 0o777, 0o600);
    await using innate = await startInnate({ args: ['--signer', `unix:${signer.socket}`] });
    const first = await tokenOf(innate);
    assert.ok(first !== undefined && (await accepts(innate, first)));

    // as many as come while it is killed: each is answered, and each token is a good one
    let ending = false;
    const asking = Array.from({ length: 4 }, async () => {
      const given: string[] = [];
      while (!ending) {
        const token = await tokenOf(innate);
        if (token !== undefined) given.push(token);
      }
      return given;
    });
    await eventually(async () => await tokenOf(innate));
    await signer.stop('SIGKILL');
    await eventually(async () => ((await tokenOf(innate)) === undefined ? true : undefined));
    assert.ok(existsSync(signer.socket), 'a killed signer leaves its socket file');
    assert.ok(await accepts(innate, first), 'tokens are verified without it');
    // started beside the stale file, under the same key
    signer = await startSigner(folder);
    const back = await eventually(async () => await tokenOf(innate));
    ending = true;
    const tokens = (await Promise.all(asking)).flat();
    assert.equal(kidOf(back), kidOf(first));
    for (const token of [back, ...tokens]) assert.ok(await accepts(innate, token));
    await signer[Symbol.asyncDispose]();
    assert.doesNotMatch(innate.log(), /PRIVATE/);
  });

  test('moves there from the server’s own process and back, and what was signed before stays good', async () => {
    await using folder = await temporaryFolder();
    await using signer = await startSigner(folder);
    const data = folder.file('data');
    const tokens: string[] = [];
    for (const args of [[], ['--signer', `unix:${signer.socket}`], []]) {
      await using innate = await startInnate({ data, args });
      const token = await tokenOf(innate);
      assert.ok(token);
      tokens.push(token);
      for (const each of tokens) assert.ok(await accepts(innate, each));
    }
    assert.equal(new Set(tokens.map(kidOf)).size, 3, 'each holder signs with keys of its own making');
  });

  test('does not start without it, or with a signer whose key is another', async () => {
    await using folder = await temporaryFolder();
    const data = folder.file('data');
    const missing = ['--signer', `unix:${folder.file('nothing.sock')}`];
    await assert.rejects(startInnate({ data, args: missing }), /no signer answers at .*`innate signer`/);
    await assert.rejects(startInnate({ data, args: ['--signer', 'tcp:x'] }), /--signer takes unix:PATH/);
    {
      await using signer = await startSigner(folder);
      await using innate = await startInnate({ data, args: ['--signer', `unix:${signer.socket}`] });
      assert.ok(await tokenOf(innate));
    }
    await using elsewhere = await temporaryFolder();
    await using other = await startSigner(elsewhere);
    await assert.rejects(
      startInnate({ data, args: ['--signer', `unix:${other.socket}`] }),
      /cannot open the key .*: not-held/,
    );
  });
});
