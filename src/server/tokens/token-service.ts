import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { Log } from '../../foundation/log.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { SignInLog } from '../audit/sign-in-log.ts';
import type { Directory } from '../directory/directory.ts';
import type { Principal } from '../directory/service-principals.ts';
import type { FederatedCredentials } from '../federation/federated-credentials.ts';
import type { Issuers } from '../federation/issuers.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { correlationId, traceId } from '../http/dialects/oauth.ts';
import { presentedCertificate } from '../http/presented-certificate.ts';
import type { Database } from '../storage/database.ts';
import { Audiences } from './audiences.ts';
import { defaultLifetime, longestLifetime } from './claims.ts';
import { type AssertionRules, ClientAssertions } from './client-assertion.ts';
import { ClientAuthentication } from './client-authentication.ts';
import type { ClientCertificates } from './client-certificates.ts';
import { DelegatedPermissions } from './delegated-permissions.ts';
import { DeviceAuthorization } from './device-authorization.ts';
import { registerDiscovery } from './discovery-routes.ts';
import { FederatedAssertions } from './federated-assertion.ts';
import { grants } from './grants/registry.ts';
import { TokenIssuer } from './issue.ts';
import type { TokenVersion } from './issuers.ts';
import type { KeyKeeper } from './key-keeper.ts';
import { RegisteredClients } from './registered-clients.ts';
import { ResourceClaims } from './resource-claims.ts';
import type { Signer } from './signer.ts';
import type { SigningKeys } from './signing-keys.ts';
import { TokenEndpoint } from './token-endpoint.ts';
import { TokenStatus } from './token-status.ts';
import { registerTokenStatus } from './token-status-routes.ts';
import { UserAnswers } from './user-answers.ts';
import type { AccessTokenVerifier } from './verify.ts';

export interface TokenServiceParts {
  readonly profile: CloudProfile;
  readonly clock: Clock;
  readonly log: Log;
  readonly randomness: Randomness;
  readonly database: Database;
  readonly directory: Directory;
  readonly certificates: ClientCertificates;
  /** Which tokens of other issuers open which clients. */
  readonly federatedCredentials: Pick<FederatedCredentials, 'of'>;
  readonly issuers: Pick<Issuers, 'key'>;
  readonly keys: SigningKeys;
  readonly signer: Signer;
  readonly keeper: KeyKeeper;
  /** Of tokens that people's applications show to act on their behalf. */
  readonly verifier: AccessTokenVerifier;
  /** Whether a principal may look into every token of its tenant. */
  readonly mayIntrospect: (principal: Principal) => Promise<boolean>;
  /** Seconds a token lives: 300 to 86 400; an hour unless told. */
  readonly tokenLifetime?: number;
  /** For the client assertions of applications. */
  readonly assertionRules?: AssertionRules;
  readonly signIns: SignInLog;
}

const deviceUrls = [
  ['v1', '/:tenant/oauth2/devicecode'],
  ['v2', '/:tenant/oauth2/v2.0/devicecode'],
] as const;

/** Octets of a request body at most: an assertion with a chain fits. */
const bodyLimit = 64 * 1024;

/** What people's sign-in needs of the token service. */
export interface TokenServices {
  readonly audiences: Audiences;
  readonly registered: RegisteredClients;
  readonly permissions: DelegatedPermissions;
  readonly issuer: TokenIssuer;
}

/**
 * Puts the token endpoint, the device endpoint and the discovery documents on the login surface, and the v2 token
 * endpoint on the one that asks for certificates.
 */
export function registerTokenService(
  app: FastifyInstance,
  certificateLogin: FastifyInstance,
  parts: TokenServiceParts,
): TokenServices {
  const { profile, clock, log, database, directory, keys, randomness, signer, certificates, verifier } =
    parts;
  const lifetime = parts.tokenLifetime ?? defaultLifetime;
  if (!Number.isInteger(lifetime) || lifetime < 300 || lifetime > longestLifetime) {
    throw new RangeError(`a token lives 300 to ${longestLifetime} seconds, not ${lifetime}`);
  }
  const audiences = new Audiences(profile, directory);
  const resourceClaims = new ResourceClaims(directory.appRoles);
  const issuer = new TokenIssuer({ profile, keys, signer, keeper: parts.keeper, clock }, lifetime);
  const registered = new RegisteredClients(directory);
  const permissions = new DelegatedPermissions({ database, directory });
  const answers = new UserAnswers({ profile, clock, directory, audiences, permissions, resourceClaims });
  const clients = new ClientAuthentication({
    directory,
    assertions: new ClientAssertions(profile, certificates, parts.assertionRules),
    federated: new FederatedAssertions({
      ...{ profile, verifier, directory },
      credentials: parts.federatedCredentials,
      issuers: parts.issuers,
    }),
    keys,
    clock,
  });
  const endpoint = new TokenEndpoint({
    directory,
    clients,
    grants: grants({ audiences, resourceClaims, database, clock, randomness, answers, verifier }),
    issuer,
    signIns: parts.signIns,
    clock,
  });

  const v2 = ['v2', '/:tenant/oauth2/v2.0/token'] as const;
  registerTokenRoutes(app, [['v1', '/:tenant/oauth2/token'], v2], { endpoint, log });
  registerTokenRoutes(certificateLogin, [v2], { endpoint, log, certificateOf: presentedCertificate });

  const { mayIntrospect } = parts;
  const status = new TokenStatus({
    ...{ database, directory, clients, verifier, audiences, clock, log, mayIntrospect },
  });
  registerTokenStatus(app, status);
  registerTokenStatus(certificateLogin, status, presentedCertificate);

  const devices = new DeviceAuthorization({ profile, database, directory, registered, clock, randomness });
  for (const [version, url] of deviceUrls) {
    app.post<{ Params: { tenant: string } }>(url, { bodyLimit, onRequest: takeForForm }, async (request) =>
      devices.answer({
        version,
        claimedTenant: request.params.tenant,
        body: typeof request.body === 'string' ? request.body : undefined,
        address: request.ip,
      }),
    );
  }

  registerDiscovery(app, { profile, database, directory, keys });
  return { audiences, registered, permissions, issuer };
}

const formType = 'application/x-www-form-urlencoded';

/** Java's azure-identity asks for device codes without telling what its body is; it is a form. */
async function takeForForm({ raw }: FastifyRequest): Promise<void> {
  raw.headers['content-type'] ??= formType;
}

interface TokenRoutes {
  readonly endpoint: TokenEndpoint;
  readonly log: Log;
  /** Where connections show certificates: there a page could show its user's, so pages are not let in. */
  readonly certificateOf?: (request: FastifyRequest) => string | undefined;
}

function registerTokenRoutes(
  app: FastifyInstance,
  urls: readonly (readonly [TokenVersion, string])[],
  { endpoint, log, certificateOf }: TokenRoutes,
): void {
  const pages = certificateOf === undefined ? { onRequest: allowPages } : {};
  app.addContentTypeParser(formType, { parseAs: 'string', bodyLimit }, (_request, text, done) =>
    done(null, text),
  );
  for (const [version, url] of urls) {
    app.post<{ Params: { tenant: string } }>(url, { bodyLimit, ...pages }, async (request) => {
      const correlation = correlationId(request);
      try {
        const answer = await endpoint.answer({
          version,
          claimedTenant: request.params.tenant,
          body: typeof request.body === 'string' ? request.body : undefined,
          authorization: request.headers.authorization,
          origin: request.headers.origin,
          certificate: certificateOf?.(request),
          address: request.ip,
          traceId: traceId(request.id),
          correlationId: correlation,
        });
        // who, what for and by which proof is in the sign-in log
        log.debug(
          { event: 'token', tokenTrace: traceId(request.id), correlationId: correlation },
          'token granted',
        );
        return answer;
      } catch (error) {
        if (error instanceof DomainError) {
          const { code, message, cause } = error;
          log.info({ event: 'token-refused', code, correlationId: correlation, cause }, message);
        }
        throw error;
      }
    });
    if (certificateOf === undefined) {
      app.options(url, pages, async (_request, reply) => reply.code(204).send());
    }
    app.route<{ Params: { tenant: string } }>({
      method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
      url,
      handler: async (request) => {
        throw aadsts(900561, { method: request.method });
      },
    });
  }
}

/** Programs in pages of any site may ask (the Fetch standard's CORS): no cookie counts here, what they show does. */
function allowPages(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (request.headers.origin !== undefined) reply.headers(forPages);
  done();
}

const forPages = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Expose-Headers': 'x-ms-request-id, client-request-id',
  'Access-Control-Max-Age': '86400',
};
