import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { isAzureName } from '../../contract/cloud-profile.ts';
import { systemClock } from '../../foundation/clock.ts';
import { decideName } from './name-decision.ts';
import { startNameServer } from './name-server.ts';
import { setUpNamespace } from './namespace-setup.ts';
import { programEnvironment } from './program-environment.ts';
import { type FromRelay, onMessages, type RelayOrder, sendMessage, type ToRelay } from './relay-channel.ts';
import { splice } from './splice.ts';

/**
 * Runs inside a fresh network, mount and process namespace, as its root. Descriptor 3 leads to the `innate` that
 * started it: the order comes in over it, and its end means that everything here ends at once.
 */

/** The descriptor of the channel to the outside. */
const channelDescriptor = 3;
/** Where the name is that clients ask about instances: not where the server is, which never answers it. */
const discoveryAddress = '127.0.0.2';
/** Milliseconds within which a signal told by the outside and one from the terminal are one and the same. */
const sameSignal = 100;
/** Capabilities by which a program of root's could undo its isolation. */
const withheld = ['sys_admin', 'net_admin', 'net_raw', 'sys_ptrace', 'sys_module'];
const forwarded: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

const channel = new Socket({ fd: channelDescriptor, readable: true, writable: true });
let child: ChildProcess | undefined;
let ordered = false;
/** Everything that keeps this process alive beside the program. */
const held = new AsyncDisposableStack();
const lastReceived = new Map<NodeJS.Signals, number>();

for (const signal of forwarded) {
  // the program is in the same process group: what the terminal sends reaches it without us
  process.on(signal, () => lastReceived.set(signal, systemClock.monotonic()));
}
channel.on('error', () => {});
channel.on('close', letGo);
onMessages<RelayOrder | ToRelay>(channel, (message) => {
  if ('signal' in message) {
    passOn(message.signal);
  } else if (!ordered) {
    ordered = true;
    follow(message).catch((error: Error) => end({ kind: 'failed', reason: error.message }));
  }
});

/** Hands a signal to the program, unless its terminal has done so already or is about to. */
function passOn(signal: NodeJS.Signals): void {
  const sinceTerminal = () =>
    systemClock.monotonic() - (lastReceived.get(signal) ?? Number.NEGATIVE_INFINITY);
  if (sinceTerminal() < sameSignal) return;
  setTimeout(() => {
    if (sinceTerminal() >= sameSignal) child?.kill(signal);
  }, sameSignal / 2).unref();
}

async function follow(order: RelayOrder): Promise<void> {
  // opened before the data folder is hidden: paths through a descriptor lead to what is beneath
  const outside = {
    host: behindMounts(order.sockets.host),
    tls: behindMounts(order.sockets.tls),
    proxy: behindMounts(order.sockets.proxy),
    discovery: order.sockets.discovery === null ? undefined : behindMounts(order.sockets.discovery),
  };
  const files = setUpNamespace(order);
  await listenTo(outside.host, order.wellKnown.address, order.wellKnown.port);
  await listenTo(outside.tls, '127.0.0.1', 443);
  if (outside.discovery !== undefined) await listenTo(outside.discovery, discoveryAddress, 443);
  const proxyPort = await listenTo(outside.proxy, '127.0.0.1', 0);
  held.use(await startNameServer({ host: '127.0.0.1', port: 53 }, nameAnswers(order)));

  const { login, management, graph, vaultSuffix } = order.profile;
  const environment: Record<string, string | undefined> = {
    ...order.environment,
    ...programEnvironment({
      base: order.environment,
      host: order.host,
      proxy: `http://127.0.0.1:${proxyPort}`,
      ...files,
      directNames: [login, management, graph, `.${vaultSuffix}`],
      proxyOnly: true,
    }),
  };
  const [file, ...args] = asCaller(order);
  child = spawn(file as string, args, { stdio: 'inherit', env: environment });
  child.on('error', (error) => end({ kind: 'failed', reason: error.message }));
  child.on('exit', (code, signal) => {
    const exitCode = code ?? 128 + (signal === null ? 1 : os.constants.signals[signal]);
    end({ kind: 'ended', exitCode });
  });
}

/** The command under the caller's own user, with no capability that the caller has not, nor any over this namespace. */
function asCaller({ identity, command }: RelayOrder): string[] {
  if (identity.privileged) {
    const sets = withheld.map((name) => `-${name}`).join(',');
    return ['setpriv', `--bounding-set=${sets}`, `--inh-caps=${sets}`, '--', ...command];
  }
  // a user namespace below ours maps our root back to the caller
  return ['unshare', '--user', `--map-user=${identity.uid}`, `--map-group=${identity.gid}`, '--', ...command];
}

function nameAnswers({ profile }: RelayOrder) {
  const told = new Set<string>();
  return (name: string) => {
    const decision = decideName(profile, name);
    // RFC 6761 §6.3: this one never leaves the machine
    if (name === 'localhost' || decision.kind === 'served')
      return { kind: 'address', address: '127.0.0.1' } as const;
    if (decision.kind === 'discovery') return { kind: 'address', address: discoveryAddress } as const;
    if (decision.kind === 'elsewhere') return { kind: 'refused' } as const;
    if (isAzureName(name) && !told.has(name) && told.size < 50) {
      told.add(name);
      sendMessage(channel, { kind: 'refused-name', name });
    }
    return { kind: 'none', reason: decision.reason } as const;
  };
}

/** A path to a socket that keeps leading there when something is mounted over its folder. */
function behindMounts(socket: string): string {
  const folder = openSync(path.dirname(socket), constants.O_RDONLY | constants.O_DIRECTORY);
  process.on('exit', () => closeSync(folder));
  return `/proc/self/fd/${folder}/${path.basename(socket)}`;
}

async function listenTo(socket: string, host: string, port: number): Promise<number> {
  const open = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (inside) => {
    open.add(inside);
    inside.on('close', () => open.delete(inside));
    splice(inside, connect({ path: socket, allowHalfOpen: true }));
  });
  held.defer(() => {
    server.close();
    for (const inside of open) inside.destroy();
  });
  server.maxConnections = 1024;
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Tells the outside and ends; with this process everything in the namespace ends. */
function end(message: FromRelay): void {
  process.exitCode = message.kind === 'ended' ? message.exitCode : 1;
  if (channel.destroyed) letGo();
  else {
    sendMessage(channel, message);
    channel.end();
  }
}

/** The outside is gone, or knows all it needs. */
function letGo(): void {
  child?.kill('SIGKILL');
  void held.disposeAsync();
}
