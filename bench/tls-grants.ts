import { startInnate } from '../test/support/innate.ts';
import { Operator } from '../test/support/operator.ts';
import { load } from './load.ts';
import { median, report } from './report.ts';
import { tokenRequest } from './token-requests.ts';

/** Client-credential grants a second on one pinned core, each over a TLS connection of its own. */
const rounds = 5;
const seconds = 4;
const connections = 16;
const goal = 240;

await using innate = await startInnate({ prefix: ['taskset', '-c', '0'] });
using operator = new Operator(innate.ready);
const { clientId, clientSecret } = innate.ready.operator;
const host = new URL(innate.ready.endpoints.login).host;
const path = `/${innate.ready.tenantId}/oauth2/v2.0/token`;
const request = tokenRequest(
  { host, path },
  { client_id: clientId, client_secret: clientSecret, scope: 'https://vault.azure.net/.default' },
);

async function round(duration: number) {
  const result = await load({
    host: '127.0.0.1',
    port: operator.port,
    tls: { ca: operator.ca, servername: host },
    request,
    connections,
    connectionEach: true,
    duration,
  });
  if (result.unexpected > 0)
    throw new Error(`${result.unexpected} of ${result.answers} requests were refused`);
  return result;
}

await round(2000);
const results = [];
for (let count = 1; count <= rounds; count += 1) {
  process.stderr.write(`round ${count} of ${rounds}\n`);
  results.push(await round(seconds * 1000));
}
const rate = median(results.map((result) => result.rate));
report(
  'grants by client secret, each over a new TLS connection, on one pinned core',
  [
    {
      what: `grants a second (${connections} at a time)`,
      value: rate.toFixed(0),
      goal: `≥ ${goal}`,
      met: rate >= goal,
    },
    { what: 'milliseconds, handshake apart: p50', value: median(results.map(({ p50 }) => p50)).toFixed(1) },
    { what: 'p99', value: median(results.map(({ p99 }) => p99)).toFixed(1) },
    {
      what: 'the generator was busy',
      value: `${(median(results.map(({ busy }) => busy)) * 100).toFixed(0)} %`,
    },
  ],
  { rate, rounds: results },
);
