import { spawn } from 'node:child_process';
import { processEnvironment } from '../../src/foundation/environment.ts';
import { startPostgres } from './postgres.ts';

/**
 * `node test/support/with-postgres.ts COMMAND…` runs a command with a temporary PostgreSQL server named in
 * INNATE_TEST_POSTGRES, and ends with its exit code; 69 where PostgreSQL is not installed.
 */
const [command, ...parameters] = process.argv.slice(2);
const server = await startPostgres();
if (server === undefined) {
  console.error('PostgreSQL is not installed on this machine');
  process.exitCode = 69;
} else if (command !== undefined) {
  await using _server = server;
  const child = spawn(command, parameters, {
    stdio: 'inherit',
    env: { ...processEnvironment(), INNATE_TEST_POSTGRES: server.url },
  });
  // the terminal sends its interrupt to the child as well: this process waits for it, and ends the server
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.exitCode = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 1));
  });
}
