import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../src/foundation/clock.ts';
import { createAuthority, issueLeaf } from '../src/server/certificate-authority.ts';
import { createHost } from '../test/support/host.ts';
import { startInnate } from '../test/support/innate.ts';
import { Operator } from '../test/support/operator.ts';
import { load } from './load.ts';
import { median, report } from './report.ts';
import { type AssertingClient, assertedRequests } from './token-requests.ts';

/**
 * Tokens a second with private_key_jwt on one pinned core, beside RSA-2048 signatures a second and beside `oidc-provider`
 * doing the same, on the same core in the same run.
 */
const rounds = 5;
const signingSeconds = 2;
const tokenSeconds = 4;
const connections = 16;
/** Tokens a second that no machine here reaches: an assertion is good once, so each request has its own. */
const assertionsPerSecond = 5000;
const goal = 0.65;
const peerGoal = 2;
const pinned = ['taskset', '-c', '0'];

/** The same operation that a token ends with, bare: `crypto.sign` of a token-sized input with a key held ready. */
const signatureLoop = `
  const { generateKeyPairSync, sign } = require('node:crypto');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const input = Buffer.alloc(1100, 'a');
  for (let i = 0; i < 200; i += 1) sign('sha256', input, privateKey);
  const seconds = Number(process.argv[1]);
  const started = performance.now();
  const before = process.cpuUsage();
  let count = 0;
  while (performance.now() - started < seconds * 1000) { sign('sha256', input, privateKey); count += 1; }
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ rate: count / ((performance.now() - started) / 1000), cost: (user + system) / count }));
`;

/** Operations a second, and microseconds of processor time each took: the second holds on a busy machine as well. */
interface Figure {
  readonly rate: number;
  readonly cost: number;
}

function startPinned(args: readonly string[]): ChildProcess {
  const [command, ...rest] = [...pinned, process.execPath, ...args];
  return spawn(command as string, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function signatureFigure(): Promise<Figure> {
  const child = startPinned(['-e', signatureLoop, String(signingSeconds)]);
  let text = '';
  child.stdout?.on('data', (part) => (text += part));
  await once(child, 'close');
  return JSON.parse(text) as Figure;
}

/** A server under load: where it is, and who asks. */
interface Served {
  readonly pid: number;
  readonly port: number;
  readonly ca: string;
  readonly client: AssertingClient;
}

/** Microseconds of processor time that a process has used. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / 100) * 1e6;
}

async function tokenFigure({ pid, port, ca, client }: Served, seconds: number): Promise<Figure> {
  const requests = await assertedRequests(client, seconds * assertionsPerSecond);
  const before = processorTime(pid);
  const { answers, rate, unexpected } = await load({
    host: '127.0.0.1',
    port,
    tls: { ca, servername: client.host },
    request: requests,
    connections,
    duration: seconds * 1000,
  });
  if (answers > requests.length) throw new Error('there were too few assertions: some came again');
  if (unexpected > 0) throw new Error(`${unexpected} of ${answers} requests were refused`);
  return { rate, cost: (processorTime(pid) - before) / answers };
}

await using innate = await startInnate({ prefix: pinned });
using operator = new Operator(innate.ready);
await using host = await createHost(operator);
const machine = await operator.createMachine(await operator.createGroup('bench'), 'bench-vm');
await host.enrol(machine.id);
const credential = await host.takeCredential(machine.id);
const { tenantId } = innate.ready;
const login = new URL(innate.ready.endpoints.login).host;
const ours: Served = {
  pid: innate.ready.pid,
  port: operator.port,
  ca: operator.ca,
  client: {
    host: login,
    path: `/${tenantId}/oauth2/v2.0/token`,
    clientId: credential.clientId,
    key: credential.key,
    keyName: { 'x5t#S256': credential.thumbprint },
    audience: `https://${login}/${tenantId}/v2.0`,
    form: { scope: 'https://vault.azure.net/.default' },
  },
};

/** `oidc-provider` with keys of its own and a certificate for the same name. */
async function startPeer(): Promise<{ readonly served: Served; readonly child: ChildProcess }> {
  const name = 'peer.example';
  const authority = await createAuthority([name], systemClock);
  const leaf = await issueLeaf(authority, [name], systemClock);
  const client = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signing = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const issuer = `https://${name}`;
  const resource = 'https://api.example';
  const child = startPinned([path.join(import.meta.dirname, 'oidc-provider-server.ts')]);
  const settings = {
    issuer,
    resource,
    clientId: 'bench',
    clientKey: { ...client.publicKey.export({ format: 'jwk' }), kid: 'client', use: 'sig' },
    signingKey: { ...signing.privateKey.export({ format: 'jwk' }), kid: 'signing', use: 'sig' },
    certificate: leaf.certificateChain,
    privateKey: leaf.privateKey,
  };
  child.stdin?.write(`${JSON.stringify(settings)}\n`);
  const port = Number(String((await once(child.stdout as NodeJS.ReadableStream, 'data'))[0]));
  return {
    child,
    served: {
      pid: child.pid ?? 0,
      port,
      ca: authority.certificate,
      client: {
        host: name,
        path: '/token',
        clientId: 'bench',
        key: client.privateKey,
        keyName: { kid: 'client' },
        audience: issuer,
        form: { scope: 'api', resource },
      },
    },
  };
}

const peer = await startPeer();
const signatures: Figure[] = [];
const tokens: Figure[] = [];
const peers: Figure[] = [];
try {
  await tokenFigure(ours, 2);
  await tokenFigure(peer.served, 2);
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    signatures.push(await signatureFigure());
    tokens.push(await tokenFigure(ours, tokenSeconds));
    peers.push(await tokenFigure(peer.served, tokenSeconds));
  }
} finally {
  peer.child.stdin?.end();
}

const ratioOf = (of: (token: Figure, signature: Figure, peer: Figure) => number) =>
  median(tokens.map((token, at) => of(token, signatures[at] as Figure, peers[at] as Figure)));
const ratio = ratioOf((token, signature) => token.rate / signature.rate);
const byProcessorTime = ratioOf((token, signature) => signature.cost / token.cost);
const besidePeer = ratioOf((token, _, other) => token.rate / other.rate);
const middle = (figures: readonly Figure[]) =>
  `${median(figures.map(({ rate }) => rate)).toFixed(0)} (${median(figures.map(({ cost }) => cost)).toFixed(0)} µs of processor time each)`;
report(
  'tokens with private_key_jwt, on one pinned core',
  [
    { what: 'RSA-2048 signatures a second', value: middle(signatures) },
    { what: `tokens a second (TLS, ${connections} connections kept alive)`, value: middle(tokens) },
    { what: 'tokens a second of oidc-provider', value: middle(peers) },
    {
      what: 'beside signatures, median of rounds',
      value: ratio.toFixed(3),
      goal: `≥ ${goal}`,
      met: ratio >= goal,
    },
    { what: 'the same by processor time', value: byProcessorTime.toFixed(3) },
    {
      what: 'beside oidc-provider, median of rounds',
      value: besidePeer.toFixed(2),
      goal: `≥ ${peerGoal}`,
      met: besidePeer >= peerGoal,
    },
  ],
  { signatures, tokens, peers, ratio, byProcessorTime, besidePeer },
);
