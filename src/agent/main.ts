#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { systemClock } from '../foundation/clock.ts';
import type { Log, LogFields } from '../foundation/log.ts';
import { systemRandomness } from '../foundation/randomness.ts';
import { createAgent } from './compose.ts';
import { type AgentConfig, AgentConfigError, agentConfig, agentUsage } from './config.ts';

/** A join token, and room for the white space around it. */
const maxJoinTokenFile = 1024;

/**
 * The agent as a process of its own: enrols where it is given a join token, opens the endpoint of each resource this
 * host is, says on standard output where (one line of JSON each), and serves until it is told to end.
 */
async function main(argv: readonly string[]): Promise<number> {
  let config: AgentConfig;
  try {
    config = agentConfig(argv);
  } catch (error) {
    if (!(error instanceof AgentConfigError)) throw error;
    process.stderr.write(`${error.message}\n\n${agentUsage}`);
    return 64;
  }
  const ending = endRequested();
  try {
    await serve(config, ending);
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

async function serve(config: AgentConfig, ending: Promise<void>): Promise<void> {
  const { agents, connect, fetching, folder, listen } = config;
  const ca = await readFile(config.serverCaFile, 'utf8');
  await using agent = await createAgent({
    folder,
    profile: { agents: agents.host },
    connect: { ...connect, ca },
    clock: systemClock,
    randomness: systemRandomness,
    log: lineLog,
    limits: { fetching, ...(config.everyRequest ? { every: fetching } : {}) },
  });
  const { joinTokenFile } = config;
  if (joinTokenFile !== undefined) await agent.enrol(await readJoinToken(joinTokenFile));
  const machines = agent.machines();
  if (machines.length === 0)
    throw new Error('this host is not enrolled: give a join token with --join-token-file');
  for (const { resourceId } of machines) {
    const endpoint = await agent.openEndpoint(resourceId, {
      kind: 'tcp',
      address: listen.host,
      port: listen.port,
    });
    const { origin, protocol, environment } = endpoint;
    process.stdout.write(`${JSON.stringify({ resourceId, protocol, origin, environment })}\n`);
  }
  await ending;
}

async function readJoinToken(file: string): Promise<string> {
  const content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  const joinToken = content.trim();
  if (content.length > maxJoinTokenFile || joinToken === '') {
    throw new Error(`${file === '-' ? 'standard input' : file} does not hold a join token`);
  }
  return joinToken;
}

async function endRequested(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  await promise;
}

/** One line of JSON for each event, on standard error. Of an error, what happened and why, and no more. */
const lineLog: Log = {
  debug: () => undefined,
  info: (fields, message) => writeLine('info', fields, message),
  warn: (fields, message) => writeLine('warn', fields, message),
  error: (fields, message) => writeLine('error', fields, message),
};

function writeLine(level: string, fields: LogFields, message: string): void {
  const { err, ...others } = fields;
  const reason = err instanceof Error ? { error: `${err.name}: ${err.message}` } : {};
  const time = new Date(systemClock.now()).toISOString();
  process.stderr.write(`${JSON.stringify({ time, level, message, ...others, ...reason })}\n`);
}

process.exitCode = await main(process.argv.slice(2));
