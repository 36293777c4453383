import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createHost } from '../test/support/host.ts';
import { startInnate } from '../test/support/innate.ts';
import { Operator, roles } from '../test/support/operator.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { percentile, report } from './report.ts';

/**
 * Revocations under load: how long after one is acknowledged the vault still accepts a token issued before it. Each
 * lever has a fifth of the victims: the virtual machine is deleted, the role assignment is, the principal is disabled,
 * its tokens are revoked, or it is taken from the group that has the role. With `--database URL` two replicas share
 * that PostgreSQL: one is told to delete, the other is asked for the secret.
 */
const victims = 200;
const goalMilliseconds = 1000;
/** Milliseconds of use before the delete, and after it at most. */
const before = 30;
const after = 2000;
/** A victim refused this often in a row stays refused. */
const settled = 10;

const at = process.argv.indexOf('--database');
const database = at < 0 ? undefined : process.argv[at + 1];

await using folder = await temporaryFolder();
const keyFile = folder.file('key');
writeFileSync(keyFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
const args = database === undefined ? [] : ['--database', database, '--key-file', keyFile];
await using first = await startInnate({ args });
await using second = database === undefined ? undefined : await startInnate({ args });
using operator = new Operator(first.ready);
using user = new Operator((second ?? first).ready);
await using host = await createHost(operator);

const run = randomBytes(3).toString('hex');
const group = await operator.createGroup(`bench-${run}`);
const vaultName = `bench-${run}`;
const vault = await operator.createVault(group, vaultName);
await operator.assign(vault, roles.secretsOfficer, await operatorPrincipal());
await operator.vault(vaultName, 'PUT', '/secrets/shared?api-version=7.5', { value: 'x' });

async function operatorPrincipal(): Promise<string> {
  const token = await operator.token('https://management.azure.com');
  return JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()).oid;
}

async function graph(method: string, path: string, body?: unknown) {
  const reply = await operator.call({
    host: new URL(operator.ready.endpoints.graph).host,
    method,
    path: `/v1.0${path}`,
    headers: {
      authorization: `Bearer ${await operator.token(operator.ready.endpoints.graph)}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`);
  return reply;
}

const readers = (
  await graph('POST', '/groups', {
    displayName: `readers-${run}`,
    mailEnabled: false,
    mailNickname: `readers-${run}`,
    securityEnabled: true,
  })
).json().id as string;
await operator.assign(vault, roles.secretsUser, readers, 'Group');

const levers = {
  'machine deleted': ({ machine }) => operator.arm('DELETE', `${machine}?api-version=2024-07-01`),
  'role assignment deleted': ({ assignment }) =>
    operator.arm('DELETE', `${assignment}?api-version=2022-04-01`),
  'principal disabled': ({ principalId }) =>
    graph('PATCH', `/servicePrincipals/${principalId}`, { accountEnabled: false }),
  'tokens revoked': ({ principalId }) =>
    operator.arm('POST', '/providers/Innate.Tokens/revokeTokens?api-version=2026-11-01', { principalId }),
  'taken from its group': ({ principalId }) =>
    graph('DELETE', `/groups/${readers}/members/${principalId}/$ref`),
} satisfies Record<string, (victim: Victim) => Promise<unknown>>;
type Lever = keyof typeof levers;
const leverNames = Object.keys(levers) as Lever[];

interface Victim {
  readonly machine: string;
  readonly principalId: string;
  /** Empty where the rights are a group's. */
  readonly assignment: string;
  readonly token: string;
}

async function createVictim(name: string, lever?: Lever): Promise<Victim> {
  const { id, principalId } = await operator.createMachine(group, name);
  let assignment = '';
  if (lever === 'taken from its group') {
    await graph('POST', `/groups/${readers}/members/$ref`, {
      '@odata.id': `${operator.ready.endpoints.graph}/v1.0/directoryObjects/${principalId}`,
    });
  } else {
    assignment = await operator.assign(vault, roles.secretsUser, principalId);
  }
  const token = await host.enrol(id);
  return { machine: id, principalId, assignment, token };
}

process.stderr.write(`preparing ${victims} virtual machines with identities on this host\n`);
function leverOf(number: number): Lever {
  return leverNames[number % leverNames.length] ?? 'machine deleted';
}

const prepared: Victim[] = [];
while (prepared.length < victims) {
  const numbers = [prepared.length, prepared.length + 1];
  prepared.push(
    ...(await Promise.all(numbers.map((number) => createVictim(`victim-${number}`, leverOf(number))))),
  );
  if (prepared.length % 50 === 0) process.stderr.write(`  ${prepared.length}\n`);
}

const read = async (token: string) =>
  (await user.vault(vaultName, 'GET', '/secrets/shared/?api-version=7.5', undefined, token)).status;

// load that nobody revokes: reads and writes of the vault
const bystander = await createVictim('bystander');
let loading = true;
let loadRequests = 0;
const load = [
  ...Array.from({ length: 3 }, async () => {
    while (loading) {
      if ((await read(bystander.token)) !== 200) throw new Error('the bystander was refused');
      loadRequests += 1;
    }
  }),
  (async () => {
    for (let number = 0; loading; number += 1) {
      await operator.vault(vaultName, 'PUT', '/secrets/other?api-version=7.5', { value: String(number) });
      loadRequests += 1;
    }
  })(),
];

async function revoke(victim: Victim, lever: Lever): Promise<number> {
  const { token } = victim;
  let lastAccepted = Number.NEGATIVE_INFINITY;
  let acknowledged: number | undefined;
  let refusals = 0;
  const started = performance.now();
  const use = async () => {
    while (refusals < settled && performance.now() - (acknowledged ?? started + after) < after) {
      const begun = performance.now();
      const status = await read(token);
      if (status === 200) {
        lastAccepted = Math.max(lastAccepted, begun);
        refusals = 0;
      } else if (acknowledged !== undefined) {
        refusals += 1;
      }
    }
  };
  const using = Promise.all([use(), use()]);
  const inUse = () => lastAccepted !== Number.NEGATIVE_INFINITY;
  while (performance.now() - started < before || !inUse()) {
    if (performance.now() - started > after) throw new Error('the victim was refused before it was revoked');
    await read(bystander.token);
  }
  await levers[lever](victim);
  acknowledged = performance.now();
  await using;
  if (refusals < settled) return Number.POSITIVE_INFINITY;
  return Math.max(0, lastAccepted - acknowledged);
}

const lagsOf = new Map<Lever, number[]>(leverNames.map((lever) => [lever, []]));
const loadStarted = performance.now();
try {
  for (const [number, victim] of prepared.slice(0, victims).entries()) {
    const lever = leverOf(number);
    lagsOf.get(lever)?.push(await revoke(victim, lever));
    if ((number + 1) % 50 === 0) process.stderr.write(`  revoked ${number + 1}\n`);
  }
} finally {
  loading = false;
  await Promise.all(load);
}
const loadRate = loadRequests / ((performance.now() - loadStarted) / 1000);

const lags = [...lagsOf.values()].flat();
const p99 = percentile(lags, 0.99);
const maximum = Math.max(...lags);
report(
  `revocation: ${lags.length} revocations under load, ${second === undefined ? 'SQLite' : 'two replicas over PostgreSQL'}`,
  [
    { what: 'load meanwhile, requests a second', value: loadRate.toFixed(0) },
    {
      what: 'last accepted use after the acknowledgement, p50',
      value: `${percentile(lags, 0.5).toFixed(1)} ms`,
    },
    ...leverNames.map((lever) => ({
      what: `${lever}, p99 and maximum`,
      value: `${percentile(lagsOf.get(lever) ?? [], 0.99).toFixed(1)} ms, ${Math.max(...(lagsOf.get(lever) ?? [])).toFixed(1)} ms`,
    })),
    { what: 'p99', value: `${p99.toFixed(1)} ms` },
    {
      what: 'maximum',
      value: `${maximum.toFixed(1)} ms`,
      goal: `≤ ${goalMilliseconds} ms`,
      met: maximum <= goalMilliseconds,
    },
  ],
  { p99, maximum, victims: lags.length, loadRate },
);
