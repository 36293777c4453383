import { parse as parseQuery } from 'node:querystring';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { type CloudProfile, surfaceOf } from '../../contract/cloud-profile.ts';
import { batchBody } from '../../contract/graph-batch.ts';
import { userinfoPath } from '../../contract/oauth2.ts';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, isGuid } from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import { isStorableJson } from '../../foundation/storable-text.ts';
import type { GraphPermission } from '../directory/graph-app-roles.ts';
import { owns } from '../directory/ownership.ts';
import { bearerToken, type Caller, type TokenVerifier } from '../http/bearer.ts';
import { presentedCertificate } from '../http/presented-certificate.ts';
import type { Dialect } from '../http/surface.ts';
import type { Database, Transaction } from '../storage/database.ts';
import { json, type PresentedAnswer, presentAnswer } from './answer.ts';
import { answerBatch } from './batch.ts';
import { auditedChange, declaresActivity, type RequestOrigin } from './change-audit.ts';
import { assertExpanded } from './expansion.ts';
import { actsAsPerson, type GraphPermissions } from './graph-permissions.ts';
import type {
  GraphAnswer,
  GraphOperation,
  GraphRequest,
  PathKey,
  WriteOperation,
  WriteRequest,
} from './operation.ts';
import { matchPath, parsePath, type Segment, unknownSegment } from './path.ts';
import { readQueryOptions } from './query-options.ts';
import { denied, findApplication, findFirstParty, findPrincipal, noSuchObject } from './targets.ts';

export interface PipelineParts {
  readonly profile: CloudProfile;
  readonly database: Database;
  readonly clock: Clock;
  readonly tokens: TokenVerifier;
  /** Audiences of tokens for Graph, without trailing slash. */
  readonly audiences: readonly string[];
  readonly permissions: Pick<GraphPermissions, 'of'>;
  /** Words the failures of requests in a batch; those of others, the surface does. */
  readonly dialect: Dialect;
  readonly log: Log;
  /** Whether an application is the deployment's own, which only itself may change. */
  readonly isDeployments: (clientId: ClientId) => boolean;
}

/** The key by which an object of a kind can be made under a name that the caller knows beforehand. */
const alternateKey = { application: 'uniquename', servicePrincipal: 'appid' } as const;

interface Entered {
  readonly caller: Caller;
  readonly permissions: ReadonlySet<GraphPermission>;
}

/** The name of Graph's that the caller used, for the addresses in answers: over the other, a bound token is no use. */
function hostOf({ headers }: FastifyRequest, profile: CloudProfile): string {
  const host = (headers.host ?? '').toLowerCase().replace(/:\d{1,5}$/, '');
  return surfaceOf(profile, host)?.kind === 'graph' ? host : profile.graph;
}

/**
 * Graph's surface, one step after the other: token, permissions of the moment, path, permission of the operation, options
 * and body, target with lock and ownership, operation, envelope. Who may nothing is told nothing about any path.
 */
export function registerPipeline(
  app: FastifyInstance,
  operations: readonly GraphOperation[],
  parts: PipelineParts,
): void {
  const { profile, database, clock, tokens, audiences, permissions } = parts;
  for (const operation of operations) {
    if (operation.permissions.length === 0) {
      throw new Error(`${operation.method} ${operation.path} declares no permission: nobody decides who may`);
    }
    const changes = operation.method !== 'GET' && operation.asks !== true;
    if (changes && !declaresActivity(operation)) {
      throw new Error(
        `${operation.method} ${operation.path} declares no activity: its changes would leave no audit`,
      );
    }
  }
  const entries = operations
    .map((operation) => ({ operation, template: operation.path.split('/').map(asTemplate) }))
    .sort((a, b) => keysIn(a.template) - keysIn(b.template));
  const entered = new WeakMap<FastifyRequest, Entered>();

  app.addHook('onRequest', async (request) => {
    // who somebody is, they may know themselves: that route authenticates by its own rule
    if (request.routeOptions.url !== userinfoPath) entered.set(request, await enter(request));
  });

  async function enter(request: FastifyRequest): Promise<Entered> {
    const caller = await tokens.verify(
      bearerToken(request.headers.authorization),
      audiences,
      'by-operation',
      () => presentedCertificate(request),
    );
    const held = await permissions.of(caller);
    if (held.size === 0 && !knowsScopes(caller)) throw denied();
    return { caller, permissions: held };
  }

  app.route({
    method: ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'],
    url: '/*',
    handler: async (request, reply) => {
      const before = entered.get(request);
      if (before === undefined) throw new Error('a Graph operation ran without authentication');
      // while a body was still arriving, what the caller may has perhaps ended
      const known = request.method === 'GET' ? before : await enter(request);
      const { version, path } = readAddress(request);
      const base = `https://${hostOf(request, profile)}/${version}`;
      const { method, body } = request;
      const query = request.query as Readonly<Record<string, unknown>>;
      const prefer = request.headers['prefer'];
      const call = {
        version,
        base,
        method,
        path,
        query,
        prefer: String(prefer ?? ''),
        body,
        origin: originOf(request),
      };
      const presented = isBatch(call) ? await batch(call, request) : await answer(known, call);
      return await reply.code(presented.status).headers(presented.headers).send(presented.body);
    },
  });

  async function answer(known: Entered, call: Call): Promise<PresentedAnswer> {
    const { operation, keys } = find(call.method, parsePath(call.path), known);
    const asked: GraphRequest = {
      ...known,
      tenantId: known.caller.tenantId,
      version: call.version,
      base: call.base,
      keys,
      options: readQueryOptions(call.query, operation.method === 'GET' ? operation.pages : undefined),
      body: operation.method === 'GET' ? undefined : readBody(operation.body, call.body),
      prefer: call.prefer.toLowerCase().split(/[,;]\s*/),
      at: clock.now(),
    };
    return presentAnswer(asked, await perform(operation, asked, call.origin));
  }

  /**
   * Each request of a batch is one by itself, from the token on: path, permission, body and answer are its own, and what
   * one before has taken away is gone for it.
   */
  async function batch(call: Call, request: FastifyRequest): Promise<PresentedAnswer> {
    const { requests } = readBody(batchBody, call.body) as z.infer<typeof batchBody>;
    const responses = await answerBatch(requests, async ({ method, url, headers = {}, body }) => {
      try {
        const [path = '', query = ''] = url.split(/\?(.*)/s);
        const own = Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
        );
        const one = {
          ...call,
          method,
          path: pathIn(path, call),
          query: { ...parseQuery(query) },
          prefer: own['prefer'] ?? '',
          body,
          origin: originOf(request, own['client-request-id']),
        };
        if (isBatch(one)) throw new DomainError('malformed', 'A batch has no batches in it.');
        return await answer(await enter(request), one);
      } catch (error) {
        if (!(error instanceof DomainError)) {
          parts.log.error({ surface: 'graph', requestId: request.id, err: error }, 'request failed');
        }
        const { envelope, unexpected } = parts.dialect;
        const worded = error instanceof DomainError ? envelope(error, request) : unexpected(request);
        return {
          status: worded.status,
          headers: { ...worded.headers, 'content-type': json },
          body: worded.body,
        };
      }
    });
    return { status: 200, headers: { 'content-type': json }, body: { responses } };
  }

  /** An operation of the path and method that the caller may use. */
  function find(method: string, segments: readonly Segment[], { caller, permissions: held }: Entered) {
    const fitting = entries.flatMap(({ operation, template }) => {
      const keys = matchPath(template, segments);
      return keys === undefined ? [] : [{ operation, keys }];
    });
    if (fitting.length === 0) throw unknownSegment(lastName(segments));
    const found = fitting.find(({ operation }) => operation.method === method);
    if (found === undefined) throw denied();
    const { permissions: opening, permissionsOfOwners = [] } = found.operation;
    if ([...opening, ...permissionsOfOwners].some((permission) => held.has(permission))) return found;
    if (!opensToSelf(found.operation, found.keys, caller)) throw denied();
    return found;
  }

  async function perform(
    operation: GraphOperation,
    asked: GraphRequest,
    origin: RequestOrigin,
  ): Promise<GraphAnswer> {
    if (operation.method === 'GET') return assertExpanded(asked, await operation.run(asked, database.read));
    if (operation.asks === true) return await operation.run(asked, database.read);
    const body = operation.prepare === undefined ? asked.body : await operation.prepare(asked.body);
    return await database.transaction(async (transaction) => {
      const target = await findTarget(operation, asked, transaction);
      const { caller } = asked;
      const ownerType = caller.principalType === 'User' ? 'User' : 'ServicePrincipal';
      const request = {
        ...asked,
        ...target,
        body,
        asOwner: { ownerId: caller.principalId, ownerType },
      } as const;
      return await auditedChange(transaction, operation, request, origin);
    });
  }

  /** What a change begins with: it must stand, be no one's to keep, and be the caller's where that is the condition. */
  async function findTarget(
    operation: WriteOperation,
    asked: GraphRequest,
    transaction: Transaction,
  ): Promise<Pick<WriteRequest, 'application' | 'principal'>> {
    const [key] = asked.keys as readonly [PathKey];
    const { caller, tenantId, permissions: held } = asked;
    if (operation.target === undefined) {
      return { application: undefined, principal: undefined };
    }
    const application =
      operation.target === 'application' ? await findApplication(transaction, tenantId, key) : undefined;
    const principal =
      operation.target === 'servicePrincipal' ? await findPrincipal(transaction, tenantId, key) : undefined;
    const found = application ?? principal;
    if (found === undefined) {
      if (
        operation.createsMissing &&
        key.by === alternateKey[operation.target] &&
        asked.prefer.includes('create-if-missing')
      ) {
        return { application: undefined, principal: undefined };
      }
      if (operation.target === 'servicePrincipal' && findFirstParty(tenantId, key)) throw denied();
      throw noSuchObject(key.value);
    }
    if (principal?.principalType === 'ManagedIdentity' && operation.allowedOnIdentities !== true)
      throw denied();
    const byItself = caller.clientId === found.clientId && operation.endsAccess !== true;
    if (parts.isDeployments(found.clientId) && !byItself) throw denied();
    if (!operation.permissions.some((permission) => held.has(permission))) {
      const objectId = application?.objectId ?? principal?.principalId ?? '';
      if (!(await owns(transaction, { tenantId, objectId, ownerId: caller.principalId }))) throw denied();
    }
    return { application, principal };
  }
}

/** A correlation of the caller's own, or else ours. */
function originOf(request: FastifyRequest, own?: string): RequestOrigin {
  const { headers, id, ip } = request;
  const sent = own ?? headers['client-request-id'];
  return { correlationId: typeof sent === 'string' && isGuid(sent) ? sent.toLowerCase() : id, address: ip };
}

/** Whether an application acts for a person here: it may have scopes that open what is the person's own. */
function knowsScopes(caller: Caller): boolean {
  return caller.principalType === 'User' && caller.scopes.length > 0;
}

/** What a person may do about themselves, where the application that acts for them may. */
function opensToSelf(operation: GraphOperation, keys: readonly PathKey[], caller: Caller): boolean {
  const { path, scopesOfSelf } = operation;
  if (caller.principalType !== 'User' || scopesOfSelf === undefined) return false;
  const [key] = keys;
  const isOwn = path === 'me' || path.startsWith('me/') || key?.value.toLowerCase() === caller.principalId;
  return isOwn && (actsAsPerson(caller) || scopesOfSelf.some((scope) => caller.scopes.includes(scope)));
}

/** One request, by itself or out of a batch. */
interface Call {
  readonly version: 'v1.0' | 'beta';
  readonly base: string;
  readonly method: string;
  /** Behind the version. */
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly prefer: string;
  readonly body: unknown;
  readonly origin: RequestOrigin;
}

/** The path of a request in a batch; libraries leave the version on it. */
function pathIn(path: string, { version }: Pick<Call, 'version'>): string {
  const relative = path.replace(/^\//, '');
  const prefix = `${version}/`;
  return relative.toLowerCase().startsWith(prefix) ? relative.slice(prefix.length) : relative;
}

function isBatch({ method, path }: Pick<Call, 'method' | 'path'>): boolean {
  return method === 'POST' && /^(?:\$|%24)batch\/?$/i.test(path);
}

function readAddress({ url }: FastifyRequest): Pick<Call, 'version' | 'path'> {
  const path = url.split('?', 1)[0] ?? '';
  const match = /^\/(v1\.0|beta)(?:\/(.*))?$/i.exec(path);
  if (match === null) throw unknownSegment(path.slice(1));
  return { version: match[1]?.toLowerCase() === 'beta' ? 'beta' : 'v1.0', path: match[2] ?? '' };
}

function readBody(schema: z.ZodType | undefined, body: unknown): unknown {
  if (schema === undefined) return undefined;
  if (!isStorableJson(body)) {
    throw new DomainError('malformed', 'The request body has characters that no text here has.');
  }
  const read = schema.safeParse(body ?? {});
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const member = [...(issue?.path.map(String) ?? []), ...(unknown === undefined ? [] : [unknown])].join('.');
  if (member === '')
    throw new DomainError('malformed', 'The request body is not of the form that is expected.');
  throw new DomainError(
    'invalid-value',
    `Invalid value specified for property '${member.slice(0, 128)}' of the resource.`,
    {
      target: member,
    },
  );
}

function asTemplate(segment: string): string {
  return segment === '{}' ? segment : segment.toLowerCase();
}

function keysIn(template: readonly string[]): number {
  return template.filter((segment) => segment === '{}').length;
}

function lastName(segments: readonly Segment[]): string {
  const last = segments.at(-1);
  if (last === undefined) return '';
  return 'name' in last ? last.text : last.key.value;
}
