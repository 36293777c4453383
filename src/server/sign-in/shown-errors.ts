import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError, type FailureKind } from '../../foundation/domain-error.ts';
import type { Log } from '../../foundation/log.ts';
import { aadstsEntry } from '../http/dialects/aadsts.ts';
import { correlationId, timestampOf, traceId } from '../http/dialects/oauth.ts';
import { sendPage } from './page.ts';
import { errorPage } from './pages.ts';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** A handler whose refusals are shown to the person, on a page, and sent nowhere. */
export type Shown = (handler: Handler) => Handler;

export function showErrors({ clock, log }: { readonly clock: Clock; readonly log: Log }): Shown {
  return (handler) => async (request, reply) => {
    try {
      return await handler(request, reply);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { code, message, cause } = error;
      const correlation = correlationId(request);
      log.info({ event: 'sign-in-refused', code, correlationId: correlation, cause }, message);
      return sendPage(
        reply,
        errorPage({
          message,
          status: statusOf(error),
          correlationId: correlation,
          traceId: traceId(request.id),
          timestamp: timestampOf(clock),
        }),
      );
    }
  };
}

const statusOfKind: Readonly<Partial<Record<FailureKind, number>>> = {
  forbidden: 403,
  'not-found': 404,
  throttled: 429,
  unavailable: 503,
};

function statusOf({ code, kind }: DomainError): number {
  const known = code === undefined ? undefined : aadstsEntry(code);
  if (known !== undefined) return known.status;
  return statusOfKind[kind] ?? 400;
}
