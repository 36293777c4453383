import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { javaTrustStore, systemJavaStores } from './java-trust-store.ts';
import type { RelayOrder } from './relay-channel.ts';
import { systemBundlePaths, trustBundles } from './trust-bundle.ts';

/** Files that exist inside the namespace only. */
export interface NamespaceFiles {
  readonly wholeBundle: string;
  readonly extraBundle: string;
  readonly javaTrustStore: string;
}

/**
 * Makes the namespace of this process look like the resource's host. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN in a
 * network and a mount namespace of its own.
 *
 * @throws where a step fails, with the tool's own words
 */
export function setUpNamespace(order: RelayOrder): NamespaceFiles {
  run('ip', 'link', 'set', 'lo', 'up');
  const { address } = order.wellKnown;
  if (!address.startsWith('127.')) run('ip', 'addr', 'add', `${address}/32`, 'dev', 'lo');
  try {
    run('mount', '-t', 'proc', '-o', 'nosuid,nodev,noexec', 'proc', '/proc');
  } catch {
    // a container that masks parts of /proc forbids a fresh one; the outer one then shows the outer process ids
  }

  const bundles = trustBundles(order.authority, order.environment, read);
  // the program's user could otherwise read keys, and ask the agent for other identities
  run('mount', '-t', 'tmpfs', '-o', 'mode=0755,nosuid,nodev,size=16m', 'tmpfs', order.dataFolder);
  const place = (name: string, content: string | Uint8Array): string => {
    const file = path.join(order.dataFolder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o644 });
    return file;
  };
  place('ca/ca.pem', order.authority);
  const wholeBundle = place('ca/whole.pem', bundles.whole);
  const extraBundle = place('ca/extra.pem', bundles.extra);
  const javaStore = place('ca/whole.p12', javaTrustStore(bundles.whole));
  for (const file of systemBundlePaths) cover(file, wholeBundle);
  for (const file of systemJavaStores) cover(file, javaStore);
  cover('/etc/resolv.conf', place('etc/resolv.conf', 'nameserver 127.0.0.1\noptions timeout:2 attempts:2\n'));
  cover(
    '/etc/hosts',
    place('etc/hosts', `127.0.0.1 localhost ${os.hostname()}\n::1 localhost ip6-localhost ip6-loopback\n`),
  );
  cover('/etc/nsswitch.conf', place('etc/nsswitch.conf', hostsByDns(read('/etc/nsswitch.conf') ?? '')));
  // a name cache outside would answer over its unix socket, past our name server
  for (const folder of ['/run/nscd', '/var/run/nscd']) {
    if (existsSync(folder)) run('mount', '-t', 'tmpfs', '-o', 'mode=0755,size=4k', 'tmpfs', folder);
  }
  return { wholeBundle, extraBundle, javaTrustStore: javaStore };
}

/** Names come from /etc/hosts and from DNS, whatever else the machine has for them; other lists stay as they are. */
function hostsByDns(configuration: string): string {
  const others = configuration.split('\n').filter((line) => !/^\s*hosts\s*:/.test(line));
  return `${others.join('\n').trimEnd()}\nhosts: files dns\n`;
}

/** Puts a file over another, where that one exists; through links, which distributions use for all of these. */
function cover(target: string, file: string): void {
  if (!existsSync(target)) return;
  run('mount', '--bind', file, realpathSync(target));
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function run(tool: string, ...args: string[]): void {
  try {
    execFileSync(tool, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const { stderr, message } = error as { stderr?: Buffer; message: string };
    throw new Error(`${tool}: ${stderr?.toString().trim().split('\n')[0] || message}`, { cause: error });
  }
}
