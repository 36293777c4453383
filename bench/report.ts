import os from 'node:os';

/** One row of a bench's table. */
export interface Row {
  readonly what: string;
  readonly value: string;
  readonly goal?: string;
  readonly met?: boolean;
}

/** The machine a figure was taken on: without it the figure says nothing. */
export function machine(): string {
  const [cpu] = os.cpus();
  const memory = Math.round(os.totalmem() / 1024 ** 3);
  return `${os.cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${memory} GiB, ${os.type()} ${os.release()}, Node ${process.version}, OpenSSL ${process.versions.openssl}`;
}

/**
 * Prints the table, and the figures as one line of JSON last. With `--check` on the command line a missed goal makes
 * the exit code 1; without it a bench only tells, since machines are noisy.
 */
export function report(
  title: string,
  rows: readonly Row[],
  figures: Readonly<Record<string, unknown>>,
): void {
  const width = Math.max(...rows.map((row) => row.what.length));
  const valueWidth = Math.max(...rows.map((row) => row.value.length));
  console.log(`\n${title}\n${machine()}\n`);
  for (const { what, value, goal, met } of rows) {
    const verdict = goal === undefined ? '' : `   goal ${goal}: ${met ? 'met' : 'MISSED'}`;
    console.log(`  ${what.padEnd(width)}  ${value.padStart(valueWidth)}${verdict}`);
  }
  console.log();
  console.log(JSON.stringify({ bench: title, machine: machine(), ...figures }));
  if (process.argv.includes('--check') && rows.some((row) => row.met === false)) process.exitCode = 1;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The value below which `share` (0..1) of all values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number;
}
