#!/usr/bin/env node
import { ensureInstalled, runProgram } from './setup.mjs';

await ensureInstalled();
await runProgram('src/cli/main.ts', process.argv.slice(2));
