import type { FastifyInstance, FastifyRequest } from 'fastify';
import { aadsts } from '../http/dialects/aadsts.ts';
import type { TokenStatus, TokenStatusRequest } from './token-status.ts';

const bodyLimit = 64 * 1024;

/** Where clients revoke tokens and resource servers ask about them; forms only, as RFC 7009 §2.1 and RFC 7662 §2.1. */
export function registerTokenStatus(
  app: FastifyInstance,
  status: TokenStatus,
  certificateOf?: (request: FastifyRequest) => string | undefined,
): void {
  const read = (request: FastifyRequest<{ Params: { tenant: string } }>): TokenStatusRequest => ({
    claimedTenant: request.params.tenant,
    body: typeof request.body === 'string' ? request.body : undefined,
    authorization: request.headers.authorization,
    certificate: certificateOf?.(request),
  });
  app.post<{ Params: { tenant: string } }>(revokePath, { bodyLimit }, async (request, reply) => {
    await status.revoke(read(request));
    return reply.code(200).send();
  });
  app.post<{ Params: { tenant: string } }>(introspectPath, { bodyLimit }, async (request) =>
    status.introspect(read(request)),
  );
  for (const url of [revokePath, introspectPath]) {
    app.route({
      method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
      url,
      handler: async (request) => {
        throw aadsts(900561, { method: request.method });
      },
    });
  }
}

const revokePath = '/:tenant/oauth2/v2.0/revoke';
const introspectPath = '/:tenant/oauth2/v2.0/introspect';
