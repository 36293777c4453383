import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import {
  pollMethod,
  pollRequest,
  pushMethod,
  streamChange,
  streamCreation,
  streamStatus,
  subjectChange,
  verificationRequest,
} from '../../contract/shared-signals.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Directory } from '../directory/directory.ts';
import { parseTenantName } from '../directory/tenants.ts';
import { bearerToken, type Caller, TokenRejected, type TokenVerifier } from '../http/bearer.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { presentedCertificate } from '../http/presented-certificate.ts';
import type { EventPoller } from './poller.ts';
import type { Streams } from './streams.ts';

export interface SignalRouteParts {
  readonly profile: CloudProfile;
  readonly directory: Pick<Directory, 'tenant'>;
  readonly verifier: TokenVerifier;
  /** Audiences of receivers' tokens, without trailing slash. */
  readonly audiences: readonly string[];
  /** Whether a caller may hear of its tenant. */
  readonly mayHear: (caller: Caller) => Promise<boolean>;
  readonly issuerOf: (tenantId: TenantId) => string;
  readonly streams: Streams;
  readonly poller: EventPoller;
}

type Params = { readonly tenant: string };
type Query = Readonly<Record<string, unknown>>;

const bodyLimit = 128 * 1024;

/**
 * Transmitter metadata and the management of streams (SSF 1.0 §7, §8). Everything but the metadata takes a token for
 * Graph of an application that may hear of its tenant, before a body is read.
 */
export function registerSignals(app: FastifyInstance, parts: SignalRouteParts): void {
  const { profile, directory, streams, poller } = parts;

  async function metadata(request: FastifyRequest<{ Params: Params }>) {
    const name = parseTenantName(request.params.tenant);
    const tenant = name === undefined || name.kind === 'alias' ? undefined : await directory.tenant(name);
    if (tenant === undefined) throw aadsts(90002, { tenant: request.params.tenant });
    return metadataOf(profile, parts.issuerOf(tenant.tenantId), tenant.tenantId);
  }
  app.get<{ Params: Params }>('/.well-known/ssf-configuration/:tenant/v2.0', metadata);
  app.get<{ Params: Params }>('/:tenant/v2.0/.well-known/ssf-configuration', metadata);

  void app.register(async (scope) => {
    const callers = new WeakMap<FastifyRequest, Caller>();
    scope.addHook('onRequest', async (request, reply) => {
      const caller = await authenticate(parts, request, reply);
      if (caller !== undefined) callers.set(request, caller);
      return caller === undefined ? reply : undefined;
    });
    const callerOf = (request: FastifyRequest): Caller => {
      const caller = callers.get(request);
      if (caller === undefined) throw new Error('a route of streams ran without authentication');
      return caller;
    };

    scope.post('/:tenant/ssf/streams', { bodyLimit }, async (request, reply) =>
      reply.code(201).send(await streams.create(callerOf(request), read(streamCreation, request.body ?? {}))),
    );
    scope.get<{ Querystring: Query }>('/:tenant/ssf/streams', async (request) => {
      const caller = callerOf(request);
      const id = request.query['stream_id'];
      return id === undefined
        ? await streams.list(caller)
        : streams.present(await streams.find(caller, streamIdOf(request.query)));
    });
    for (const method of ['PATCH', 'PUT'] as const) {
      scope.route({
        method,
        url: '/:tenant/ssf/streams',
        bodyLimit,
        handler: async (request) =>
          await streams.change(callerOf(request), read(streamChange, request.body), method === 'PUT'),
      });
    }
    scope.delete<{ Querystring: Query }>('/:tenant/ssf/streams', async (request, reply) => {
      await streams.remove(callerOf(request), streamIdOf(request.query));
      return reply.code(204).send();
    });
    scope.get<{ Querystring: Query }>('/:tenant/ssf/status', async (request) => {
      const { streamId, state, reason } = await streams.find(callerOf(request), streamIdOf(request.query));
      return { stream_id: streamId, status: state, ...(reason === undefined ? {} : { reason }) };
    });
    scope.post('/:tenant/ssf/status', { bodyLimit }, async (request) => {
      const { stream_id, status, reason } = read(streamStatus, request.body);
      return await streams.setState(callerOf(request), stream_id, status, reason ?? undefined);
    });
    for (const [verb, heard, code] of [
      ['add', true, 200],
      ['remove', false, 204],
    ] as const) {
      scope.post(`/:tenant/ssf/subjects/${verb}`, { bodyLimit }, async (request, reply) => {
        const { stream_id, subject } = read(subjectChange, request.body);
        const id = subject.format === 'opaque' ? subject.id : subject.sub;
        await streams.setSubject(callerOf(request), stream_id, id, heard);
        return reply.code(code).send();
      });
    }
    scope.post('/:tenant/ssf/verify', { bodyLimit }, async (request, reply) => {
      const { stream_id, state } = read(verificationRequest, request.body);
      await streams.verify(callerOf(request), stream_id, state ?? undefined);
      return reply.code(204).send();
    });
    scope.post<{ Params: { stream: string } }>(
      '/:tenant/ssf/poll/:stream',
      { bodyLimit },
      async (request, reply) => {
        const stream = await streams.find(callerOf(request), request.params.stream);
        if (stream.method !== 'poll')
          throw new DomainError('conflict', 'The events of the stream are pushed.');
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        return await poller.poll(stream, read(pollRequest, request.body ?? {}), gone.signal);
      },
    );
  });
}

/** SSF 1.0 §7.1. */
function metadataOf(profile: CloudProfile, issuer: string, tenantId: TenantId): object {
  const base = `https://${profile.login}/${tenantId}`;
  const ssf = `${base}/ssf`;
  return {
    spec_version: '1_0',
    issuer,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    delivery_methods_supported: [pushMethod, pollMethod],
    configuration_endpoint: `${ssf}/streams`,
    status_endpoint: `${ssf}/status`,
    add_subject_endpoint: `${ssf}/subjects/add`,
    remove_subject_endpoint: `${ssf}/subjects/remove`,
    verification_endpoint: `${ssf}/verify`,
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    default_subjects: 'ALL',
  };
}

/** @returns `undefined` where the request is answered already */
async function authenticate(
  { verifier, audiences, mayHear }: SignalRouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Caller | undefined> {
  try {
    const token = bearerToken(request.headers.authorization);
    const caller = await verifier.verify(token, audiences, undefined, () => presentedCertificate(request));
    const { tenant } = request.params as Params;
    if (caller.tenantId === tenant.toLowerCase() && (await mayHear(caller))) return caller;
    await reply.code(403).send({ error: 'access_denied', error_description: denied });
    return undefined;
  } catch (error) {
    if (!(error instanceof TokenRejected)) throw error;
    const challenge = error.reason === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"';
    await reply.code(401).header('WWW-Authenticate', challenge).send({ error: 'invalid_token' });
    return undefined;
  }
}

const denied =
  "Streams take the permission 'Innate.SharedSignals/streams/write' at the scope '/' in the tenant of the token.";

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new DomainError(
    'invalid-value',
    `${place === '' ? 'The body' : `'${place}'`} is not valid: ${issue?.message ?? 'malformed'}.`,
  );
}

function streamIdOf(query: Query): string {
  const id = query['stream_id'];
  if (typeof id !== 'string' || id.length > 64) {
    throw new DomainError('missing-parameter', "One 'stream_id' is required.");
  }
  return id;
}
