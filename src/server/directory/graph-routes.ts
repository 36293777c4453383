import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import { getByIdsBody, type ServicePrincipalPage } from '../../contract/graph.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, type PrincipalId, parseGuid } from '../../foundation/ids.ts';
import { bearerToken, type Caller, type TokenVerifier } from '../http/bearer.ts';
import { presentedCertificate } from '../http/presented-certificate.ts';
import type { Database } from '../storage/database.ts';
import { selectPrincipal, selectPrincipals, selectPrincipalsOf } from './directory-store.ts';
import { parsePrincipalFilter } from './graph-filter.ts';
import { graphPrincipal, selectMembers } from './graph-principal.ts';
import type { Principal } from './service-principals.ts';

export interface GraphParts {
  readonly profile: CloudProfile;
  readonly database: Database;
  readonly tokens: TokenVerifier;
  /** Audiences of tokens for Graph, without trailing slash. */
  readonly audiences: readonly string[];
  /** Whether a caller may read the directory of its tenant. */
  readonly mayRead: (caller: Caller) => Promise<boolean>;
}

type Query = Readonly<Record<string, unknown>>;

const versions = ['/v1.0', '/beta'] as const;
const defaultPage = 100;
const largestPage = 999;
const octetStream = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false';
const denied = 'Insufficient privileges to complete the operation.';

/**
 * The read-only slice of Graph (`spec/token-service-and-directory.md` h). Every request is authenticated and must hold
 * a directory read right before its path means anything; every write is refused, since managed identities are locked
 * and applications are made elsewhere.
 */
export function registerGraph(app: FastifyInstance, parts: GraphParts): void {
  const { profile, database, tokens, audiences, mayRead } = parts;
  const callers = new WeakMap<FastifyRequest, Caller>();

  app.addHook('onRequest', async (request) => {
    const caller = await tokens.verify(bearerToken(request.headers.authorization), audiences, undefined, () =>
      presentedCertificate(request),
    );
    if (!(await mayRead(caller))) throw new DomainError('forbidden', denied);
    callers.set(request, caller);
  });

  function callerOf(request: FastifyRequest): Caller {
    const caller = callers.get(request);
    if (caller === undefined) throw new Error('a Graph route ran without authentication');
    return caller;
  }

  async function find(caller: Caller, name: { readonly id: string } | { readonly appId: string }) {
    const principal = await findPrincipal(database, caller, name);
    if (principal !== undefined) return graphPrincipal(principal);
    const shown = ('id' in name ? name.id : name.appId).slice(0, 128);
    throw new DomainError(
      'not-found',
      `Resource '${shown}' does not exist or one of its queried reference-property objects are not present.`,
    );
  }

  const contextOf = (version: string, entity: string) => ({
    '@odata.context': `https://${profile.graph}${version}/$metadata#${entity}`,
  });

  for (const version of versions) {
    // one parameter takes both `servicePrincipals` and `servicePrincipals(appId='…')`
    app.get<{ Params: { entity: string }; Querystring: Query }>(
      `${version}/:entity`,
      async (request, reply) => {
        const caller = callerOf(request);
        const { entity } = request.params;
        if (entity.toLowerCase() === 'serviceprincipals') {
          const page = await listPage(caller, request.query);
          const value = page.principals.map((principal) =>
            selectMembers(graphPrincipal(principal), textOf(request.query, '$select')),
          );
          const answer: ServicePrincipalPage = {
            ...contextOf(version, 'servicePrincipals'),
            ...(page.next === undefined
              ? {}
              : { '@odata.nextLink': nextLink(version, request.query, page.next) }),
            value,
          };
          return reply.type(octetStream).send(answer);
        }
        const appId = /^servicePrincipals\(appId='([^']*)'\)$/i.exec(entity)?.[1];
        if (appId === undefined) throw unknownSegment(entity);
        const found = await find(caller, { appId });
        return reply.type(octetStream).send({
          ...contextOf(version, 'servicePrincipals/$entity'),
          ...selectMembers(found, textOf(request.query, '$select')),
        });
      },
    );

    app.get<{ Params: { id: string }; Querystring: Query }>(
      `${version}/servicePrincipals/:id`,
      async (request, reply) => {
        const found = await find(callerOf(request), { id: request.params.id });
        return reply.type(octetStream).send({
          ...contextOf(version, 'servicePrincipals/$entity'),
          ...selectMembers(found, textOf(request.query, '$select')),
        });
      },
    );

    app.post(`${version}/directoryObjects/getByIds`, async (request, reply) => {
      const caller = callerOf(request);
      const body = getByIdsBody.safeParse(request.body);
      if (!body.success) throw new DomainError('malformed', "The body must have 'ids', one to 1000 of them.");
      const types = body.data.types?.map((type) => type.toLowerCase());
      const wanted = types === undefined || types.some((type) => objectTypes.has(type));
      const ids = body.data.ids.flatMap((id) => parseGuid<PrincipalId>(id) ?? []);
      const principals = wanted
        ? await selectPrincipalsOf(database.read, caller.tenantId, [...new Set(ids)])
        : [];
      return reply.type(octetStream).send({
        ...contextOf(version, 'directoryObjects'),
        value: principals.map((principal) => ({
          '@odata.type': '#microsoft.graph.servicePrincipal',
          ...graphPrincipal(principal),
        })),
      });
    });

    app.route({
      method: ['POST', 'PUT', 'PATCH', 'DELETE'],
      url: `${version}/*`,
      handler: async () => {
        throw new DomainError('forbidden', denied);
      },
    });
  }

  async function listPage(caller: Caller, query: Query) {
    const filter = parsePrincipalFilter(textOf(query, '$filter'));
    if (filter === 'nothing') return { principals: [], next: undefined };
    const limit = pageSize(textOf(query, '$top'));
    const token = textOf(query, '$skiptoken');
    const after = token === undefined ? undefined : parseGuid<PrincipalId>(token);
    if (token !== undefined && after === undefined) {
      throw new DomainError('malformed', "The '$skiptoken' is not one of ours.");
    }
    const rows = await selectPrincipals(database.read, caller.tenantId, {
      ...filter,
      ...(after === undefined ? {} : { after }),
      limit: limit + 1,
    });
    const principals = rows.slice(0, limit);
    return { principals, next: rows.length > limit ? principals.at(-1)?.principalId : undefined };
  }

  function nextLink(version: string, query: Query, after: PrincipalId): string {
    const url = new URL(`https://${profile.graph}${version}/servicePrincipals`);
    for (const name of ['$filter', '$select', '$top']) {
      const value = textOf(query, name);
      if (value !== undefined) url.searchParams.set(name, value);
    }
    url.searchParams.set('$skiptoken', after);
    return url.href;
  }
}

/** Types of `getByIds` that principals are of. */
const objectTypes = new Set(['serviceprincipal', 'directoryobject']);

async function findPrincipal(
  database: Database,
  { tenantId }: Caller,
  name: { readonly id: string } | { readonly appId: string },
): Promise<Principal | undefined> {
  if ('id' in name) {
    const principalId = parseGuid<PrincipalId>(name.id);
    return principalId && (await selectPrincipal(database.read, tenantId, principalId));
  }
  const clientId = parseGuid<ClientId>(name.appId);
  if (clientId === undefined) return undefined;
  const [principal] = await selectPrincipals(database.read, tenantId, { clientId, limit: 1 });
  return principal;
}

/** A query option given once; given twice it is refused. */
function textOf(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') {
    throw new DomainError('malformed', `The query option '${name}' is given more than once.`);
  }
  return value;
}

function pageSize(top: string | undefined): number {
  if (top === undefined) return defaultPage;
  const size = /^\d{1,4}$/.test(top) ? Number(top) : 0;
  if (size < 1 || size > largestPage) {
    throw new DomainError(
      'malformed',
      `Invalid page size specified: '${top.slice(0, 32)}'. Must be between 1 and 999 inclusive.`,
    );
  }
  return size;
}

function unknownSegment(segment: string): DomainError {
  return new DomainError('malformed', `Resource not found for the segment '${segment.slice(0, 128)}'.`);
}
