import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startInnate } from '../test/support/innate.ts';
import { Operator } from '../test/support/operator.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { median, report } from './report.ts';

/** From the start of the process, with an existing data folder, to the first token; and the memory it then holds. */
const rounds = 7;
const goalMilliseconds = 1000;
const goalMegabytes = 150;

function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

await using folder = await temporaryFolder();
const data = path.join(folder.path, 'data');
{
  await using first = await startInnate({ data });
  using operator = new Operator(first.ready);
  await operator.token('https://management.azure.com');
}

const toFirstToken: number[] = [];
const atRest: number[] = [];
for (let round = 1; round <= rounds; round += 1) {
  const started = performance.now();
  await using innate = await startInnate({ data });
  using operator = new Operator(innate.ready);
  await operator.token('https://management.azure.com');
  toFirstToken.push(performance.now() - started);
  atRest.push(residentMegabytes(innate.ready.pid));
}

const milliseconds = median(toFirstToken);
const megabytes = median(atRest);
report(
  'start with an existing data folder',
  [
    {
      what: 'to the first token, median',
      value: `${milliseconds.toFixed(0)} ms`,
      goal: `< ${goalMilliseconds} ms`,
      met: milliseconds < goalMilliseconds,
    },
    { what: 'to the first token, slowest', value: `${Math.max(...toFirstToken).toFixed(0)} ms` },
    {
      what: 'resident memory of innate up, median',
      value: `${megabytes.toFixed(0)} MB`,
      goal: `< ${goalMegabytes} MB`,
      met: megabytes < goalMegabytes,
    },
  ],
  { toFirstToken, atRest },
);
