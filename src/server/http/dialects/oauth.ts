import type { FastifyRequest } from 'fastify';
import type { CloudProfile } from '../../../contract/cloud-profile.ts';
import type { OauthError } from '../../../contract/oauth2.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { DomainError, FailureKind } from '../../../foundation/domain-error.ts';
import { isGuid } from '../../../foundation/ids.ts';
import type { Dialect, Envelope } from '../surface.ts';
import { type AadstsCode, type AadstsEntry, aadsts, aadstsCatalogue, aadstsEntry } from './aadsts.ts';

/** What a failure without a code of its own is called here, and the status where that differs from the code's. */
const fallbacks = {
  malformed: { code: 9002313 },
  'missing-parameter': { code: 9002313 },
  'invalid-value': { code: 9002313 },
  unsupported: { code: 9002313 },
  'too-large': { code: 9002313, status: 413 },
  unauthenticated: { code: 9002313, status: 401 },
  'credential-rejected': { code: 9002313 },
  'foreign-tenant': { code: 9002313 },
  forbidden: { code: 9002313 },
  'not-found': { code: 9002313, status: 404 },
  'already-exists': { code: 9002313 },
  conflict: { code: 9002313 },
  'precondition-failed': { code: 9002313 },
  throttled: { code: 90055 },
  unavailable: { code: 90033 },
} as const satisfies Record<FailureKind, { readonly code: AadstsCode; readonly status?: number }>;

/**
 * The id of one exchange as the token service names it: `trace_id`, the `x-ms-request-id` header and, as 16 octets, the
 * `uti` of the token (d.3), whose last octet is zero.
 */
export function traceId(requestId: string): string {
  return `${requestId.slice(0, -2)}00`;
}

/** The caller's `client-request-id` where it is a GUID, else one of ours. */
export function correlationId(request: FastifyRequest): string {
  const sent = request.headers['client-request-id'];
  return typeof sent === 'string' && isGuid(sent) ? sent : request.id;
}

/** When a refusal was made, as the token service writes it: `YYYY-MM-DD HH:MM:SSZ`. */
export function timestampOf(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** The token service's dialect: RFC 6749 §5.2 errors in Entra's AADSTS envelope (e), headers of a.8. */
export function oauthDialect(profile: CloudProfile, clock: Clock): Dialect {
  function body(
    { error, suberror }: Pick<AadstsEntry, 'error' | 'suberror'>,
    code: string,
    message: string,
    request: FastifyRequest,
  ): OauthError {
    const timestamp = timestampOf(clock);
    const trace = traceId(request.id);
    const correlation = correlationId(request);
    return {
      error,
      error_description: `${message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
      error_codes: [Number(code)],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://${profile.login}/error?code=${code}`,
      ...(suberror === undefined ? {} : { suberror }),
    };
  }

  function envelope(failure: DomainError, request: FastifyRequest): Envelope {
    const known = failure.code === undefined ? undefined : aadstsEntry(failure.code);
    if (known !== undefined && failure.code !== undefined) {
      return { status: known.status, body: body(known, failure.code, failure.message, request) };
    }
    const fallback: { readonly code: AadstsCode; readonly status?: number } = fallbacks[failure.kind];
    const entry: AadstsEntry = aadstsCatalogue[fallback.code];
    const { message } =
      fallback.code === 9002313
        ? aadsts(9002313, { reason: failure.message })
        : { message: `AADSTS${fallback.code}: ${entry.text}` };
    return {
      status: fallback.status ?? entry.status,
      body: body(entry, String(fallback.code), message, request),
    };
  }

  return {
    name: 'oauth',
    envelope,
    unexpected(request) {
      const failure = aadsts(50000, {});
      return { status: 500, body: body(aadstsCatalogue[50000], '50000', failure.message, request) };
    },
    headers(request) {
      const headers: Record<string, string> = {
        'Cache-Control': 'no-store, no-cache',
        Pragma: 'no-cache',
        'x-ms-request-id': traceId(request.id),
        'x-ms-ests-server': 'innate',
        'X-Content-Type-Options': 'nosniff',
      };
      const sent = request.headers['client-request-id'];
      if (
        typeof sent === 'string' &&
        isGuid(sent) &&
        request.headers['return-client-request-id'] === 'true'
      ) {
        headers['client-request-id'] = sent;
      }
      return headers;
    },
  };
}
