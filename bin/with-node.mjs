// `node bin/with-node.mjs PROGRAM.ts [ARGUMENTS]`: installs what is missing and runs a program of the project.
import { ensureInstalled, runProgram } from './setup.mjs';

const [program, ...args] = process.argv.slice(2);
await ensureInstalled();
await runProgram(program, args);
