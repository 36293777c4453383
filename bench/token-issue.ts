import { spawn } from 'node:child_process';
import { randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Credential } from '../src/agent/credential.ts';
import { createHost } from '../test/support/host.ts';
import { startInnate } from '../test/support/innate.ts';
import { Operator } from '../test/support/operator.ts';
import { load } from './load.ts';
import { median, report } from './report.ts';

/** Tokens a second with private_key_jwt on one pinned core, beside RSA-2048 signatures a second on the same core. */
const rounds = 5;
const signingSeconds = 2;
const tokenSeconds = 4;
const connections = 16;
/** Tokens a second that no machine here reaches: an assertion is good once, so each request has its own. */
const assertionsPerSecond = 5000;
const goal = 0.65;
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

async function signatureFigure(): Promise<Figure> {
  const [command, ...args] = [...pinned, process.execPath, '-e', signatureLoop, String(signingSeconds)];
  const child = spawn(command as string, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (part) => (text += part));
  await once(child, 'close');
  return JSON.parse(text) as Figure;
}

const signInPool = promisify(sign);

async function assertion(credential: Credential, audience: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = { alg: 'RS256', typ: 'JWT', 'x5t#S256': credential.thumbprint };
  const { clientId } = credential;
  const claims = {
    aud: audience,
    iss: clientId,
    sub: clientId,
    jti: randomUUID(),
    nbf: now - 5,
    exp: now + 590,
  };
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${(await signInPool('sha256', Buffer.from(input), credential.key)).toString('base64url')}`;
}

await using innate = await startInnate({ prefix: pinned });
using operator = new Operator(innate.ready);
await using host = await createHost(operator);
const machine = await operator.createMachine(await operator.createGroup('bench'), 'bench-vm');
await host.enrol(machine.id);
const credential = await host.takeCredential(machine.id);

const login = new URL(innate.ready.endpoints.login).host;
const path = `/${innate.ready.tenantId}/oauth2/v2.0/token`;
async function request(): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: credential.clientId,
    scope: 'https://vault.azure.net/.default',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await assertion(credential, `https://${login}/${innate.ready.tenantId}/v2.0`),
  }).toString();
  return [
    `POST ${path} HTTP/1.1`,
    `Host: ${login}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

/** Microseconds of processor time that the server has used. */
function serverTime(): number {
  const fields = readFileSync(`/proc/${innate.ready.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return (ticks / 100) * 1e6;
}

async function tokenFigure(seconds: number): Promise<Figure> {
  const requests = await Promise.all(Array.from({ length: seconds * assertionsPerSecond }, request));
  const before = serverTime();
  const { answers, rate, unexpected } = await load({
    host: '127.0.0.1',
    port: operator.port,
    tls: { ca: operator.ca, servername: login },
    request: requests,
    connections,
    duration: seconds * 1000,
  });
  if (answers > requests.length) throw new Error('there were too few assertions: some came again');
  if (unexpected > 0) throw new Error(`${unexpected} of ${answers} requests were refused`);
  return { rate, cost: (serverTime() - before) / answers };
}

await tokenFigure(2);
const signatures: Figure[] = [];
const tokens: Figure[] = [];
for (let round = 1; round <= rounds; round += 1) {
  process.stderr.write(`round ${round} of ${rounds}\n`);
  signatures.push(await signatureFigure());
  tokens.push(await tokenFigure(tokenSeconds));
}

const ratioOf = (of: (signature: Figure, token: Figure) => number) =>
  median(tokens.map((token, index) => of(signatures[index] as Figure, token)));
const ratio = ratioOf((signature, token) => token.rate / signature.rate);
const byProcessorTime = ratioOf((signature, token) => signature.cost / token.cost);
const middle = (figures: readonly Figure[], of: keyof Figure) => median(figures.map((figure) => figure[of]));
report(
  'tokens with private_key_jwt, on one pinned core',
  [
    {
      what: 'RSA-2048 signatures a second',
      value: `${middle(signatures, 'rate').toFixed(0)} (${middle(signatures, 'cost').toFixed(0)} µs of processor time each)`,
    },
    {
      what: `tokens a second (TLS, ${connections} connections kept alive)`,
      value: `${middle(tokens, 'rate').toFixed(0)} (${middle(tokens, 'cost').toFixed(0)} µs of processor time each)`,
    },
    { what: 'ratio, median of rounds', value: ratio.toFixed(3), goal: `≥ ${goal}`, met: ratio >= goal },
    { what: 'the same by processor time', value: byProcessorTime.toFixed(3) },
  ],
  { signatures, tokens, ratio, byProcessorTime },
);
