import type { AddressInfo } from 'node:net';
import type { ClientId, TenantId } from '../../src/foundation/ids.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { removeRoleAssignmentsOfPrincipal } from '../../src/server/authorization/role-assignment-removal.ts';
import { assignAppRole } from '../../src/server/directory/app-role-assignments.ts';
import { assignDirectoryRole } from '../../src/server/directory/directory-role-assignments.ts';
import { globalAdministrator } from '../../src/server/directory/directory-roles.ts';
import { firstPartyPrincipal } from '../../src/server/directory/first-party-principals.ts';
import type { GraphPermission } from '../../src/server/directory/graph-app-roles.ts';
import { removeFederatedCredentials } from '../../src/server/federation/credential-store.ts';
import { registerGraph } from '../../src/server/graph/graph.ts';
import { graphAppId, graphDialect } from '../../src/server/http/dialects/graph.ts';
import { createSurface } from '../../src/server/http/surface.ts';
import { Audiences, audiencesOf } from '../../src/server/tokens/audiences.ts';
import { provesPossession } from '../../src/server/tokens/proof-of-possession.ts';
import { azureCli, verifier as codeVerifier, makeCode, type TestPerson } from './people.ts';
import type { TestTokenService } from './token-service.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
export type GraphBody = any;

export interface GraphReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: GraphBody;
}

type Client = Awaited<ReturnType<TestTokenService['application']>>;

/** Graph beside a token service, on a loopback port without TLS. */
export interface TestGraph extends AsyncDisposable {
  readonly origin: string;
  /** A Graph token of an application. */
  tokenFor(client: Client): Promise<string>;
  call(
    method: string,
    path: string,
    options?: {
      readonly as?: Client;
      /** A token, instead of one of `as`. */
      readonly bearer?: string;
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
    },
  ): Promise<GraphReply>;
  /** An application that administers the directory; calls are its unless told. */
  readonly administrator: Client;
  /** The deployment's own application. */
  readonly deployments: Client;
  /** A Graph token by which a client acts as a person; the Azure CLI unless told. */
  tokenAs(person: TestPerson, clientId?: ClientId, scope?: string): Promise<string>;
  /** An application with exactly these permissions. */
  withPermissions(...permissions: readonly GraphPermission[]): Promise<Client>;
}

export async function testGraph(service: TestTokenService, tenantId: TenantId): Promise<TestGraph> {
  const { profile, database, clock, directory, verifier } = service;
  const audiences = new Audiences(profile, directory);
  const deployments = await service.application(tenantId);
  const dialect = graphDialect(profile, clock);
  const app = createSurface({
    dialect,
    log: silentLog,
    randomness: systemRandomness,
  });
  registerGraph(app, {
    profile,
    database,
    clock,
    randomness: systemRandomness,
    directory,
    dialect,
    log: silentLog,
    tokens: verifier,
    audiences: audiencesOf(profile, 'graph'),
    isReserved: (canonical) => audiences.isReserved(canonical),
    isDeployments: (clientId) => clientId === deployments.clientId,
    onPrincipalEnd: removeRoleAssignmentsOfPrincipal,
    onApplicationEnd: removeFederatedCredentials,
    provesPossession,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const administrator = await service.application(tenantId);
  await database.transaction((transaction) =>
    assignDirectoryRole(
      transaction,
      {
        tenantId,
        principalId: administrator.principalId,
        roleTemplateId: globalAdministrator,
        at: clock.now(),
      },
      systemRandomness,
    ),
  );

  async function tokenFor(client: Client): Promise<string> {
    const reply = await service.post(`/${client.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.secret,
      scope: 'https://graph.microsoft.com/.default',
    });
    return String(reply.body['access_token']);
  }

  async function tokenAs(
    person: TestPerson,
    clientId = azureCli,
    scope = 'https://graph.microsoft.com/.default openid',
  ): Promise<string> {
    const redirectUri = 'http://localhost:1234';
    const code = await makeCode(service, person, clientId, { scope, redirectUri });
    const reply = await service.post(`/${person.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      redirect_uri: redirectUri,
      code_verifier: codeVerifier,
      scope,
    });
    return String(reply.body['access_token']);
  }

  return {
    origin,
    administrator,
    tokenAs,
    deployments,
    tokenFor,
    async call(method, path, { as = administrator, bearer, body, headers = {} } = {}) {
      const response = await fetch(`${origin}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${bearer ?? (await tokenFor(as))}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    },
    async withPermissions(...permissions) {
      const client = await service.application(tenantId);
      const graph = firstPartyPrincipal(tenantId, { appId: graphAppId });
      if (graph === undefined) throw new Error('Graph has no service principal');
      await database.transaction(async (transaction) => {
        for (const permission of permissions) {
          await assignAppRole(
            transaction,
            {
              tenantId,
              principal: { id: client.principalId, type: 'ServicePrincipal' },
              resource: graph,
              appRoleId: graph.appRoles.find(({ value }) => value === permission)?.id ?? '',
              at: clock.now(),
            },
            systemRandomness,
          );
        }
      });
      return client;
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}
