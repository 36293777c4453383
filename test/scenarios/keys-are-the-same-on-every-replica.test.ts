import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import * as jose from 'jose';
import { postgresStore, postgresUrl } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type Innate, startInnate } from '../support/innate.ts';
import type { Body } from '../support/management.ts';
import { Operator } from '../support/operator.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Milliseconds after an acknowledgement within which every replica refuses (V6). */
const promised = 1000;
const version = 'api-version=2026-11-01';
const management = 'https://management.azure.com';

async function newToken({ ready }: Innate): Promise<string> {
  using operator = new Operator(ready);
  return await operator.token(management);
}

async function act({ ready }: Innate, method: string, path: string): Promise<readonly Body[]> {
  using operator = new Operator(ready);
  return (await operator.arm(method, `/providers/Innate.Tokens/${path}?${version}`)).json().value;
}

async function accepts({ ready }: Innate, token: string): Promise<boolean> {
  using operator = new Operator(ready);
  const { status } = await operator.call({
    host: new URL(management).host,
    path: '/subscriptions?api-version=2022-12-01',
    headers: { authorization: `Bearer ${token}` },
  });
  return status === 200;
}

const kidOf = (token: string) => jose.decodeProtectedHeader(token).kid ?? '';
const skip = postgresUrl === undefined && 'INNATE_TEST_POSTGRES names no server';

describe('of two replicas over PostgreSQL', { skip }, () => {
  test('what one turns or revokes, the other signs with or refuses, within a second', async () => {
    await using store = await postgresStore(postgresUrl ?? '');
    assert.ok('url' in store.location);
    await using folder = await temporaryFolder();
    const keyFile = folder.file('key');
    await writeFile(keyFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
    const args = ['--database', store.location.url, '--key-file', keyFile];
    await using first = await startInnate({ args });
    await using second = await startInnate({ args });

    const token = await newToken(second);
    const turned = await act(first, 'POST', 'rotateSigningKeys');
    const active = turned.find((key) => key.properties.state === 'active').name;
    await eventually(async () => (kidOf(await newToken(second)) === active ? true : undefined));
    assert.ok(await accepts(second, token));

    const doomed = await newToken(second);
    await act(first, 'POST', `signingKeys/${active}/revoke`);
    const acknowledged = performance.now();
    await eventually(async () => ((await accepts(second, doomed)) ? undefined : true));
    const lag = performance.now() - acknowledged;
    assert.ok(lag <= promised, `refused ${lag} ms after the acknowledgement`);
    const fresh = await eventually(async () => {
      const given = await newToken(second);
      return kidOf(given) === active ? undefined : given;
    });
    for (const replica of [first, second]) {
      assert.ok(await accepts(replica, fresh));
      assert.ok(await accepts(replica, token), 'of a key that has only turned');
    }
  });

  test('exactly one turns a key when both find it due', async () => {
    await using store = await postgresStore(postgresUrl ?? '');
    assert.ok('url' in store.location);
    await using folder = await temporaryFolder();
    const keyFile = folder.file('key');
    await writeFile(keyFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
    const args = ['--database', store.location.url, '--key-file', keyFile];
    const short = [...args, '--key-prepared', '1s', '--key-active', '1s'];
    await using first = await startInnate({ args: short });
    await using second = await startInnate({ args: short });
    const retired = (keys: readonly Body[]) => keys.filter((key) => key.properties.state === 'retired');
    const keys = await eventually(async () => {
      const all = await act(first, 'GET', 'signingKeys');
      return retired(all).length >= 2 ? all : undefined;
    });
    const times = retired(keys).map((key) => key.properties.retiredOn);
    assert.equal(new Set(times).size, times.length, 'no two at once');
    for (const state of ['active', 'prepared']) {
      assert.equal(keys.filter((key) => key.properties.state === state).length, 1, state);
    }
    for (const replica of [first, second]) assert.ok(await accepts(replica, await newToken(replica)));
  });
});

test('a server turns its keys by itself when they have signed long enough', async () => {
  await using innate = await startInnate({ args: ['--key-prepared', '1s', '--key-active', '1s'] });
  const token = await newToken(innate);
  const later = await eventually(async () => {
    const given = await newToken(innate);
    return kidOf(given) === kidOf(token) ? undefined : given;
  });
  assert.ok(await accepts(innate, token));
  assert.ok(await accepts(innate, later));
  assert.match(innate.log(), /signing-keys-turned/);
});

test('periods that make no sense are refused in one sentence', async () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [['--key-active', 'soon'], /--key-active takes a duration, such as 90s, 30m, 48h or 30d, not 'soon'/],
    [['--key-prepared', '0s'], /--key-prepared takes a duration/],
    [['--key-active', '1h'], /--key-active must not be shorter than --key-prepared/],
  ];
  for (const [args, said] of cases) await assert.rejects(startInnate({ args }), said);
});
