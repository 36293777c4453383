// Runs on whatever Node the machine has (18 or newer), before anything is installed: no dependency, plain JavaScript.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const stamp = path.join(modules, '.innate-setup');
const compileCache = path.join(modules, '.cache', 'innate-compiled');
/** The oldest Node that runs our TypeScript as it stands. */
const oldestNode = 24;

/** Installs what the lockfile names, unless it is there already. */
export async function ensureInstalled() {
  const text = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const lock = createHash('sha256').update(text).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  if (isInstalled(JSON.parse(text))) {
    writeFileSync(stamp, lock);
    return;
  }
  const progress = startProgress('Installing dependencies');
  const failure = await npmCi(progress);
  progress.stop();
  if (failure !== undefined) {
    console.error(`innate: the dependencies could not be installed.\n${failure.trim()}`);
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

/** Whether npm has put every package there, by somebody's own `npm ci`; those of other platforms may be missing. */
function isInstalled({ packages }) {
  try {
    const hidden = JSON.parse(readFileSync(path.join(modules, '.package-lock.json'), 'utf8'));
    return Object.entries(packages).every(
      ([name, { version, optional }]) =>
        name === '' || optional || hidden.packages[name]?.version === version,
    );
  } catch {
    return false;
  }
}

/** Runs `npm ci`; resolves to npm's own words where it fails. */
function npmCi(progress) {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const child =
    npm !== undefined && /\.[cm]?js$/.test(npm)
      ? spawn(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn('npm', args, {
          cwd: root,
          stdio: ['ignore', 'pipe', 'pipe'],
          shell: process.platform === 'win32',
        });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const timer = setInterval(() => progress.show(`${installedPackages()} packages`), 250);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(`npm could not be started: ${error.message}`));
    child.on('close', (code) => resolve(code === 0 ? undefined : output));
  }).finally(() => clearInterval(timer));
}

function installedPackages() {
  let count = 0;
  try {
    for (const entry of readdirSync(modules)) {
      if (entry.startsWith('@')) count += readdirSync(path.join(modules, entry)).length;
      else if (!entry.startsWith('.')) count += 1;
    }
  } catch {
    // not there yet
  }
  return count;
}

/** One line that renews itself on a terminal; a line at the start and at the end elsewhere. */
function startProgress(what) {
  const { isTTY } = process.stderr;
  const started = process.hrtime.bigint();
  const seconds = () => Number((process.hrtime.bigint() - started) / 1_000_000_000n);
  let turn = 0;
  if (!isTTY) process.stderr.write(`${what} …\n`);
  return {
    show(detail) {
      turn += 1;
      if (isTTY)
        process.stderr.write(`\r\x1b[2K${'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'[turn % 10]} ${what} (${detail}, ${seconds()} s)`);
    },
    stop() {
      process.stderr.write(isTTY ? '\r\x1b[2K' : `${what}: done in ${seconds()} s\n`);
    },
  };
}

/** The pinned Node that came with the dependencies, the running one where it is new enough, or `undefined`. */
function suitableNode() {
  const names = [
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
    `node-bin-${process.platform}-${process.arch}`,
  ];
  for (const name of names) {
    const file = path.join(modules, name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (existsSync(file)) return file;
  }
  return Number(process.versions.node.split('.')[0]) >= oldestNode ? process.execPath : undefined;
}

/** Runs a TypeScript program of the project with the arguments given: in this process where its Node is new enough. */
export async function runProgram(program, args) {
  const file = path.join(root, program);
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) {
    module.enableCompileCache?.(compileCache);
    process.argv = [process.argv[0], file, ...args];
    await import(pathToFileURL(file).href);
    return;
  }
  const node = suitableNode();
  if (node === undefined) {
    console.error(
      `innate: no Node ${oldestNode} or newer for ${process.platform} on ${process.arch} comes with the dependencies; ` +
        `install one and run this again (this is ${process.version}).`,
    );
    process.exit(1);
  }
  const child = spawn(node, [file, ...args], {
    stdio: 'inherit',
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  // a terminal sends Ctrl-C to both; the child decides when to end
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('close', (code, signal) => {
    process.exitCode = code ?? 128 + os.constants.signals[signal];
  });
}
