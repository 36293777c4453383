import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { notAsked, preparedGo, preparedPython } from '../support/client-packages.ts';
import { follow } from '../support/demo-world.ts';
import { type SigningInApplication, signingInApplication } from '../support/signing-in-application.ts';

/** Applications sign in through the libraries of other languages, told only of a proxy and an authority. */
describe('an application signs in', () => {
  let application: SigningInApplication;
  before(async () => {
    application = await signingInApplication();
  });
  after(() => application[Symbol.asyncDispose]());

  async function outcomesOf(command: readonly string[]): Promise<unknown> {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { stdio: 'pipe', env: application.environment });
    const { code, stdout, stderr } = await follow(child).outcome;
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  }
  const token = (appidacr: string) => ({ oid: application.principalId, appidacr });

  test('in Python, through azure-identity and msal', { skip: notAsked('python') }, async () => {
    const { folder, python } = await preparedPython();
    assert.deepEqual(await outcomesOf([python, path.join(folder, 'sign_in.py')]), {
      'identity secret': token('1'),
      'identity certificate': token('2'),
      'identity chain': token('2'),
      'identity other certificate': 'AADSTS700027',
      'msal secret': token('1'),
      'msal thumbprint': token('2'),
      'msal chain': token('2'),
      'msal without thumbprint': token('2'),
      'msal wrong secret': 'AADSTS7000215',
    });
  });

  test('in Go, through azidentity', { skip: notAsked('go') }, async () => {
    const { signIn } = await preparedGo();
    assert.deepEqual(await outcomesOf([signIn]), {
      secret: token('1'),
      certificate: token('2'),
      chain: token('2'),
      'other certificate': 'AADSTS700027',
      'wrong secret': 'AADSTS7000215',
    });
  });
});
