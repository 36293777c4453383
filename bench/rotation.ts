/**
 * Keys turn while a validator works: 1,000 verifications a second, open loop, by `jose` with a key set that it keeps and
 * fetches again for a key it does not know (as Entra advises; no more often than every 30 s), while the API turns the
 * keys every 20 s. Then keys are revoked, and the last use that the server itself accepts is measured.
 *
 *     node bench/rotation.ts [--check] [--minutes N] [--rate N] [--every SECONDS]
 *
 * `--check` ends with exit code 1 where a verification failed or a revocation took longer than a second.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as jose from 'jose';
import { startInnate } from '../test/support/innate.ts';
import { Operator } from '../test/support/operator.ts';
import { percentile, report } from './report.ts';

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '2' },
    rate: { type: 'string', default: '1000' },
    every: { type: 'string', default: '20' },
  },
});
const duration = Number(values.minutes) * 60_000;
const rate = Number(values.rate);
const turnEvery = Number(values.every) * 1000;
if (!(duration > 0 && duration <= 1_800_000 && rate > 0 && turnEvery >= 16_000)) {
  throw new RangeError('--minutes up to 30, --rate above 0, --every from 16 seconds on');
}
/** Milliseconds between new tokens, and how many are kept in use. */
const issueEvery = 50;
const keptTokens = 2000;
const revocations = 20;
const goalMilliseconds = 1000;
const version = 'api-version=2026-11-01';
const audience = 'https://management.azure.com';

await using innate = await startInnate();
using operator = new Operator(innate.ready);
const { tenantId, endpoints, operator: credential } = innate.ready;
const login = new URL(endpoints.login).host;

async function issue(): Promise<string> {
  const reply = await operator.call({
    host: login,
    method: 'POST',
    path: `/${tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: credential.clientId,
      client_secret: credential.clientSecret,
      scope: `${audience}/.default`,
    }).toString(),
  });
  if (reply.status !== 200) throw new Error(`no token: ${reply.body}`);
  return reply.json().access_token;
}

async function administer(method: string, path: string): Promise<void> {
  const reply = await operator.call({
    host: new URL(endpoints.management).host,
    method,
    path: `/providers/Innate.Tokens/${path}?${version}`,
    headers: { authorization: `Bearer ${await issue()}` },
  });
  if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${reply.body}`);
}

let fetches = 0;
const keySet = jose.createRemoteJWKSet(new URL(`${endpoints.login}/${tenantId}/discovery/keys`), {
  [jose.customFetch]: async (url) => {
    fetches += 1;
    const { host, pathname } = new URL(url);
    const reply = await operator.call({ host, path: pathname });
    return new Response(reply.body, { status: reply.status });
  },
});

const tokens: string[] = [await issue()];
const latencies: number[] = [];
const failures = new Map<string, number>();
let started = 0;
let finished = 0;
let turns = 0;

async function verify(token: string): Promise<void> {
  const began = performance.now();
  try {
    await jose.jwtVerify(token, keySet, { audience, algorithms: ['RS256'] });
  } catch (error) {
    const code = error instanceof jose.errors.JOSEError ? error.code : String(error);
    failures.set(code, (failures.get(code) ?? 0) + 1);
  }
  latencies.push(performance.now() - began);
  finished += 1;
}

/** Every other verification is of one of the newest tokens: a turn shows in the next ones. */
function pick(): string {
  const newest = started % 2 === 0;
  const range = newest ? Math.min(20, tokens.length) : tokens.length;
  return tokens[tokens.length - 1 - Math.floor(Math.random() * range)] as string;
}

const beginning = performance.now();
const elapsed = () => performance.now() - beginning;
await Promise.all([
  (async () => {
    while (elapsed() < duration) {
      for (const due = (elapsed() / 1000) * rate; started < due; started += 1) void verify(pick());
      await pause(5);
    }
    while (finished < started) await pause(5);
  })(),
  (async () => {
    while (elapsed() < duration) {
      tokens.push(await issue());
      if (tokens.length > keptTokens) tokens.shift();
      await pause(issueEvery);
    }
  })(),
  (async () => {
    for (let next = turnEvery; next < duration; next += turnEvery) {
      await pause(Math.max(0, next - elapsed()));
      await administer('POST', 'rotateSigningKeys');
      turns += 1;
      process.stderr.write(`  turn ${turns}: ${finished} verifications, ${fetches} fetches of the key set\n`);
    }
  })(),
]);
const verified = finished / (elapsed() / 1000);

async function accepts(token: string): Promise<boolean> {
  const reply = await operator.call({
    host: new URL(endpoints.management).host,
    path: '/subscriptions?api-version=2022-12-01',
    headers: { authorization: `Bearer ${token}` },
  });
  return reply.status === 200;
}

/** Milliseconds from the acknowledgement to the end of the last use that is accepted. */
async function revoke(): Promise<number> {
  const token = await issue();
  const { kid } = jose.decodeProtectedHeader(token);
  if (!(await accepts(token))) throw new Error('a new token was refused');
  let lastAccepted = Number.NEGATIVE_INFINITY;
  let refusals = 0;
  let acknowledged = Number.POSITIVE_INFINITY;
  const using = (async () => {
    while (refusals < 10 && performance.now() - acknowledged < 5 * goalMilliseconds) {
      const begun = performance.now();
      if (await accepts(token)) {
        lastAccepted = begun;
        refusals = 0;
      } else {
        refusals += 1;
      }
    }
  })();
  await administer('POST', `signingKeys/${kid}/revoke`);
  acknowledged = performance.now();
  await using;
  return refusals < 10 ? Number.POSITIVE_INFINITY : Math.max(0, lastAccepted - acknowledged);
}

const lags: number[] = [];
for (let number = 0; number < revocations; number += 1) lags.push(await revoke());
const longest = Math.max(...lags);
const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);

report(
  `rotation: keys turn every ${turnEvery / 1000} s under verification`,
  [
    { what: 'verifications', value: `${finished} (${verified.toFixed(0)} a second)` },
    { what: 'turns', value: String(turns) },
    { what: 'fetches of the key set', value: String(fetches) },
    { what: 'verification, p99', value: `${percentile(latencies, 0.99).toFixed(1)} ms` },
    {
      what: 'failed verifications',
      value: failed === 0 ? '0' : JSON.stringify(Object.fromEntries(failures)),
      goal: 'none',
      met: failed === 0,
    },
    {
      what: `last accepted use after a key is revoked, maximum of ${lags.length}`,
      value: `${longest.toFixed(1)} ms`,
      goal: `≤ ${goalMilliseconds} ms`,
      met: longest <= goalMilliseconds,
    },
  ],
  { verifications: finished, rate: verified, turns, fetches, failed, longestRevocation: longest },
);
