import { spawn } from 'node:child_process';
import path from 'node:path';

/** Format, lint and types: what is checked without running anything. */
const bin = path.resolve(import.meta.dirname, '..', 'node_modules', '.bin');

async function run(command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(path.join(bin, command), args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  return await new Promise((resolve) => child.on('close', (code) => resolve(code === 0)));
}

const formatted = await run('biome', ['check', '.']);
const typed = await run('tsc', ['--noEmit']);
if (!formatted || !typed) process.exitCode = 1;
