import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { z } from 'zod';
import { formatScope, type Scope } from '../../contract/resource-id.ts';
import type { DomainError } from '../../foundation/domain-error.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import type { Authorizer, Decision } from '../authorization/evaluate.ts';
import { bearerToken, type Caller, TokenRejected, type TokenVerifier } from '../http/bearer.ts';
import { presentedCertificate } from '../http/presented-certificate.ts';

/** What a request is about, as its host name says: a vault, a storage account. It lies in one tenant. */
export interface Place {
  readonly tenantId: TenantId;
}

/** A kind of service: how its places are found, which tokens it takes, and how it words refusals. */
export interface Target<P extends Place> {
  readonly name: string;
  /** The place of a request's host name, or `undefined` where there is none. */
  locate(request: FastifyRequest): Promise<P | undefined>;
  /** Audiences of tokens for this request, the one of the challenge first; without trailing slash. */
  audiences(request: FastifyRequest): readonly string[];
  /** Headers that every answer about a place carries; with the assignment that allowed the request, once there is one. */
  headers(place: P, assignmentId: string | undefined): Readonly<Record<string, string>>;
  /** What the place itself admits to nobody, whatever their rights. @throws DomainError */
  requireServed(place: P): void;
  /** Rules that every request of the kind obeys (the api-version). @throws DomainError */
  validate(request: FastifyRequest): void;
  readonly refusals: Refusals<P>;
}

/** The words of the kind for what the pipeline refuses. */
export interface Refusals<P extends Place> {
  unknownPlace(request: FastifyRequest): DomainError;
  /** No token, or one that does not hold; carries the challenge. */
  unauthenticated(request: FastifyRequest, place: P, rejection: TokenRejected): DomainError;
  /** A good token of another tenant; carries the challenge. */
  foreignTenant(request: FastifyRequest, place: P, caller: Caller): DomainError;
  forbidden(place: P, caller: Caller, action: string, scope: Scope): DomainError;
  invalid(error: z.ZodError): DomainError;
}

/** What a route gets to work with: who asks, about what, and the parts of the request as the route's schemas made them. */
export interface TargetRequest<P extends Place, Params, Query, Body> {
  readonly place: P;
  readonly caller: Caller;
  /** `https://<host>[:port]` as the client used it. */
  readonly origin: string;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

export interface TargetAnswer {
  readonly status: number;
  readonly body?: unknown;
}

export interface RouteDeclaration<P extends Place, Params, Query, Body> {
  readonly method: HTTPMethods;
  /** Paths that mean the same: clients put an empty segment for "latest". */
  readonly paths: readonly string[];
  /** What the caller must be allowed to do, on the data plane. */
  readonly dataAction: string;
  /** Where. */
  scope(place: P, params: NoInfer<Params>): Scope;
  /** Segments of the path. A path that does not fit is refused before the caller's rights are asked for. */
  readonly params: z.ZodType<Params>;
  readonly query: z.ZodType<Query>;
  readonly body: z.ZodType<Body>;
  run(request: TargetRequest<P, Params, Query, Body>): Promise<TargetAnswer>;
}

/** A declared route with its types closed over, so that routes of different shapes stand in one list. */
export interface TargetRoute<P extends Place> {
  readonly method: HTTPMethods;
  readonly paths: readonly string[];
  readonly dataAction: string;
  /** Reads the path: where the action is performed, and how to go on once that is allowed. */
  read(request: FastifyRequest, place: P, invalid: Refusals<P>['invalid']): Admission<P>;
}

interface Admission<P extends Place> {
  readonly scope: Scope;
  run(context: {
    readonly place: P;
    readonly caller: Caller;
    readonly origin: string;
  }): Promise<TargetAnswer>;
}

/** Declares a route with its types closed over. */
export function targetRoute<P extends Place, Params, Query, Body>(
  declaration: RouteDeclaration<P, Params, Query, Body>,
): TargetRoute<P> {
  const { method, paths, dataAction } = declaration;
  return {
    method,
    paths,
    dataAction,
    read(request, place, invalid) {
      const params = parse(declaration.params, request.params, invalid);
      return {
        scope: declaration.scope(place, params),
        run: async (context) =>
          await declaration.run({
            ...context,
            params,
            query: parse(declaration.query, request.query, invalid),
            body: parse(declaration.body, request.body, invalid),
          }),
      };
    },
  };
}

function parse<T>(schema: z.ZodType<T>, input: unknown, invalid: (error: z.ZodError) => DomainError): T {
  const result = schema.safeParse(input);
  if (!result.success) throw invalid(result.error);
  return result.data;
}

export interface TargetDependencies {
  readonly verifier: TokenVerifier;
  readonly authorizer: Authorizer;
  readonly log: Log;
}

interface Admitted<P extends Place> {
  readonly place: P;
  readonly caller: Caller;
  readonly admission: Admission<P>;
}

interface Audited {
  place?: Place;
  caller?: Caller;
  scope?: Scope;
  decision?: Decision;
}

/**
 * Registers the routes of a target behind the pipeline. Everything up to the authorisation happens before the body is
 * read, so that nobody without rights has a body parsed, and no body of theirs is ever kept or logged.
 *
 * @throws TypeError where a route names no data action: it would be open
 */
export function registerTarget<P extends Place>(
  app: FastifyInstance,
  target: Target<P>,
  routes: readonly TargetRoute<P>[],
  { verifier, authorizer, log }: TargetDependencies,
): void {
  const { refusals } = target;

  async function admit(
    request: FastifyRequest,
    reply: FastifyReply,
    route: TargetRoute<P>,
    audited: Audited,
  ): Promise<Admitted<P>> {
    const place = await target.locate(request);
    if (place === undefined) throw refusals.unknownPlace(request);
    audited.place = place;
    reply.headers(target.headers(place, undefined));
    const caller = await authenticate(request, place);
    audited.caller = caller;
    if (caller.tenantId !== place.tenantId) throw refusals.foreignTenant(request, place, caller);
    target.requireServed(place);
    const admission = route.read(request, place, refusals.invalid);
    const { scope } = admission;
    audited.scope = scope;
    reply.headers(target.headers(place, await authorize(place, caller, route, scope, audited)));
    target.validate(request);
    return { place, caller, admission };
  }

  /** @returns the assignment that allows it */
  async function authorize(
    place: P,
    caller: Caller,
    { dataAction }: TargetRoute<P>,
    scope: Scope,
    audited: Audited,
  ): Promise<string> {
    const { tenantId } = place;
    const { principalId } = caller;
    const decision = await authorizer.decide({
      tenantId,
      principalId,
      action: dataAction,
      scope,
      plane: 'data',
    });
    audited.decision = decision;
    if (!decision.allowed) throw refusals.forbidden(place, caller, dataAction, scope);
    return decision.assignmentId;
  }

  async function authenticate(request: FastifyRequest, place: P): Promise<Caller> {
    try {
      return await verifier.verify(
        onlyBearerToken(request),
        target.audiences(request),
        { scope: 'user_impersonation' },
        () => presentedCertificate(request),
      );
    } catch (error) {
      if (error instanceof TokenRejected) throw refusals.unauthenticated(request, place, error);
      throw error;
    }
  }

  for (const route of routes) {
    if (!route.dataAction) throw new TypeError(`${route.method} ${route.paths[0]} declares no data action`);
    const admitted = new WeakMap<FastifyRequest, Admitted<P>>();
    const audits = new WeakMap<FastifyRequest, Audited>();
    for (const url of route.paths) {
      app.route({
        method: route.method,
        url,
        onRequest: async (request, reply) => {
          const audited: Audited = {};
          audits.set(request, audited);
          admitted.set(request, await admit(request, reply, route, audited));
        },
        handler: async (request, reply) => {
          const { place, caller, admission } = admitted.get(request) ?? notAdmitted();
          // a body can take its time to arrive, and rights can end meanwhile
          if (request.body !== undefined) {
            await authorize(place, caller, route, admission.scope, audits.get(request) ?? {});
          }
          const answer = await admission.run({ place, caller, origin: originOf(request) });
          return reply.code(answer.status).send(answer.body);
        },
        onResponse: async (request, reply) => {
          const audited = audits.get(request) ?? {};
          log.info(auditLine(target.name, route, request, reply.statusCode, audited), 'data access');
        },
      });
    }
  }
}

function notAdmitted(): never {
  throw new TypeError('a request reached its handler without passing the pipeline');
}

/** Exactly one header, holding exactly one token: of two, one might be checked and the other meant. */
function onlyBearerToken(request: FastifyRequest): string {
  const { rawHeaders, headers } = request.raw;
  const given = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization');
  if (given.length > 1) throw new TokenRejected('malformed', 'there is more than one Authorization header');
  return bearerToken(headers.authorization);
}

/** The host as the client spelled it is part of every id: clients dial the host of an id they got. */
export function originOf(request: FastifyRequest): string {
  return `https://${(request.headers.host ?? '').toLowerCase()}`;
}

/** Names and numbers only; the path without its query, and nothing of any body. */
function auditLine(
  target: string,
  route: { readonly dataAction: string },
  request: FastifyRequest,
  status: number,
  { place, caller, scope, decision }: Audited,
): Readonly<Record<string, unknown>> {
  return {
    audit: true,
    target,
    requestId: request.id,
    method: request.method,
    host: request.headers.host,
    action: route.dataAction,
    tenantId: place?.tenantId,
    principalId: caller?.principalId,
    clientId: caller?.clientId,
    tokenId: caller?.tokenId,
    scope: scope && formatScope(scope),
    allowed: decision?.allowed ?? false,
    assignmentId: decision?.allowed === true ? decision.assignmentId : undefined,
    status,
  };
}
