import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { socketPath } from '../client/socket-path.ts';
import type { EndpointOrder, OpenedEndpoint } from '../contract/control-socket.ts';
import { canonicalId, parseScope } from '../contract/resource-id.ts';
import type { Randomness } from '../foundation/randomness.ts';
import type { Agent, Endpoint } from './agent.ts';
import type { InstanceAnswerer } from './isolation/instance-answerer.ts';
import type { NameProxy } from './isolation/name-proxy.ts';
import { splice } from './isolation/splice.ts';

export interface ProgramEndpointsOptions {
  readonly agent: Pick<Agent, 'openEndpoint'>;
  readonly proxy: Pick<NameProxy, 'url' | 'accept'>;
  /** The server's TLS listener. */
  readonly server: { readonly host: string; readonly port: number };
  /** Who answers programs about instances, where the server does not. */
  readonly discovery?: Pick<InstanceAnswerer, 'certificate' | 'host' | 'port'> | undefined;
  /** PEM file of the deployment's authority. */
  readonly caFile: string;
  /** Folder for socket files, this agent's alone: what a former one left there is removed. */
  readonly runFolder: string;
  readonly randomness: Randomness;
}

/** No more endpoints at once than a machine runs programs with good reason. */
const maxEndpoints = 128;

/** More endpoints than there may be. */
export class TooManyEndpoints extends Error {
  override readonly name = 'TooManyEndpoints';
}

/** An endpoint made for a program; whoever asked for it closes it. */
export interface ProgramEndpoint extends AsyncDisposable {
  readonly answer: OpenedEndpoint;
}

/** The endpoints that programs on this machine use, each for one resource. */
export class ProgramEndpoints implements AsyncDisposable {
  readonly #options: ProgramEndpointsOptions;
  readonly #open = new Set<AsyncDisposableStack>();
  /** By canonical resource id; promises, so that two orders at once get one endpoint. */
  readonly #kept = new Map<string, Promise<ProgramEndpoint>>();
  #count = 0;

  constructor(options: ProgramEndpointsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  /** Removes what an agent that was killed has left. */
  async start(): Promise<void> {
    await rm(this.#options.runFolder, { recursive: true, force: true });
  }

  /** @throws NotEnrolled, ResourceIdError, TooManyEndpoints */
  async open({ resourceId, mode }: Pick<EndpointOrder, 'resourceId' | 'mode'>): Promise<ProgramEndpoint> {
    if (this.#count >= maxEndpoints) {
      throw new TooManyEndpoints(`no more than ${maxEndpoints} endpoints can be open at once`);
    }
    this.#count += 1;
    await using made = new AsyncDisposableStack();
    made.defer(() => {
      this.#count -= 1;
    });
    const answer =
      mode === 'environment'
        ? await this.#openInEnvironment(resourceId, made)
        : await this.#openIsolated(resourceId, made);
    const parts = made.move();
    this.#open.add(parts);
    parts.defer(() => {
      this.#open.delete(parts);
    });
    return { answer, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  }

  /** The resource's endpoint that stays open, opened where it is not yet. */
  async keep(resourceId: string): Promise<OpenedEndpoint> {
    const canonical = canonicalId(parseScope(resourceId));
    const kept = this.#kept.get(canonical) ?? this.open({ resourceId, mode: 'environment' });
    this.#kept.set(canonical, kept);
    try {
      return (await kept).answer;
    } catch (error) {
      this.#kept.delete(canonical);
      throw error;
    }
  }

  /** Closes the resource's endpoint that stays open; tells how many there were. */
  async release(resourceId: string): Promise<number> {
    const canonical = canonicalId(parseScope(resourceId));
    const kept = this.#kept.get(canonical);
    if (kept === undefined) return 0;
    this.#kept.delete(canonical);
    await (await kept)[Symbol.asyncDispose]();
    return 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kept.clear();
    await Promise.all([...this.#open].map((parts) => parts.disposeAsync()));
    await rm(this.#options.runFolder, { recursive: true, force: true });
  }

  async #openInEnvironment(resourceId: string, made: AsyncDisposableStack): Promise<OpenedEndpoint> {
    const endpoint = made.use(await this.#options.agent.openEndpoint(resourceId, { kind: 'tcp' }));
    return { ...this.#describe(endpoint), sockets: null };
  }

  async #openIsolated(resourceId: string, made: AsyncDisposableStack): Promise<OpenedEndpoint> {
    const { agent, discovery, proxy, randomness, runFolder, server } = this.#options;
    const folder = path.join(runFolder, Buffer.from(randomness.bytes(6)).toString('hex'));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    made.defer(() => rm(folder, { recursive: true, force: true }));
    const sockets = {
      host: path.join(folder, 'host'),
      tls: path.join(folder, 'tls'),
      proxy: path.join(folder, 'proxy'),
      discovery: discovery === undefined ? null : path.join(folder, 'discovery'),
    };
    const place = { kind: 'unix', path: socketPath(sockets.host) } as const;
    const endpoint = made.use(await agent.openEndpoint(resourceId, place));
    const leadTo =
      ({ host, port }: { host: string; port: number }) =>
      (inside: Socket) =>
        splice(inside, connect({ host, port, allowHalfOpen: true }));
    made.use(await listenOn(sockets.tls, leadTo(server)));
    if (discovery !== undefined && sockets.discovery !== null) {
      made.use(await listenOn(sockets.discovery, leadTo(discovery)));
    }
    made.use(await listenOn(sockets.proxy, (inside) => proxy.accept(inside)));
    return { ...this.#describe(endpoint), sockets };
  }

  #describe({ resourceId, environment, wellKnown }: Endpoint): Omit<OpenedEndpoint, 'sockets'> {
    const { caFile, discovery, proxy } = this.#options;
    const discoveryCertificate = discovery?.certificate ?? null;
    return { resourceId, environment, wellKnown, proxy: proxy.url, caFile, discoveryCertificate };
  }
}

async function listenOn(file: string, serve: (socket: Socket) => void): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  server.maxConnections = 1024;
  server.listen(socketPath(file));
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
