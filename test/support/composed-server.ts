import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import https from 'node:https';
import type { FastifyInstance } from 'fastify';
import type { ServerFile } from '../../src/contract/ready-file.ts';
import { parseScope } from '../../src/contract/resource-id.ts';
import { pollMethod } from '../../src/contract/shared-signals.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { guid, type PrincipalId, type TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { createOrUpdateRoleAssignment } from '../../src/server/authorization/role-assignments.ts';
import { findRoleDefinitionByName } from '../../src/server/authorization/role-definitions.ts';
import { assignDirectoryRole } from '../../src/server/directory/directory-role-assignments.ts';
import { globalAdministrator } from '../../src/server/directory/directory-roles.ts';
import { type TestDeployment, testDeployment } from './deployment.ts';
import { Operator, roles } from './operator.ts';
import { azureCli, claimsOf, makeCode, makePerson, verifier } from './people.ts';
import { createSecondTenant, type SecondTenant, storageOf } from './second-tenant.ts';

/** A route as the framework has it, on the surface that really answers it. */
export interface ServedRoute {
  /** The host name under which the surface is asked. */
  readonly host: string;
  readonly method: string;
  readonly url: string;
}

/** A request whose headers are sent as they are, each value a line of its own. */
export interface RawRequest {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A whole server as it is composed, with something of every kind in it and a second tenant beside it. */
export interface ComposedServer extends AsyncDisposable {
  readonly deployment: TestDeployment;
  readonly operator: Operator;
  /** Every route of every surface, as registered: a new one is here without anybody's doing. */
  readonly routes: readonly ServedRoute[];
  /** Id of the resource group, which holds a virtual machine `vm1` and the vault. */
  readonly group: string;
  readonly other: SecondTenant;
  /** What the server signed about a person, for an application; the access token opens userinfo. */
  readonly person: { readonly idToken: string; readonly accessToken: string };
  /** What the server signed for a receiver of events. */
  readonly eventToken: string;
  send(request: RawRequest): Promise<RawReply>;
}

/** A name of each surface, and the vault that is made there. */
export const surfaceHosts = {
  login: 'login.microsoftonline.com',
  'certificate-login': 'mtlsauth.microsoft.com',
  graph: 'graph.microsoft.com',
  management: 'management.azure.com',
  agents: 'agents.innate.internal',
  vault: 'demo-kv.vault.azure.net',
  identity: 'control-westeurope.identity.azure.net',
} as const;

export async function composedServer(): Promise<ComposedServer> {
  await using stack = new AsyncDisposableStack();
  const seen: {
    readonly app: FastifyInstance;
    readonly routes: [string, string][];
    host: string | undefined;
  }[] = [];
  const watch = (message: unknown) => {
    const { fastify: app } = message as { readonly fastify: FastifyInstance };
    const entry: (typeof seen)[number] = { app, routes: [], host: undefined };
    app.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) entry.routes.push([one, url]);
    });
    app.addHook('onRequest', async ({ headers }) => {
      entry.host ??= headers.host;
    });
    seen.push(entry);
  };
  subscribe('fastify.initialization', watch);
  const deployment = stack.use(
    await testDeployment().finally(() => unsubscribe('fastify.initialization', watch)),
  );
  const ready = readyFileOf(deployment);
  const operator = stack.use(new Operator(ready));
  const agent = new https.Agent({ keepAlive: true, ca: operator.ca, maxSockets: 32 });
  stack.defer(() => agent.destroy());
  const send = (request: RawRequest) => sendRaw(agent, operator.port, request);

  for (const host of Object.values(surfaceHosts)) await send({ host, method: 'GET', path: '/nowhere' });

  const group = deployment.groupId;
  await operator.createMachine(group, 'vm1');
  const { oid } = claimsOf(await operator.token('https://vault.azure.net'));
  await operator.assign(await operator.createVault(group, 'demo-kv'), roles.secretsOfficer, String(oid));
  await operator.vault('demo-kv', 'PUT', '/secrets/greeting?api-version=7.4', { value: 'hello' });
  const beside = { data: deployment.folder.file('data'), ready };
  const other = await createSecondTenant(beside);
  await administer(other, beside.data);
  const person = await signedIn(operator, beside.data);

  const parts = stack.move();
  return {
    deployment,
    operator,
    group,
    routes: seen.flatMap(({ host, routes }) =>
      routes.map(([method, url]) => ({ host: host ?? '', method, url })),
    ),
    other,
    person,
    eventToken: await eventToken(operator),
    send,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** What a server in its own process would write down of itself. */
export function readyFileOf({ server, connect, groupId }: TestDeployment): ServerFile {
  const { profile, operator, caFile } = server;
  return {
    pid: 0,
    profile: 'azure',
    tenantId: operator.tenantId,
    subscriptionId: groupId.split('/')[2] ?? '',
    caFile,
    proxy: '',
    endpoints: {
      login: `https://${profile.login}`,
      management: `https://${profile.management}`,
      graph: `https://${profile.graph}`,
      vaultSuffix: profile.vaultSuffix,
    },
    operator,
    connect,
    controlSocket: '',
  };
}

/** Gives the other tenant's application every right that there is, in its own tenant. */
async function administer({ tenantId, token }: SecondTenant, data: string): Promise<void> {
  const { database } = await storageOf({ data });
  await using _database = database;
  const principalId = guid<PrincipalId>(String(claimsOf(await token('https://graph.microsoft.com'))['oid']));
  const at = systemClock.now();
  await database.transaction(async (transaction) => {
    await assignDirectoryRole(
      transaction,
      { tenantId, principalId, roleTemplateId: globalAdministrator, at },
      systemRandomness,
    );
    await createOrUpdateRoleAssignment(transaction, {
      tenantId,
      scope: parseScope('/'),
      name: systemRandomness.uuid(),
      roleDefinitionId: findRoleDefinitionByName('Owner')?.id ?? '',
      principalId,
      by: principalId,
      at,
    });
  });
}

/** What an application gets of who signed in. */
async function signedIn(operator: Operator, data: string): Promise<ComposedServer['person']> {
  const { database } = await storageOf({ data });
  await using _database = database;
  const tenantId = guid<TenantId>(operator.ready.tenantId);
  const store = { database, clock: systemClock };
  const alice = await makePerson(store, tenantId, 'alice@contoso.example');
  const reply = await operator.call({
    host: surfaceHosts.login,
    method: 'POST',
    path: `/${tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: azureCli,
      redirect_uri: 'http://localhost:1234',
      code: await makeCode(store, alice, azureCli, { scope: 'openid profile' }),
      code_verifier: verifier,
    }).toString(),
  });
  if (reply.status !== 200) throw new Error(reply.body);
  const { id_token: idToken, access_token: accessToken } = reply.json();
  return { idToken, accessToken };
}

/** What a receiver of events gets. */
async function eventToken(operator: Operator): Promise<string> {
  const authorization = `Bearer ${await operator.token('https://graph.microsoft.com')}`;
  const call = async (path: string, body: object) => {
    const reply = await operator.call({
      host: surfaceHosts.login,
      method: 'POST',
      path: `/${operator.ready.tenantId}/ssf/${path}`,
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (reply.status >= 300) throw new Error(reply.body);
    return reply;
  };
  const { stream_id } = (await call('streams', { delivery: { method: pollMethod } })).json();
  await call('verify', { stream_id });
  const { sets } = (await call(`poll/${stream_id}`, {})).json();
  return String(Object.values(sets as object)[0]);
}

async function sendRaw(
  agent: https.Agent,
  port: number,
  { host, method, path, headers = {}, body }: RawRequest,
): Promise<RawReply> {
  return await new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = https.request(
      {
        ...{ host: '127.0.0.1', port, servername: host, agent, method, path },
        headers: { host, ...headers, ...length },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part) => (text += part));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
