import type { Agent } from '../../src/agent/agent.ts';
import { type AgentLimits, createAgent } from '../../src/agent/compose.ts';
import { createHttpsTransport, type ServerConnection, type Transport } from '../../src/client/https.ts';
import { type Clock, systemClock } from '../../src/foundation/clock.ts';
import type { Log } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { type Server, startServer } from '../../src/server/compose.ts';
import { type ServerOptions, serverConfig } from '../../src/server/config.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

/** Everything that was logged, as text: for tests that look for what must not be there. */
export interface RecordedLog extends Log {
  text(): string;
}

export function recordedLog(): RecordedLog {
  const lines: string[] = [];
  const line = (level: string) => (fields: object, message: string) => {
    const shown = JSON.stringify(fields, (_name, value: unknown) =>
      value instanceof Error ? `${value.stack} ${value.cause}` : value,
    );
    lines.push(`${level} ${message} ${shown}`);
  };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    text: () => lines.join('\n'),
  };
}

/** A whole server in this process, on a free port, with an operator to administer it. */
export interface TestDeployment extends AsyncDisposable {
  /** The one that runs, or ran last. */
  readonly server: Server;
  /** Ends the server; `start` begins another on the same port and data. */
  stop(): Promise<void>;
  start(): Promise<void>;
  readonly connect: ServerConnection;
  readonly folder: TemporaryFolder;
  readonly log: RecordedLog;
  readonly groupId: string;
  /** An ARM request as the operator; fails the test where it is refused. */
  arm(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** A request to any surface, by its name, as nobody. */
  call: Transport['request'];
  /** Gets the operator a new token, where a test revoked the one before. */
  renew(): Promise<void>;
  /** A virtual machine with an identity of its own. */
  virtualMachine(name: string): Promise<{ readonly resourceId: string; readonly principalId: string }>;
  joinToken(resourceId: string): Promise<string>;
  /** An agent with its keys in the folder's `agent` folder. */
  agent(options?: { readonly limits?: AgentLimits; readonly clock?: Clock }): Promise<Agent>;
}

const armVersion = 'api-version=2024-07-01';

/** @param options further options of `innate up` */
export async function testDeployment(
  options: Pick<ServerOptions, 'allowIssuer'> = {},
): Promise<TestDeployment> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const log = recordedLog();
  const sources = { clock: systemClock, randomness: systemRandomness, log };
  const startOn = (port: number) =>
    startServer(
      serverConfig({ data: folder.file('data'), listen: `127.0.0.1:${port}`, ...options }),
      sources,
    );
  let server = await startOn(0);
  let running = true;
  const stop = async () => {
    if (running) await server[Symbol.asyncDispose]();
    running = false;
  };
  stack.defer(stop);
  const connect = { host: server.host, port: server.port, ca: server.ca };
  const transport = stack.use(createHttpsTransport(connect));
  let token = await operatorToken(transport, server);
  const arm: TestDeployment['arm'] = async (method, path, body) => {
    const answer = await transport.request({
      name: server.profile.management,
      method,
      path: path.includes('api-version=') ? path : `${path}?${armVersion}`,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, unknown>);
  };
  const alias = await arm('PUT', '/providers/Microsoft.Subscription/aliases/demo?api-version=2021-10-01', {
    properties: { displayName: 'demo', workload: 'DevTest' },
  });
  const { subscriptionId } = alias['properties'] as { subscriptionId: string };
  const groupId = `/subscriptions/${subscriptionId}/resourceGroups/demo`;
  await arm('PUT', `${groupId}?api-version=2021-04-01`, { location: 'westeurope' });

  const parts = stack.move();
  return {
    get server() {
      return server;
    },
    stop,
    async start() {
      server = await startOn(connect.port);
      running = true;
    },
    connect,
    folder,
    log,
    groupId,
    arm,
    call: (request) => transport.request(request),
    async renew() {
      token = await operatorToken(transport, server);
    },
    async virtualMachine(name) {
      const resourceId = `${groupId}/providers/Microsoft.Compute/virtualMachines/${name}`;
      await arm('PUT', resourceId, {
        location: 'westeurope',
        identity: { type: 'SystemAssigned' },
        properties: {},
      });
      const { identity } = await arm('GET', resourceId);
      return { resourceId, principalId: (identity as { principalId: string }).principalId };
    },
    async joinToken(resourceId) {
      const path = `${resourceId}/providers/Innate.Machines/issueJoinToken?api-version=2026-11-01`;
      return String((await arm('POST', path))['joinToken']);
    },
    agent: (options = {}) =>
      createAgent({
        folder: folder.file('agent'),
        profile: server.profile,
        connect,
        ...sources,
        ...options,
      }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

async function operatorToken(transport: Transport, { operator, profile }: Server): Promise<string> {
  const answer = await transport.request({
    name: profile.login,
    method: 'POST',
    path: `/${operator.tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: operator.clientId,
      client_secret: operator.clientSecret,
      scope: `https://${profile.management}/.default`,
    }).toString(),
  });
  if (answer.status !== 200) throw new Error(`the operator gets no token: ${answer.body}`);
  return String((JSON.parse(answer.body) as Record<string, unknown>)['access_token']);
}
