/**
 * Answers a second of the agent's endpoint for a token kept ready, beside a bare `node:http` server that sends the same
 * body and headers to every request. Each server is a process of its own on one core, the load is on the other; rounds
 * alternate, and the figure is the median of the rounds' ratios.
 *
 *     node bench/cached-token.ts [--check] [--rounds N] [--seconds S]
 *
 * `--check` ends with exit code 1 where the ratio is below the goal.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { Callers, metadataServiceLimits } from '../src/agent/callers.ts';
import { openEndpoint } from '../src/agent/endpoint.ts';
import type { Token } from '../src/agent/host-protocols/host-protocol.ts';
import { imds } from '../src/agent/host-protocols/imds/imds.ts';
import { TokenCache } from '../src/agent/token-cache.ts';
import { systemClock } from '../src/foundation/clock.ts';
import { silentLog } from '../src/foundation/log.ts';
import { systemRandomness } from '../src/foundation/randomness.ts';
import { load } from './load.ts';
import { median, report } from './report.ts';

const goal = 0.85;
const connections = 32;
const resource = 'https://vault.azure.net';
const target = `/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${encodeURIComponent(resource)}`;

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '2' },
    serve: { type: 'string' },
  },
});

if (values.serve === 'agent') await serveAgent();
else if (values.serve === 'bare') await serveBare();
else await measure();

/** A token of the size that the server issues. */
function token(): Token {
  const now = Math.floor(systemClock.now() / 1000);
  return {
    accessToken: `${'e'.repeat(100)}.${'y'.repeat(1100)}.${'s'.repeat(342)}`,
    clientId: '22222222-2222-4222-8222-222222222222',
    principalId: '11111111-1111-4111-8111-111111111111',
    notBefore: now,
    expiresOn: now + 3600,
  };
}

async function serveAgent(): Promise<void> {
  const cache = new TokenCache({ clock: systemClock, randomness: systemRandomness });
  const fetch = async () => token();
  const endpoint = await openEndpoint(
    '/',
    { kind: 'tcp' },
    {
      protocol: imds,
      desk: {
        epoch: 0,
        ready: (question) => cache.ready(question.resource, fetch),
        obtain: (question) => cache.obtain(question.resource, fetch),
        facts: () => {
          throw new Error('nobody asks');
        },
      },
      fetching: new Callers(metadataServiceLimits, systemClock),
      clock: systemClock,
      log: silentLog,
    },
  );
  console.log(endpoint.address.split(':')[1]);
}

async function serveBare(): Promise<void> {
  const question = { resource, selector: undefined, refusedToken: undefined, understandsChallenges: false };
  const { status, headers, body } = imds.write(question, token(), Math.floor(systemClock.now() / 1000));
  const server = createServer((_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log((server.address() as AddressInfo).port);
}

async function start(kind: 'agent' | 'bare', core: number): Promise<{ child: ChildProcess; port: number }> {
  const self = [process.execPath, import.meta.filename, '--serve', kind];
  const command = process.platform === 'linux' ? ['taskset', '-c', String(core), ...self] : self;
  const child = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { child, port: Number(line.toString().trim()) };
}

async function measure(): Promise<void> {
  const rounds = Number(values.rounds);
  const duration = Number(values.seconds) * 1000;
  await moveTo(1);
  const agent = await start('agent', 0);
  const bare = await start('bare', 0);
  try {
    const run = (port: number, milliseconds: number) =>
      load({
        host: '127.0.0.1',
        port,
        request: `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nMetadata: true\r\nAccept: */*\r\nUser-Agent: bench\r\nConnection: keep-alive\r\n\r\n`,
        connections,
        duration: milliseconds,
      });
    for (const { port } of [bare, agent]) await run(port, 1000);
    const results: { bare: number; agent: number; ratio: number; busy: number; costs: number }[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      // who goes first alternates, so that neither always has the warmer machine
      const order = round % 2 === 1 ? [bare, agent] : [agent, bare];
      const measured = new Map<number, Awaited<ReturnType<typeof run>> & { readonly cost: number }>();
      for (const { child, port } of order) {
        const before = await processorTime(child);
        const result = await run(port, duration);
        const cost = ((await processorTime(child)) - before) / result.answers;
        measured.set(port, { ...result, cost });
      }
      const [of, beside] = [measured.get(agent.port), measured.get(bare.port)];
      if (of === undefined || beside === undefined) throw new Error('a round brought nothing');
      if (of.unexpected + beside.unexpected > 0) throw new Error('an answer was not 200');
      results.push({
        bare: beside.rate,
        agent: of.rate,
        ratio: of.rate / beside.rate,
        busy: Math.max(of.busy, beside.busy),
        costs: beside.cost / of.cost,
      });
    }
    const middle = (name: keyof (typeof results)[number]) => median(results.map((result) => result[name]));
    const [rateBare, rateAgent, ratio] = [middle('bare'), middle('agent'), middle('ratio')];
    report(
      `the agent's cached answer beside a bare node:http server, each on core 0, load on core 1, ${connections} connections`,
      [
        ...results.map((result, index) => ({
          what: `round ${index + 1}: bare, agent, answers a second`,
          value: `${result.bare.toFixed(0)}, ${result.agent.toFixed(0)}`,
        })),
        { what: 'the same by processor time an answer', value: middle('costs').toFixed(3) },
        { what: 'the load generator itself was busy', value: `${(middle('busy') * 100).toFixed(0)} %` },
        { what: 'median: bare, agent', value: `${rateBare.toFixed(0)}, ${rateAgent.toFixed(0)}` },
        {
          what: "median of the rounds' ratios",
          value: ratio.toFixed(3),
          goal: `≥ ${goal}`,
          met: ratio >= goal,
        },
      ],
      { bare: Math.round(rateBare), agent: Math.round(rateAgent), ratio: Number(ratio.toFixed(3)), goal },
    );
  } finally {
    agent.child.kill();
    bare.child.kill();
  }
}

/** Seconds of processor time that a process has used; NaN where the system does not tell. */
async function processorTime({ pid }: ChildProcess): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticksASecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksASecond;
}

/** Moves this process to one core; where that cannot be done, the figures are only noisier. */
async function moveTo(core: number): Promise<void> {
  const moved = spawn('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' });
  await new Promise((resolve) => moved.on('close', resolve).on('error', resolve));
}
