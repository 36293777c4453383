import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { startInnate } from '../test/support/innate.ts';
import { Operator } from '../test/support/operator.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { percentile, type Row, report } from './report.ts';

/**
 * Many resources through the public API, on the embedded database and on PostgreSQL where it is installed: how fast
 * virtual machines with identities of their own are made, how long a page of a group's list takes, how long the group's
 * deletion takes and what others wait meanwhile; then how fast user-assigned identities are made when there are very many,
 * and the memory that the server holds. `--identities N` makes fewer of them, `--machines N` fewer machines.
 */
const machines = numberAfter('--machines', 10_000);
const identities = numberAfter('--identities', 100_000);
const connections = 16;
const perGroup = 10_000;
const goalOfPage = 100;
const goalOfDeletion = 30_000;

function numberAfter(name: string, otherwise: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Does each of `count` things, some at once; answers how many a second, over all and in the last tenth. */
async function many(count: number, what: string, one: (at: number) => Promise<unknown>) {
  const began = performance.now();
  let lastTenth = began;
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const at = next++;
      if (at === Math.floor(count * 0.9)) lastTenth = performance.now();
      if (at > 0 && at % Math.ceil(count / 5) === 0) process.stderr.write(`  ${what}: ${at} of ${count}\n`);
      await one(at);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const ended = performance.now();
  return {
    rate: (count / (ended - began)) * 1000,
    lastRate: ((count - Math.floor(count * 0.9)) / (ended - lastTenth)) * 1000,
  };
}

/** Milliseconds of each page of a list, to its end; and how much it listed. */
async function pages(operator: Operator, path: string): Promise<{ times: number[]; listed: number }> {
  const times: number[] = [];
  let listed = 0;
  for (let next: string | undefined = path; next !== undefined; ) {
    const began = performance.now();
    const page = (await operator.arm('GET', next)).json();
    times.push(performance.now() - began);
    listed += page.value.length;
    const link: URL | undefined = page.nextLink === undefined ? undefined : new URL(page.nextLink);
    next = link && link.pathname + link.search;
  }
  return { times, listed };
}

async function measure(engine: string, args: readonly string[]) {
  process.stderr.write(`${engine}\n`);
  await using innate = await startInnate({ args });
  using operator = new Operator(innate.ready);
  const run = randomBytes(3).toString('hex');
  const { pid } = innate.ready;
  const atRest = residentMegabytes(pid);

  const group = await operator.createGroup(`bench-${run}`);
  const created = await many(machines, 'virtual machines', (at) => operator.createMachine(group, `vm-${at}`));
  const resources = await pages(operator, `${group}/resources?api-version=2021-04-01`);
  const type = `${group}/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01`;
  const ofType = await pages(operator, type);
  for (const { listed } of [resources, ofType]) {
    if (listed !== machines) throw new Error(`${listed} of ${machines} resources are listed`);
  }

  const deletion = await deleteGroup(operator, group, `beside-${run}`);

  const groups: string[] = [];
  for (let at = 0; at < identities; at += perGroup) {
    groups.push(await operator.createGroup(`many-${run}-${at / perGroup}`));
  }
  const assigned = await many(identities, 'user-assigned identities', (at) =>
    operator.arm(
      'PUT',
      `${groups[Math.floor(at / perGroup)]}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-${at}?api-version=2024-11-30`,
      { location: 'westeurope' },
    ),
  );
  const pageTimes = [...resources.times, ...ofType.times];
  return { engine, atRest, created, pageTimes, deletion, assigned, afterwards: residentMegabytes(pid) };
}

/** Deletes the group and polls until it is over, while somebody else reads and writes in another group. */
async function deleteGroup(operator: Operator, group: string, other: string) {
  const beside = await operator.createGroup(other);
  const waits: number[] = [];
  const began = performance.now();
  const { headers } = await operator.arm('DELETE', `${group}?api-version=2022-09-01`);
  const poll = new URL(String(headers['location']));
  let over = false;
  const others = (async () => {
    for (let at = 0; !over; at += 1) {
      const asked = performance.now();
      await operator.createMachine(beside, `vm-${at % 10}`);
      waits.push(performance.now() - asked);
    }
  })();
  try {
    while ((await operator.arm('GET', poll.pathname + poll.search)).status === 202) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    over = true;
    await others;
  }
  return { duration: performance.now() - began, waits };
}

await using folder = await temporaryFolder();
const keyFile = folder.file('key');
writeFileSync(keyFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
await using postgres = await startPostgres();
const measured = [await measure('SQLite', [])];
if (postgres === undefined) process.stderr.write('PostgreSQL is not installed on this machine\n');
else measured.push(await measure('PostgreSQL', ['--database', postgres.url, '--key-file', keyFile]));

const rows = measured.flatMap(({ engine, atRest, created, pageTimes, deletion, assigned, afterwards }) => {
  const slowestPage = Math.max(...pageTimes);
  const bySize = assigned.lastRate / assigned.rate;
  return [
    {
      what: `${engine}: virtual machines with identities made a second`,
      value: created.rate.toFixed(0),
    },
    {
      what: `${engine}: page of a list of ${machines}, median and slowest`,
      value: `${percentile(pageTimes, 0.5).toFixed(0)} ms, ${slowestPage.toFixed(0)} ms`,
      goal: `< ${goalOfPage} ms`,
      met: slowestPage < goalOfPage,
    },
    {
      what: `${engine}: deletion of the group with ${machines} identities`,
      value: `${(deletion.duration / 1000).toFixed(1)} s`,
      goal: `< ${goalOfDeletion / 1000} s`,
      met: deletion.duration < goalOfDeletion,
    },
    {
      what: `${engine}: a machine made elsewhere meanwhile, median and slowest`,
      value: `${percentile(deletion.waits, 0.5).toFixed(0)} ms, ${Math.max(...deletion.waits).toFixed(0)} ms`,
    },
    {
      what: `${engine}: of ${identities} user-assigned identities made a second`,
      value: assigned.rate.toFixed(0),
    },
    { what: `${engine}: the last tenth beside all`, value: bySize.toFixed(2) },
    {
      what: `${engine}: resident memory at rest, and with all of them`,
      value: `${atRest.toFixed(0)} MB, ${afterwards.toFixed(0)} MB`,
    },
  ] satisfies Row[];
});
report(
  'many resources',
  rows,
  Object.fromEntries(
    measured.map(({ engine, pageTimes, deletion, ...figures }) => [
      engine,
      {
        ...figures,
        page: { median: percentile(pageTimes, 0.5), slowest: Math.max(...pageTimes) },
        deletion: { duration: deletion.duration, slowestBeside: Math.max(...deletion.waits) },
      },
    ]),
  ),
);
