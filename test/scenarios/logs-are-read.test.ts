import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';
import { nodeProxy, runAsOperator } from '../support/operator-program.ts';

const tokenScript = `
const { AZURE_POD_IDENTITY_AUTHORITY_HOST: host = 'http://169.254.169.254' } = process.env;
const url = new URL('/metadata/identity/oauth2/token?api-version=2018-02-01', host);
url.searchParams.set('resource', process.argv[1]);
const answer = await fetch(url, { headers: { Metadata: 'true' } });
const { access_token } = await answer.json();
console.log(JSON.parse(Buffer.from(access_token.split('.')[1], 'base64url')).uti);
`;

describe('what happened in a deployment', () => {
  let world: DemoWorld;
  before(async () => {
    world = await demoWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  const said = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await world.run(words);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  /** `uti` of a token that vm1 gets for a resource. */
  const tokenOfMachine = async (resource: string): Promise<string> => {
    const program = [process.execPath, '--input-type=module', '-e', tokenScript, resource];
    return (await said('run', 'vm1', '--mode', 'environment', '--', ...program)).trim();
  };

  test('is read by a program with the Microsoft Graph client: the sign-in of an identity right after its token', async () => {
    const first = await tokenOfMachine('https://vault.azure.net');
    const second = await tokenOfMachine('https://storage.azure.com');
    const { latest, ...seen } = await runAsOperator(world.innate, 'read-logs.ts', {
      ...nodeProxy,
      IDENTITY: world.vm1.principalId,
    });
    assert.equal(latest.on.toLowerCase(), world.vm1.id.toLowerCase());
    assert.deepEqual(
      { ...latest, on: '' },
      { resource: 'Storage', credential: 'managedIdentity', on: '', type: 'systemAssigned', error: 0 },
    );
    assert.deepEqual(seen, {
      tokens: [second, first],
      audits: ['Add application'],
      people: [],
      change: 204,
      notes: 'by a batch',
    });
  });

  test('is shown by innate sign-ins: who, for what, how it ended', async () => {
    await tokenOfMachine('https://servicebus.azure.net');
    const table = await said('sign-ins', '--principal', 'vm1', '--since', '1h');
    const [head, latest] = table.split('\n');
    assert.match(head ?? '', /^WHEN +WHO +RESOURCE +BY +FROM +CORRELATION +OUTCOME$/);
    assert.match(
      latest ?? '',
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}vm1 +Service Bus +managedIdentity +127\.0\.0\.1 +[0-9a-f-]{36} +token$/,
    );
    const [only, ...others] = JSON.parse(
      await said('sign-ins', '--kind', 'managedIdentity', '--top', '1', '--output', 'json'),
    );
    assert.deepEqual(others, []);
    assert.equal(only.servicePrincipalId, world.vm1.principalId);

    const refused = await tokenOfMachine('https://nowhere.example').catch(() => undefined);
    assert.equal(refused, undefined);
    assert.match(await said('sign-ins', '--failed', '--principal', 'vm1'), /AADSTS500011 \S/);
  });

  test('is shown by innate audits: who changed what, identities with their resources and keys too', async () => {
    await said('ad', 'app', 'create', 'audited-by-name');
    await said('keys', 'rotate');
    await said('revoke', 'vm2');
    await said('vm', 'delete', 'vm2');
    const table = await said('audits', '--since', '1h');
    for (const line of [
      /Add service principal +vm1 +Managed Service Identity/,
      /Remove service principal +vm2 +Managed Service Identity/,
      /Add application +audited-by-name +Innate operator +[0-9a-f-]{36}/,
      /Rotate signing keys .* Innate operator/,
      /Update StsRefreshTokenValidFrom Timestamp +vm2 +Innate operator/,
    ]) {
      assert.match(table, line);
    }
    const named = JSON.parse(await said('audits', '--target', 'audited-by-name', '--output', 'json'));
    assert.deepEqual(
      named.map((one: { activityDisplayName: string }) => one.activityDisplayName),
      ['Add service principal', 'Add application'],
    );
    const byActivity = await said('audits', '--activity', 'Rotate signing keys');
    assert.equal(byActivity.trim().split('\n').length, 2);
  });

  test('moves no cursor and makes no line, whatever names there are', async () => {
    await said('ad', 'app', 'create', 'red\u001b[31m\u009b31m\r\nforged line');
    const table = await said('audits', '--since', '1h');
    assert.match(table, /Add application +red\?\[31m\?31m\? forged line +Innate operator/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    const moving = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
    assert.doesNotMatch(table, moving);
    assert.doesNotMatch(await said('audits', '--output', 'json'), moving);
  });

  test('is asked for in words that are understood, or told why not', async () => {
    for (const [code, words, reason] of [
      [2, ['sign-ins', '--since', 'yesterday'], /--since is a number/],
      [2, ['sign-ins', '--top', '0'], /--top is a whole number/],
      [2, ['sign-ins', '--kind', 'robot'], /managedIdentity/],
      [1, ['sign-ins', '--principal', 'nobody'], /there is no service principal 'nobody'/],
      [1, ['sign-ins', '--principal', 'nobody@innate.internal'], /there is no user/],
      [1, ['audits', '--target', 'nothing'], /there is no object 'nothing'/],
    ] as const) {
      const outcome = await world.run(words);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, reason);
      assert.equal(outcome.stdout, '');
    }
    assert.equal((await said('sign-ins', '--principal', crypto.randomUUID())).trim(), 'no sign-ins');
  });
});
