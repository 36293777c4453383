import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Userinfo } from '../../contract/oauth2.ts';
import type { UserId } from '../../foundation/ids.ts';
import type { Directory } from '../directory/directory.ts';
import { bearerToken, type Caller, TokenRejected, type TokenVerifier } from '../http/bearer.ts';
import { pairwiseSubject } from './claims.ts';

export interface UserinfoParts {
  readonly verifier: TokenVerifier;
  readonly directory: Pick<Directory, 'user'>;
  /** Audiences of tokens for Graph, without trailing slash. */
  readonly audiences: readonly string[];
}

/**
 * The userinfo endpoint (OpenID Connect Core §5.3): who the person of a token is, towards the application that shows it.
 * It takes tokens for Graph with the scope `openid`.
 */
export function registerUserinfo(
  app: FastifyInstance,
  url: string,
  { verifier, directory, audiences }: UserinfoParts,
): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  app.route({
    method: ['GET', 'POST'],
    url,
    // before the body is read: who shows nothing makes nobody parse
    onRequest: async (request, reply) => {
      try {
        const token = bearerToken(request.headers.authorization);
        callers.set(request, await verifier.verify(token, audiences, { scope: 'openid' }));
        return undefined;
      } catch (error) {
        return refuse(reply, error);
      }
    },
    handler: async (request, reply) => {
      const caller = callers.get(request);
      if (caller === undefined) throw new Error('userinfo was asked for without authentication');
      try {
        const { clientId, tenantId, principalId } = caller;
        const user = await directory.user(tenantId, principalId as string as UserId);
        if (user === undefined) throw new TokenRejected('revoked', 'the person is gone');
        const { mail, givenName, surname } = user.profile;
        const answer: Userinfo = {
          sub: pairwiseSubject(tenantId, user.userId, clientId),
          name: user.displayName,
          ...(typeof surname === 'string' ? { family_name: surname } : {}),
          ...(typeof givenName === 'string' ? { given_name: givenName } : {}),
          ...(typeof mail === 'string' && caller.scopes.includes('email') ? { email: mail } : {}),
        };
        return reply.send(answer);
      } catch (error) {
        return refuse(reply, error);
      }
    },
  });
}

/** RFC 6750 §3: who shows nothing is told nothing more. */
function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof TokenRejected)) throw error;
  const challenge = error.reason === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"';
  return reply.code(401).header('WWW-Authenticate', challenge).send({ error: 'invalid_token' });
}
