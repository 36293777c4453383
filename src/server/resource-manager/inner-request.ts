import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '../../foundation/domain-error.ts';
import type { Caller } from '../http/bearer.ts';
import { parseJson } from '../http/surface.ts';
import { admitAsked, type PipelineOptions, perform } from './operation-pipeline.ts';
import type { Answer, Method } from './provider.ts';

/** A request that another one asks for, on behalf of its own caller: it meets all that a request of a socket meets. */
export interface InnerRequest {
  readonly caller: Caller;
  readonly method: Method;
  /** Path and query, `api-version` included, spelled as on the wire. */
  readonly url: string;
  readonly body?: unknown;
  /** Of the headers, preconditions alone have a meaning here. */
  readonly headers?: Readonly<Pick<IncomingHttpHeaders, 'if-match' | 'if-none-match'>>;
  /** `https://host[:port]` of the request that asks. */
  readonly origin: string;
}

/**
 * Answers an inner request with the rights that its caller has at this moment.
 *
 * @throws DomainError as the request would be refused at the socket
 */
export type Dispatch = (request: InnerRequest) => Promise<Answer>;

/** Octets of a body at most: as many as a socket takes. */
const maxBody = 1024 * 1024;

/** Dispatches over a pipeline. A body passes through text, so that it has the form and the bounds of every other. */
export function dispatchOver(pipeline: () => PipelineOptions): Dispatch {
  return async ({ caller, method, url, headers = {}, origin, body }) => {
    const asked = { method, url, headers, origin, identify: async () => caller };
    const admitted = await admitAsked(pipeline(), asked);
    const text = body === undefined ? '' : JSON.stringify(body);
    if (Buffer.byteLength(text) > maxBody) {
      throw new DomainError('too-large', 'The request body is too large.');
    }
    return await perform(pipeline(), admitted, parseJson(text));
  };
}
