import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/**
 * Runs every test with node's own runner; arguments narrow it to files or patterns. A process of its own keeps the
 * runner's summary the last thing printed.
 */
const patterns = process.argv.slice(2);
const child = spawn(
  process.execPath,
  [
    '--test',
    '--test-reporter=spec',
    // a file that hangs is a failure, not the end of all answers
    '--test-timeout=600000',
    // files wait for servers and programs more than they compute
    `--test-concurrency=${availableParallelism() + 1}`,
    ...(patterns.length > 0 ? patterns : ['src/**/*.test.ts', 'test/**/*.test.ts']),
  ],
  { stdio: 'inherit' },
);
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
