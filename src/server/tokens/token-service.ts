import type { FastifyInstance } from 'fastify';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { Log } from '../../foundation/log.ts';
import type { Directory } from '../directory/directory.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { correlationId, traceId } from '../http/dialects/oauth.ts';
import type { Database } from '../storage/database.ts';
import { Audiences } from './audiences.ts';
import { defaultLifetime, longestLifetime } from './claims.ts';
import { ClientAssertions } from './client-assertion.ts';
import { ClientAuthentication } from './client-authentication.ts';
import type { ClientCertificates } from './client-certificates.ts';
import { registerDiscovery } from './discovery-routes.ts';
import { grants } from './grants/registry.ts';
import { TokenIssuer } from './issue.ts';
import { ResourceClaims } from './resource-claims.ts';
import type { Signer } from './signer.ts';
import type { SigningKeys } from './signing-keys.ts';
import { TokenEndpoint } from './token-endpoint.ts';

export interface TokenServiceParts {
  readonly profile: CloudProfile;
  readonly clock: Clock;
  readonly log: Log;
  readonly database: Database;
  readonly directory: Directory;
  readonly certificates: ClientCertificates;
  readonly keys: SigningKeys;
  readonly signer: Signer;
  /** Seconds a token lives: 300 to 86 400; an hour unless told. */
  readonly tokenLifetime?: number;
  /** Seconds that applications' client assertions may have left to live; any unless told. */
  readonly assertionLifetime?: number;
}

/** Octets of a request body at most: an assertion with a chain fits. */
const bodyLimit = 64 * 1024;

/** Puts the token endpoint and the discovery documents on the login surface. */
export function registerTokenService(app: FastifyInstance, parts: TokenServiceParts): void {
  const { profile, clock, log, directory, keys, signer, certificates } = parts;
  const lifetime = parts.tokenLifetime ?? defaultLifetime;
  if (!Number.isInteger(lifetime) || lifetime < 300 || lifetime > longestLifetime) {
    throw new RangeError(`a token lives 300 to ${longestLifetime} seconds, not ${lifetime}`);
  }
  const audiences = new Audiences(profile, directory);
  const endpoint = new TokenEndpoint({
    directory,
    clients: new ClientAuthentication({
      directory,
      assertions: new ClientAssertions(profile, certificates, parts.assertionLifetime),
      keys,
      clock,
    }),
    grants: grants({ audiences, resourceClaims: new ResourceClaims(directory.appRoles) }),
    issuer: new TokenIssuer({ profile, keys, signer, clock }, lifetime),
    log,
  });

  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit },
    (_request, text, done) => done(null, text),
  );

  const versions = [
    ['v1', '/:tenant/oauth2/token'],
    ['v2', '/:tenant/oauth2/v2.0/token'],
  ] as const;
  for (const [version, url] of versions) {
    app.post<{ Params: { tenant: string } }>(url, { bodyLimit }, async (request) => {
      const correlation = correlationId(request);
      try {
        return await endpoint.answer({
          version,
          claimedTenant: request.params.tenant,
          body: typeof request.body === 'string' ? request.body : undefined,
          authorization: request.headers.authorization,
          traceId: traceId(request.id),
          correlationId: correlation,
        });
      } catch (error) {
        if (error instanceof DomainError) {
          const { code, message, cause } = error;
          log.info({ event: 'token-refused', code, correlationId: correlation, cause }, message);
        }
        throw error;
      }
    });
    app.route<{ Params: { tenant: string } }>({
      method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
      url,
      handler: async (request) => {
        throw aadsts(900561, { method: request.method });
      },
    });
  }

  registerDiscovery(app, { profile, database: parts.database, directory, keys });
}
