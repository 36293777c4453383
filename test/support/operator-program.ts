import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { domestic, follow } from './demo-world.ts';
import type { Innate } from './innate.ts';

/**
 * Runs a program of `test/clients` with the operator's credential, told only of a proxy and an authority.
 *
 * @param environment what the program is told beside
 * @returns what it wrote, as JSON; the test fails where it ends otherwise
 */
export async function runAsOperator(
  { ready }: Pick<Innate, 'ready'>,
  file: string,
  environment: Readonly<Record<string, string>> = {},
  // biome-ignore lint/suspicious/noExplicitAny: each program has a report of its own
): Promise<any> {
  const { caFile, operator, proxy, tenantId } = ready;
  const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '..', 'clients', file)], {
    stdio: 'pipe',
    env: {
      ...domestic(),
      HTTPS_PROXY: proxy,
      NODE_EXTRA_CA_CERTS: caFile,
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: operator.clientId,
      AZURE_CLIENT_SECRET: operator.clientSecret,
      ...environment,
    },
  });
  const { code, stdout, stderr } = await follow(child).outcome;
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** For clients that fetch as Node does: its `fetch` heeds a proxy of the environment where it is told to. */
export const nodeProxy = { NODE_USE_ENV_PROXY: '1' };
