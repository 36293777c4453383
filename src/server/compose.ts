import { availableParallelism } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { type CloudProfile, certificateNames, type Surface } from '../contract/cloud-profile.ts';
import { userinfoPath } from '../contract/oauth2.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Randomness } from '../foundation/randomness.ts';
import { SignInRetention } from './audit/retention.ts';
import { SignInLog } from './audit/sign-in-log.ts';
import { type Authorizer, createAuthorizer } from './authorization/evaluate.ts';
import { removeRoleAssignmentsOfPrincipal } from './authorization/role-assignment-removal.ts';
import { ConfigError, type ServerConfig } from './config.ts';
import { ApplicationCertificates } from './directory/application-certificates.ts';
import { Directory } from './directory/directory.ts';
import { removeFederatedCredentials } from './federation/credential-store.ts';
import { FederatedCredentials } from './federation/federated-credentials.ts';
import { Issuers } from './federation/issuers.ts';
import { administerDirectory, createHome, findHome, type Home } from './first-start.ts';
import { registerGraph } from './graph/graph.ts';
import type { Caller } from './http/bearer.ts';
import { createArmDialect } from './http/dialects/arm.ts';
import { graphDialect } from './http/dialects/graph.ts';
import { keyVaultDialect } from './http/dialects/key-vault.ts';
import { oauthDialect } from './http/dialects/oauth.ts';
import { createSurface, type Dialect } from './http/surface.ts';
import { mayHold } from './identity-service/access.ts';
import { registerIdentityService } from './identity-service/routes.ts';
import { type NamedCertificate, openInstanceCertificate } from './instance-certificate.ts';
import { issueJoinToken } from './machines/enrolment.ts';
import { registerAgents } from './machines/machine-routes.ts';
import { IdentityCredentials } from './managed-identities/credentials.ts';
import { InstanceAuthorities } from './managed-identities/instance-authority.ts';
import { ProviderCredentials } from './managed-identities/provider-credentials.ts';
import { type OperatorCredential, operatorCredential } from './operator-credential.ts';
import { type Outbound, OutboundFetcher } from './outbound/fetcher.ts';
import { createProviders, furtherTypes } from './providers/registry.ts';
import { resourceEndings } from './resource-endings.ts';
import { AsyncOperations } from './resource-manager/async-operations.ts';
import { defineGroupDeletion } from './resource-manager/group-deletion.ts';
import { ResourceSecrets } from './resource-manager/resource-secrets.ts';
import { registerResourceManager } from './resource-manager/router.ts';
import { resourceMovers } from './resource-movers.ts';
import { createTransmitter } from './shared-signals/transmitter.ts';
import { registerSignIn } from './sign-in/sign-in-routes.ts';
import { readUpstreamFile, type UpstreamProvider } from './sign-in/upstream-config.ts';
import { ChangeFollower } from './storage/change-log.ts';
import { openDataFolder } from './storage/data-folder.ts';
import type { Database } from './storage/database.ts';
import { openDatabase } from './storage/open-database.ts';
import { openSealer } from './storage/open-sealer.ts';
import type { TenantSealer } from './storage/sealed-column.ts';
import { ListenError, listen, type Surfaces } from './surfaces.ts';
import { Secrets } from './targets/key-vault/secrets.ts';
import { registerKeyVault } from './targets/registry.ts';
import { openTls, type Tls } from './tls.ts';
import { Audiences, audiencesOf } from './tokens/audiences.ts';
import type { AssertionRules } from './tokens/client-assertion.ts';
import { clientCertificates } from './tokens/client-certificates.ts';
import { KeyKeeper } from './tokens/key-keeper.ts';
import { provesPossession } from './tokens/proof-of-possession.ts';
import { connectSigner, type RemoteSigner } from './tokens/remote-signer.ts';
import { RevokedTokens } from './tokens/revoked-tokens.ts';
import { proveSigningKeys } from './tokens/self-test.ts';
import { createSigner, type Signer } from './tokens/signer.ts';
import { SigningKeys } from './tokens/signing-keys.ts';
import { registerTokenService } from './tokens/token-service.ts';
import { registerUserinfo } from './tokens/userinfo-routes.ts';
import { AccessTokenVerifier } from './tokens/verify.ts';

export { ConfigError, type ServerOptions, serverConfig } from './config.ts';
export { createLog, type LogLevel, logLevels } from './log.ts';
export { replaceFile } from './storage/durable-file.ts';

/** What a server is made with beside its configuration. */
export interface Sources {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

/** A server that serves. Disposing drains it: no new connections, requests under way finish, then everything closes. */
export interface Server extends AsyncDisposable {
  readonly profile: CloudProfile;
  readonly host: string;
  readonly port: number;
  readonly caFile: string;
  /** PEM. */
  readonly ca: string;
  /** For the local agent, which answers programs about instances where the deployment has names of its own. */
  readonly instanceCertificate: NamedCertificate | undefined;
  readonly dataFolder: string;
  readonly engine: Database['engine'];
  readonly home: Home;
  readonly operator: OperatorCredential;
  /** Whether this start made the deployment, or found it. */
  readonly firstStart: boolean;
}

/** Opens everything in order, and closes what is open where a later part fails, so that a failed start leaves nothing. */
export async function startServer(config: ServerConfig, sources: Sources): Promise<Server> {
  await using opened = new AsyncDisposableStack();
  const { clock, log, randomness } = sources;
  const { profile } = config;

  const upstream = await upstreamProviders(config.upstreamFile);
  const folder = opened.use(await openDataFolder(config.dataFolder));
  const tls = await openTls(folder, certificateNames(profile), clock);
  const instanceCertificate =
    profile.kind === 'azure' ? undefined : await openInstanceCertificate(folder, { clock, randomness });
  const database = opened.use(await openDatabase({ url: config.databaseUrl, folder }, randomness));
  const sealer = await openSealer({ database, folder, source: config.keyEncryptionKey, randomness, clock });
  const signer =
    config.signerSocket === undefined
      ? createSigner({ database, sealer, clock, randomness }, availableParallelism())
      : await greeted(opened.use(connectSigner(config.signerSocket, { database, log })));
  const found = await findHome(database.read);
  const home = found ?? (await createHome({ database, sealer, signer, profile, clock, randomness }));
  if (found !== undefined) await administerDirectory(database, home, { clock, randomness });
  const operator = await operatorCredential({ database, folder, home, clock, randomness });
  const follower = opened.use(new ChangeFollower(database, clock, log));
  await follower.start();

  const operations = opened.use(new AsyncOperations({ database, clock, randomness, log }));
  const keys = new SigningKeys(database, follower);
  const keeper = opened.use(new KeyKeeper({ database, signer, clock, log, periods: config.keyPeriods }));
  await keeper.adopt();
  await proveSigningKeys({ profile, database, keys, signer });
  const apps = createApps({
    profile,
    database,
    sealer,
    follower,
    operations,
    keys,
    signer,
    keeper,
    assertionRules: config.assertionRules,
    outbound: new OutboundFetcher({ allowedHosts: config.allowedHosts }),
    upstream,
    home,
    opened,
    sources,
  });
  // before the first request: what an ended process left behind is nobody's else
  await operations.start();
  keeper.start();
  opened.use(new SignInRetention({ database, clock, log }, config.signInRetention)).start();
  const surfaces = opened.use(await listenWhereAsked(config, { profile, tls, apps, log }));

  const parts = opened.move();
  return {
    profile,
    host: surfaces.host,
    port: surfaces.port,
    caFile: tls.caFile,
    ca: tls.ca,
    instanceCertificate,
    dataFolder: folder.path,
    engine: database.engine,
    home,
    operator,
    firstStart: found === undefined,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** @throws ConfigError */
async function upstreamProviders(file: string | undefined): Promise<readonly UpstreamProvider[]> {
  try {
    return file === undefined ? [] : await readUpstreamFile(file);
  } catch (error) {
    throw new ConfigError((error as Error).message, { cause: error });
  }
}

async function greeted(signer: RemoteSigner): Promise<Signer> {
  await signer.greet();
  return signer;
}

async function listenWhereAsked(
  { listen: address }: ServerConfig,
  options: { profile: CloudProfile; tls: Tls; apps: Record<Surface['kind'], FastifyInstance>; log: Log },
): Promise<Surfaces> {
  const { apps, log, profile, tls } = options;
  const surfaces = { profile, tls: tls.identity, apps, log };
  try {
    return await listen(surfaces, address);
  } catch (error) {
    if (!(error instanceof ListenError) || !address.orAnyFree) throw error;
    return await listen(surfaces, { host: address.host, port: 0 });
  }
}

/** Wires every surface by hand: who gets what is all here. */
function createApps(parts: {
  readonly profile: CloudProfile;
  readonly database: Database;
  readonly sealer: TenantSealer;
  readonly follower: ChangeFollower;
  readonly operations: AsyncOperations;
  readonly keys: SigningKeys;
  readonly signer: Signer;
  readonly keeper: KeyKeeper;
  readonly assertionRules: AssertionRules;
  readonly outbound: Outbound;
  /** What ends with the server, last opened first. */
  readonly opened: AsyncDisposableStack;
  readonly upstream: readonly UpstreamProvider[];
  readonly home: Home;
  readonly sources: Sources;
}): Record<Surface['kind'], FastifyInstance> {
  const { profile, database, sealer, follower, operations, keys, signer, keeper } = parts;
  const { clock, log, randomness } = parts.sources;
  const surface = (dialect: Dialect, tolerateSlashes = false) =>
    createSurface({ dialect, log, randomness, tolerateSlashes });
  const origins = {
    login: `https://${profile.login}`,
    management: `https://${profile.management}`,
    graph: `https://${profile.graph}`,
    agents: `https://${profile.agents}`,
  };

  const directory = new Directory(database, follower);
  const revoked = new RevokedTokens(database, follower);
  const verifier = new AccessTokenVerifier({ profile, keys, directory, revoked, clock });
  const authorizer = createAuthorizer({ database, follower, principals: directory });
  const authorities = new InstanceAuthorities({ sealer, randomness });

  const applicationCertificates = new ApplicationCertificates(database, follower);

  const login = surface(oauthDialect(profile, clock), true);
  const certificateLogin = surface(oauthDialect(profile, clock), true);
  const signIns = new SignInLog(database);
  const tokens = registerTokenService(login, certificateLogin, {
    profile,
    clock,
    log,
    randomness,
    verifier,
    mayIntrospect: mayIn(authorizer, 'Innate.Tokens/introspect/action'),
    database,
    directory,
    keys,
    signer,
    keeper,
    certificates: clientCertificates(
      applicationCertificates,
      new IdentityCredentials(database, follower),
      new ProviderCredentials(database, follower, mayHold(authorizer)),
    ),
    federatedCredentials: new FederatedCredentials(database, follower),
    issuers: new Issuers(parts.outbound, clock),
    assertionRules: parts.assertionRules,
    signIns,
  });

  registerSignIn(login, {
    profile,
    database,
    directory,
    clock,
    randomness,
    log,
    signIns,
    tokens,
    upstream: parts.upstream,
  });

  const transmitter = createTransmitter(login, {
    ...{ profile, database, follower, directory, sealer, verifier, clock, randomness, log },
    outbound: parts.outbound,
    issuer: tokens.issuer,
    audiences: audiencesOf(profile, 'graph'),
    mayHear: mayIn(authorizer, 'Innate.SharedSignals/streams/write'),
  });
  parts.opened.use(transmitter).start();

  const people = { verifier, directory, audiences: audiencesOf(profile, 'graph') };
  registerUserinfo(login, '/:tenant/openid/userinfo', people);

  const dialectOfGraph = graphDialect(profile, clock);
  const graph = surface(dialectOfGraph);
  const audiences = new Audiences(profile, directory);
  registerUserinfo(graph, userinfoPath, people);
  registerGraph(graph, {
    profile,
    database,
    clock,
    randomness,
    directory,
    dialect: dialectOfGraph,
    log,
    tokens: verifier,
    audiences: audiencesOf(profile, 'graph'),
    isReserved: (canonical) => audiences.isReserved(canonical),
    isDeployments: (clientId) => clientId === parts.home.operator.clientId,
    onPrincipalEnd: removeRoleAssignmentsOfPrincipal,
    onApplicationEnd: removeFederatedCredentials,
    provesPossession,
  });

  defineGroupDeletion({ database, operations, participants: resourceEndings });
  const arm = createArmDialect({ clock, randomness });
  const management = surface(arm);
  const tracked = { database, participants: resourceEndings, operations, randomness };
  const secrets = new Secrets({ database, sealer, clock, randomness });
  registerResourceManager(management, {
    types: (dispatch) =>
      createProviders({
        ...tracked,
        dispatch,
        callers: verifier,
        readSecret: async (vault, name, version) => (await secrets.get(vault, name, version)).value,
        sealer,
        clock,
        keeper,
        log,
        profile,
        origins,
        movers: resourceMovers(sealer),
        secrets: new ResourceSecrets(sealer),
        issueJoinToken: (transaction, resource) => issueJoinToken(transaction, resource, randomness),
        vaultUri: (name) => `https://${name}.${profile.vaultSuffix}/`,
      }),
    further: (own) => furtherTypes(tracked, own),
    database,
    authorizer,
    verifier,
    profile,
    origins,
    clock,
  });

  const agents = surface(arm);
  registerAgents(agents, { database, follower, authorities, clock, randomness, log, origins });

  const identity = surface(arm);
  registerIdentityService(identity, {
    ...{ database, authorities, profile, clock, randomness, log },
    access: {
      verifier,
      audiences: audiencesOf(profile, 'identity'),
      loginOrigin: origins.login,
      certificates: applicationCertificates,
      clock,
    },
  });

  const vault = surface(keyVaultDialect);
  registerKeyVault(vault, {
    profile,
    loginOrigin: origins.login,
    database,
    follower,
    verifier,
    authorizer,
    sealer,
    clock,
    randomness,
    log,
  });

  return { login, 'certificate-login': certificateLogin, graph, management, agents, vault, identity };
}

/** Whether a principal may perform an action in the whole of its tenant. */
function mayIn(authorizer: Authorizer, action: string) {
  return async ({ tenantId, principalId }: Pick<Caller, 'tenantId' | 'principalId'>): Promise<boolean> => {
    const scope = { kind: 'tenant' } as const;
    return (await authorizer.decide({ tenantId, principalId, action, scope, plane: 'control' })).allowed;
  };
}
