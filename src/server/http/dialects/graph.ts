import type { FastifyRequest } from 'fastify';
import type { CloudProfile } from '../../../contract/cloud-profile.ts';
import type { GraphError } from '../../../contract/graph.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { DomainError, FailureKind } from '../../../foundation/domain-error.ts';
import { isGuid } from '../../../foundation/ids.ts';
import { TokenRejected } from '../bearer.ts';
import { claimsChallenge } from '../claims-challenge.ts';
import type { Dialect } from '../surface.ts';

const failures = {
  malformed: { status: 400, code: 'Request_BadRequest' },
  'missing-parameter': { status: 400, code: 'Request_BadRequest' },
  'invalid-value': { status: 400, code: 'Request_BadRequest' },
  unsupported: { status: 400, code: 'Request_UnsupportedQuery' },
  'too-large': { status: 413, code: 'Request_BadRequest' },
  unauthenticated: { status: 401, code: 'InvalidAuthenticationToken' },
  'credential-rejected': { status: 401, code: 'InvalidAuthenticationToken' },
  'foreign-tenant': { status: 401, code: 'InvalidAuthenticationToken' },
  forbidden: { status: 403, code: 'Authorization_RequestDenied' },
  'not-found': { status: 404, code: 'Request_ResourceNotFound' },
  'already-exists': { status: 400, code: 'Request_MultipleObjectsWithSameKeyValue' },
  conflict: { status: 409, code: 'Directory_ConcurrencyViolation' },
  'precondition-failed': { status: 412, code: 'Directory_ConcurrencyViolation' },
  throttled: { status: 429, code: 'TooManyRequests' },
  unavailable: { status: 503, code: 'ServiceUnavailable' },
} as const satisfies Record<FailureKind, { readonly status: number; readonly code: string }>;

/** Application id of Graph, in its challenge and as an audience. */
export const graphAppId = '00000003-0000-0000-c000-000000000000';

/** Graph's dialect: OData error object, ids of the exchange as headers, a challenge with each 401 (h.5). */
export function graphDialect(profile: CloudProfile, clock: Clock): Dialect {
  const authority = `https://${profile.login}/common/oauth2/authorize`;
  const challenge = `Bearer realm="", authorization_uri="${authority}", client_id="${graphAppId}"`;

  function challengeOf(failure: DomainError): string {
    const renewal =
      failure instanceof TokenRejected ? claimsChallenge(failure, authority, graphAppId) : undefined;
    return renewal ?? challenge;
  }

  function clientRequestId(request: FastifyRequest): string {
    const sent = request.headers['client-request-id'];
    return typeof sent === 'string' && isGuid(sent) ? sent : request.id;
  }

  function body(code: string, message: string, request: FastifyRequest): GraphError {
    return {
      error: {
        code,
        message,
        innerError: {
          date: new Date(clock.now()).toISOString().slice(0, 19),
          'request-id': request.id,
          'client-request-id': clientRequestId(request),
        },
      },
    };
  }

  return {
    name: 'graph',
    envelope(failure, request) {
      const { status, code } = failures[failure.kind];
      const message =
        failure instanceof TokenRejected && failure.reason === 'missing'
          ? 'Access token is empty.'
          : failure.message;
      return {
        status,
        ...(status === 401 ? { headers: { 'WWW-Authenticate': challengeOf(failure) } } : {}),
        body: body(failure.code ?? code, message, request),
      };
    },
    unexpected(request) {
      return { status: 500, body: body('UnknownError', 'An internal error occurred.', request) };
    },
    headers(request) {
      return {
        'request-id': request.id,
        'client-request-id': clientRequestId(request),
        'OData-Version': '4.0',
        'Cache-Control': 'no-cache',
        'X-Content-Type-Options': 'nosniff',
      };
    },
  };
}
