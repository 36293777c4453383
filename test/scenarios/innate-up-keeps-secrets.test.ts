import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/foundation/clock.ts';
import { guid, type TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { openDataFolder } from '../../src/server/storage/data-folder.ts';
import { openDatabase } from '../../src/server/storage/open-database.ts';
import { openSealer } from '../../src/server/storage/open-sealer.ts';
import { domestic, follow } from '../support/demo-world.ts';
import { eventually } from '../support/eventually.ts';
import { createHost } from '../support/host.ts';
import { program, startInnate } from '../support/innate.ts';
import { Operator, roles } from '../support/operator.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const api = 'api-version=7.4';

test('nothing secret appears in the log, at its most talkative, nor readable in the database (H8)', async () => {
  await using folder = await temporaryFolder();
  const data = folder.file('data');
  const secrets = new Map<string, readonly Buffer[]>();
  const remember = (name: string, text: string) => secrets.set(name, formsOf(text));
  const value = `canary-${systemRandomness.uuid()}`;
  remember('value of a secret', value);

  const innate = await startInnate({ data, args: ['--log', 'debug'] });
  let said = '';
  let principal = '';
  const files: Buffer[] = [];
  {
    await using _innate = innate;
    using operator = new Operator(innate.ready);
    remember("operator's secret", innate.ready.operator.clientSecret);

    const group = await operator.createGroup('demo');
    const vault = await operator.createVault(group, 'canary-kv');
    const { id, principalId } = await operator.createMachine(group, 'vm1');
    principal = principalId;
    const operatorToken = await operator.token('https://vault.azure.net');
    const { oid } = JSON.parse(Buffer.from(operatorToken.split('.')[1] ?? '', 'base64url').toString());
    await operator.assign(vault, roles.secretsOfficer, oid);
    await operator.assign(vault, roles.secretsUser, principalId);
    assert.equal((await operator.vault('canary-kv', 'PUT', `/secrets/s?${api}`, { value })).status, 200);

    // refusals, in which a careless log would tell what was sent
    const guess = `guess-${systemRandomness.uuid()}`;
    remember('wrong secret of a client', guess);
    const wrong = { ...innate.ready.operator, clientSecret: guess };
    using guesser = new Operator({ ...innate.ready, operator: wrong });
    await assert.rejects(guesser.token('https://vault.azure.net'), /AADSTS7000215/);
    const bad = await operator.vault('canary-kv', 'PUT', `/secrets/s?${api}`, { value, attributes: 7 });
    assert.equal(bad.status, 400);
    const tampered = `${operatorToken.slice(0, -8)}AAAAAAAA`;
    assert.equal(
      (await operator.vault('canary-kv', 'GET', `/secrets/s?${api}`, undefined, tampered)).status,
      401,
    );

    // who hears of it is told something, and its secret goes along
    const header = `Bearer receiver-${systemRandomness.uuid()}`;
    remember('header of a receiver', header);
    const stream = await operator.call({
      host: new URL(innate.ready.endpoints.login).host,
      method: 'POST',
      path: `/${innate.ready.tenantId}/ssf/streams`,
      headers: {
        authorization: `Bearer ${await operator.token(innate.ready.endpoints.graph)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        delivery: {
          method: 'urn:ietf:rfc:8935',
          endpoint_url: 'https://127.0.0.1:9/',
          authorization_header: header,
        },
      }),
    });
    assert.equal(stream.status, 201, stream.body);
    await operator.arm('POST', '/providers/Innate.Tokens/revokeTokens?api-version=2026-11-01', {
      principalId,
    });
    await eventually(() => innate.log().includes('signal-not-delivered') || undefined);

    // one host beside the server, another in its process
    await using host = await createHost(operator);
    const joinToken = await operator.joinToken(id);
    remember('join token', joinToken);
    await host.agent.enrol(joinToken);
    await assert.rejects(host.agent.enrol(joinToken));
    const machineToken = await host.enrol(id);
    assert.equal(
      (await operator.vault('canary-kv', 'GET', `/secrets/s?${api}`, undefined, machineToken)).status,
      200,
    );
    remember('token of a machine', machineToken);
    remember('token of the operator', operatorToken);
    remember('token for the resource manager', await operator.token('https://management.azure.com'));
    const words = ['env', 'vm1', '--format', 'json', '--data', data];
    const child = spawn(process.execPath, [program, ...words], { env: domestic() });
    const { code, stdout, stderr } = await follow(child).outcome;
    assert.equal(code, 0, stderr);
    const endpoint = JSON.parse(stdout)['AZURE_POD_IDENTITY_AUTHORITY_HOST'];
    const question = 'api-version=2018-02-01&resource=https://vault.azure.net';
    const answer = await fetch(`${endpoint}/metadata/identity/oauth2/token?${question}`, {
      headers: { metadata: 'true' },
    });
    remember('token of a program', ((await answer.json()) as { access_token: string }).access_token);
    said += stderr;

    secrets.set('key of the authority', keyForms(readKey(path.join(data, 'ca', 'ca-key.pem'))));
    const keyFiles = readdirSync(path.join(data, 'agent'), { recursive: true, encoding: 'utf8' })
      // a file being replaced has its next text under this name for a moment
      .filter((name) => !name.endsWith('.new'))
      .map((name) => path.join(data, 'agent', name))
      .filter((file) => statSync(file).isFile() && readFileSync(file, 'utf8').includes('PRIVATE KEY'));
    assert.ok(keyFiles.length >= 1);
    for (const file of keyFiles) secrets.set(path.relative(data, file), keyForms(readKey(file)));
    remember('key-encryption key', readFileSync(path.join(data, 'key-encryption-key'), 'utf8').trim());
    // before the end writes the log of the database back into its file
    for (const name of ['innate.db', 'innate.db-wal']) files.push(readFileSync(path.join(data, name)));
    innate.process.kill('SIGTERM');
    await innate.stop();
  }
  files.push(readFileSync(path.join(data, 'innate.db')));
  for (const [name, forms] of await sealedKeys(data, innate.ready.tenantId)) secrets.set(name, forms);

  said += innate.log();
  assert.match(said, /"level":"debug"/);
  assert.ok(secrets.size >= 12, `only ${[...secrets.keys()]}`);
  const log = Buffer.from(said);
  // what is no secret is there to be found
  const [known = log] = formsOf(principal);
  assert.ok(log.includes(known) && files.some((file) => file.includes(known)));
  const found: string[] = [];
  for (const [name, forms] of secrets) {
    if (forms.some((form) => log.includes(form))) found.push(`${name} in the log`);
    if (forms.some((form) => files.some((file) => file.includes(form))))
      found.push(`${name} in the database`);
  }
  assert.deepEqual(found, []);
});

/** As it stands, and as it would stand inside other texts. */
function formsOf(text: string): readonly Buffer[] {
  const jws = /^[\w-]+\.([\w-]+)\.([\w-]+)$/.exec(text);
  // of a token, the payload is known to its tenant, and the signature is what makes it one
  const essential = jws?.[2] ?? text;
  const octets = Buffer.from(essential);
  return [
    octets,
    Buffer.from(octets.toString('base64').replace(/=+$/, '')),
    Buffer.from(octets.toString('hex')),
    ...(/^[\w-]{43}$/.test(essential) ? [Buffer.from(essential, 'base64url')] : []),
  ];
}

/** Of a PEM file, or of a JSON file that holds one. */
function readKey(file: string): KeyObject {
  const text = readFileSync(file, 'utf8').replaceAll('\\n', '\n');
  const [pem = ''] = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/.exec(text) ?? [];
  return createPrivateKey(pem);
}

/** The private number of a key: as octets, in a JWK, and as the part of a PEM text that holds nothing else. */
function keyForms(key: KeyObject): readonly Buffer[] {
  const { d = '' } = key.export({ format: 'jwk' });
  const number = Buffer.from(d, 'base64url');
  const whole = key.export({ type: 'pkcs8', format: 'der' });
  // PEM lines are 48 octets each
  const line = Math.ceil(whole.indexOf(number) / 48) * 48;
  return [number, Buffer.from(d), Buffer.from(whole.subarray(line, line + 18).toString('base64'))];
}

/** The private keys that the database holds sealed. */
async function sealedKeys(data: string, tenant: string) {
  await using folder = await openDataFolder(data);
  await using database = await openDatabase({ url: undefined, folder }, systemRandomness);
  const sources = { clock: systemClock, randomness: systemRandomness };
  const sealer = await openSealer({ database, folder, source: undefined, ...sources });
  const tenantId = guid<TenantId>(tenant);
  const rows = await database.read.selectFrom('signing_keys').selectAll().execute();
  assert.ok(rows.length >= 2);
  return await Promise.all(
    rows.map(async ({ kid, purpose, private_key_sealed: sealed }) => {
      const place = { tenantId, table: 'signing_keys', column: 'private_key_sealed', row: kid };
      const key = Buffer.from(await sealer.open(place, sealed));
      return [purpose, keyForms(createPrivateKey({ key, type: 'pkcs8', format: 'der' }))] as const;
    }),
  );
}
