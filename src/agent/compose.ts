import path from 'node:path';
import { createAgentsClient } from '../client/agents-client.ts';
import { createHttpsTransport, type ServerConnection } from '../client/https.ts';
import type { CloudProfile } from '../contract/cloud-profile.ts';
import { canonicalId, parseScope, resourceType } from '../contract/resource-id.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Environment } from '../foundation/environment.ts';
import type { Log } from '../foundation/log.ts';
import type { Randomness } from '../foundation/randomness.ts';
import { type Agent, type Endpoint, type EnrolledMachine, NotEnrolled } from './agent.ts';
import { type CallerLimits, Callers, metadataServiceLimits } from './callers.ts';
import { openControlSocket } from './control-socket.ts';
import { openEndpoint } from './endpoint.ts';
import { enrolMachine } from './enrol.ts';
import { hostProtocolOf } from './host-protocols/registry.ts';
import { IdentityCredentials } from './identity-credentials.ts';
import { type InstanceCertificate, startInstanceAnswerer } from './isolation/instance-answerer.ts';
import { startNameProxy } from './isolation/name-proxy.ts';
import { KeyFiles } from './key-files.ts';
import { loadMachine, type MachineRecord } from './machine-record.ts';
import { followServerTime } from './server-time.ts';
import { TokenCache } from './token-cache.ts';
import { ResourceDesk, type TokenHolder } from './token-desk.ts';
import { requestToken } from './token-service.ts';

export interface AgentOptions {
  /** The agent's own folder (`<data>/agent`): made if need be, for its owner alone. */
  readonly folder: string;
  /** Names of the deployment's surfaces. */
  readonly profile: Pick<CloudProfile, 'agents'>;
  /** How the server is reached: address, port and the authority of its certificate. */
  readonly connect: ServerConnection;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly limits?: AgentLimits;
}

/** Limits of each endpoint by itself. */
export interface AgentLimits {
  /** What has to be fetched from the token service; as Azure's metadata service unless told. */
  readonly fetching?: CallerLimits;
  /** Every request, tokens kept ready included; none unless told. */
  readonly every?: CallerLimits;
}

/** Milliseconds in which every replica of the server has heard of a change, twice over. */
const replicasHear = 1000;

/**
 * The agent of this host: finds the machines of an earlier run again, and follows the server for each.
 *
 * @throws where the folder cannot be used
 */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  const { profile, clock, randomness, log, limits = {} } = options;
  const files = new KeyFiles(options.folder, randomness);
  const { transport, serverClock } = followServerTime(createHttpsTransport(options.connect), clock);
  const client = createAgentsClient(transport, profile.agents);
  const proofs = { audience: `https://${profile.agents}`, serverClock, randomness };
  /** By canonical resource id: a host is a resource once. */
  const holders = new Map<string, TokenHolder>();
  const endpoints = new Set<Endpoint>();
  let epoch = 0;

  const follow = async (record: MachineRecord): Promise<TokenHolder> => {
    const cache = new TokenCache({ clock, randomness });
    const credentials = new IdentityCredentials(record, {
      client,
      files,
      proofs,
      clock,
      randomness,
      log,
      changed(revoked) {
        const forget = () => {
          cache.drop(({ principalId }) => revoked.has(principalId));
          epoch += 1;
        };
        forget();
        // a replica that had not heard of it yet may have given out one more
        if (revoked.size > 0) setTimeout(forget, replicasHear).unref();
      },
    });
    await credentials.load();
    return { credentials, cache };
  };

  const replace = async (canonical: string, holder: TokenHolder): Promise<void> => {
    const former = holders.get(canonical);
    holders.set(canonical, holder);
    epoch += 1;
    holder.credentials.start();
    if (former === undefined) return;
    await former.credentials[Symbol.asyncDispose]();
    await files.removeMachine(former.credentials.machine.machineId);
  };

  for (const machineId of await files.machines()) {
    try {
      const record = await loadMachine(files, machineId);
      if (record !== undefined) await replace(canonicalOf(record.resourceId), await follow(record));
    } catch (error) {
      log.error(
        { machineId, err: error },
        'an enrolment cannot be read; its resource has to be enrolled again',
      );
    }
  }

  const standing = (canonical: string): TokenHolder | undefined => {
    const holder = holders.get(canonical);
    return holder === undefined || holder.credentials.ended ? undefined : holder;
  };

  return {
    async enrol(joinToken) {
      const record = await enrolMachine(joinToken, { client, files, proofs });
      const holder = await follow(record);
      await replace(canonicalOf(record.resourceId), holder);
      await holder.credentials.learnt;
      return describe(holder);
    },

    machines() {
      return [...holders.values()].filter(({ credentials }) => !credentials.ended).map(describe);
    },

    async openEndpoint(resourceId, place) {
      const canonical = canonicalOf(resourceId);
      const holder = standing(canonical);
      if (holder === undefined) throw new NotEnrolled(`this host is not enrolled as ${resourceId}`);
      const { machine } = holder.credentials;
      const protocol = hostProtocolOf(typeOf(machine.resourceId));
      const desk = new ResourceDesk({
        holder: () => standing(canonical),
        epoch: () => epoch,
        requestToken: (authority, credential, wanted) =>
          requestToken(authority, credential, wanted, { transport, serverClock, clock, randomness }),
      });
      const opened = await openEndpoint(machine.resourceId, place, {
        protocol,
        desk,
        fetching: new Callers(limits.fetching ?? metadataServiceLimits, clock),
        every: limits.every === undefined ? undefined : new Callers(limits.every, clock),
        clock,
        log,
      });
      const close = async () => {
        endpoints.delete(opened);
        await opened.close();
      };
      endpoints.add(opened);
      log.info({ resourceId: machine.resourceId, protocol: protocol.name }, 'endpoint opened');
      return { ...opened, close, [Symbol.asyncDispose]: close };
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([...endpoints].map((endpoint) => endpoint.close()));
      await Promise.all([...holders.values()].map(({ credentials }) => credentials[Symbol.asyncDispose]()));
      transport[Symbol.dispose]();
    },
  };
}

/** An agent with what the programs of this machine reach it by. */
export interface LocalAgent extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` of the name proxy. */
  readonly proxy: string;
  readonly controlSocket: string;
}

export interface LocalAgentOptions extends AgentOptions {
  readonly profile: CloudProfile;
  /** Folder of the control socket and of the agent's own folder. */
  readonly dataFolder: string;
  /** For the name that clients ask about instances, where the server does not answer it. */
  readonly instanceCertificate: InstanceCertificate | undefined;
  /** PEM file of the deployment's authority. */
  readonly caFile: string;
  /** Says how this machine reaches the world. */
  readonly environment: Environment;
}

/**
 * The agent that `innate up` runs beside the server: it plays every resource that this machine's user enrols it as.
 *
 * @throws ControlSocketError where another agent has the control socket
 */
export async function startLocalAgent(options: LocalAgentOptions): Promise<LocalAgent> {
  await using started = new AsyncDisposableStack();
  const { caFile, connect, dataFolder, environment, instanceCertificate, log, profile, randomness } = options;
  const agent = started.use(await createAgent(options));
  const discovery =
    instanceCertificate && started.use(await startInstanceAnswerer({ profile, instanceCertificate, log }));
  const proxy = started.use(await startNameProxy({ profile, server: connect, discovery, environment, log }));
  const controlSocket = path.join(dataFolder, 'agent.sock');
  started.use(
    await openControlSocket({
      agent,
      proxy,
      server: connect,
      discovery,
      caFile,
      runFolder: path.join(dataFolder, 'run'),
      randomness,
      file: controlSocket,
      log,
    }),
  );
  const parts = started.move();
  return { proxy: proxy.url, controlSocket, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

function describe({ credentials }: TokenHolder): EnrolledMachine {
  const { machineId, tenantId, resourceId } = credentials.machine;
  return { machineId, tenantId, resourceId, identities: credentials.identities };
}

function canonicalOf(resourceId: string): string {
  return canonicalId(parseScope(resourceId));
}

function typeOf(resourceId: string): string {
  const scope = parseScope(resourceId);
  return scope.kind === 'resource' ? resourceType(scope) : '';
}
