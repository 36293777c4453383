import { createHash, type KeyObject } from 'node:crypto';
import { Transform } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type * as z from 'zod';
import {
  type CredentialsAnswer,
  credentialsRequest,
  type Enrolment,
  enrolRequest,
  type IdentitiesAnswer,
  type IssuedCredential,
  identitiesQuery,
} from '../../contract/agent.ts';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { type MachineId, parseGuid } from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { carrierOf } from '../managed-identities/carrier.ts';
import { issueCredential } from '../managed-identities/credentials.ts';
import { identitiesOf } from '../managed-identities/identity-store.ts';
import type { InstanceAuthorities } from '../managed-identities/instance-authority.ts';
import type { Change, ChangeFollower } from '../storage/change-log.ts';
import type { Database, Transaction } from '../storage/database.ts';
import { carriedIdentities } from './carried-identities.ts';
import { enrol } from './enrolment.ts';
import { parseIdentityKey, parseMachineKey } from './machine-key.ts';
import { MachineProofs, type ProvenRequest } from './machine-proof.ts';
import { type Machine, standingMachine } from './machine-store.ts';

export interface AgentsDependencies {
  readonly database: Database;
  readonly follower: Pick<ChangeFollower, 'position' | 'nextChange'>;
  readonly authorities: InstanceAuthorities;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Origins under which agents know the surfaces, e.g. `https://agents.example.org`. */
  readonly origins: { readonly agents: string; readonly login: string };
  /** Milliseconds a long poll waits at most; 25 s unless told. */
  readonly longPoll?: number;
}

const bodyLimit = 64 * 1024;

/** The agents surface: `POST /enrol`, `POST /machines/{id}/credentials`, `GET /machines/{id}/identities`. */
export function registerAgents(app: FastifyInstance, dependencies: AgentsDependencies): void {
  const { database, follower, clock, randomness, log, origins } = dependencies;
  const proofs = new MachineProofs(database, clock, origins.agents);
  const draining = new AbortController();
  const longPoll = dependencies.longPoll ?? 25_000;
  const hashOf = hashBodies(app);

  const proven = (request: FastifyRequest): ProvenRequest => ({
    authorization: request.headers.authorization,
    method: request.method,
    path: request.url.replace(/\?.*$/s, ''),
    bodyHash: hashOf(request),
  });
  const machineOf = async (request: FastifyRequest): Promise<Machine> => {
    const claimedMachineId = parseGuid<MachineId>((request.params as { machineId: string }).machineId);
    if (claimedMachineId === undefined) {
      throw new DomainError('malformed', 'The id of the machine is not a GUID.', {
        code: 'InvalidMachineId',
      });
    }
    return await proofs.machine(claimedMachineId, proven(request));
  };

  // whoever waits is answered as soon as the server begins to close
  app.addHook('preClose', async () => draining.abort());

  app.post('/enrol', { bodyLimit }, async (request, reply): Promise<Enrolment> => {
    const body = parse(enrolRequest, request.body);
    const key = parseMachineKey(body.publicKey);
    await proofs.holder(key, proven(request));
    const machine = await database.transaction((transaction) =>
      enrol(transaction, { joinToken: body.joinToken, key, at: clock.now() }, randomness),
    );
    const { machineId, tenantId, resourceId } = machine;
    log.info({ machineId, tenantId, resourceId }, 'machine enrolled');
    void reply.code(201);
    return { machineId, tenantId, resourceId, loginOrigin: origins.login };
  });

  app.post('/machines/:machineId/credentials', { bodyLimit }, async (request): Promise<CredentialsAnswer> => {
    const machine = await machineOf(request);
    const { machineId } = machine;
    const { credentials: asked } = parse(credentialsRequest, request.body);
    const keys = await Promise.all(
      asked.map(async ({ clientId, publicKey: spki, proof }) => {
        const publicKey = parseIdentityKey(spki);
        await proofs.identityKey(proof, publicKey, { clientId, machineId });
        return { clientId, publicKey };
      }),
    );
    const credentials = await database.transaction(async (transaction) => {
      const issued: IssuedCredential[] = [];
      for (const key of keys) issued.push(await provision(transaction, dependencies, machine, key));
      return issued;
    });
    for (const { clientId, notAfter } of credentials) {
      log.info({ machineId, tenantId: machine.tenantId, clientId, notAfter }, 'credential issued to machine');
    }
    return { credentials };
  });

  app.get('/machines/:machineId/identities', async (request, reply): Promise<IdentitiesAnswer> => {
    const machine = await machineOf(request);
    const { after } = parse(identitiesQuery, request.query);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const ended = AbortSignal.any([draining.signal, gone.signal, AbortSignal.timeout(longPoll)]);
    for (;;) {
      const { position } = follower;
      const { answer, principals } = await carriedIdentities(database.read, machine.machineId);
      if (answer.state !== after || ended.aborted) return answer;
      await follower.nextChange(position, concerning(machine, principals), ended);
    }
  });
}

/** Whether a change may alter what a machine is told. */
function concerning(machine: Machine, principals: ReadonlySet<string>): (change: Change) => boolean {
  const { tenantId, resourceCanonical } = machine;
  const carrier = carrierOf(machine).resourceCanonical;
  return ({ kind, key, tenantId: tenant }) => {
    if (tenant !== tenantId) return false;
    if (kind === 'signing-keys') return true;
    if (kind === 'machine' || kind === 'resource') return key === resourceCanonical || key === carrier;
    return kind === 'principal' && principals.has(key);
  };
}

/** A credential, where the machine still stands and its resource carries the identity at this moment. */
async function provision(
  transaction: Transaction,
  { clock, authorities }: AgentsDependencies,
  { machineId }: Machine,
  { clientId, publicKey }: { readonly clientId: string; readonly publicKey: KeyObject },
): Promise<IssuedCredential> {
  const machine = await standingMachine(transaction, machineId);
  const { tenantId } = machine;
  const { resourceId, resourceCanonical } = carrierOf(machine);
  const carried = await identitiesOf(transaction, tenantId, resourceCanonical);
  const identity = carried.find((candidate) => candidate.clientId === clientId);
  if (identity === undefined) {
    throw new DomainError('forbidden', `The resource of this machine carries no identity '${clientId}'.`, {
      code: 'IdentityNotAssigned',
      target: clientId,
    });
  }
  const { principalId } = identity;
  const { certificate, notBefore, notAfter } = await issueCredential(
    transaction,
    {
      tenantId,
      machineId,
      principalId,
      clientId: identity.clientId,
      resourceId,
      publicKey,
      at: clock.now(),
    },
    authorities,
  );
  return { clientId, principalId, certificate, notBefore, notAfter };
}

/** Hashes each body as it is read, since the parser keeps only what the octets meant. */
function hashBodies(app: FastifyInstance): (request: FastifyRequest) => string {
  const empty = createHash('sha256').digest('base64url');
  const hashes = new WeakMap<FastifyRequest, string>();
  app.addHook('preParsing', async (request, _reply, payload) => {
    const hash = createHash('sha256');
    let received = 0;
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        received += chunk.length;
        done(null, chunk);
      },
      flush(done) {
        hashes.set(request, hash.digest('base64url'));
        done();
      },
    });
    Object.defineProperty(hashing, 'receivedEncodedLength', { get: () => received });
    payload.on('error', (error) => hashing.destroy(error));
    return payload.pipe(hashing);
  });
  return (request) => hashes.get(request) ?? empty;
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new DomainError('malformed', `The request is malformed${place === '' ? '' : ` at '${place}'`}.`, {
    code: 'InvalidRequestContent',
    ...(place === '' ? {} : { target: place }),
    cause: result.error,
  });
}
