import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../http/bearer.ts';
import { contentOf, parseContent } from './body.ts';
import { admitAsked, type PipelineOptions, perform } from './operation-pipeline.ts';
import type { Answer, Method, Within } from './provider.ts';

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
  /** Of a request that another one, which may itself stand within one, asks for. */
  readonly within?: Within;
}

/** Answers inner requests with the rights that their caller has at this moment. */
export interface Dispatch {
  /** @throws DomainError as the request would be refused at the socket */
  (request: InnerRequest): Promise<Answer>;
  /**
   * Asks whether a request would be admitted: all that is checked before a body is read. Nothing is done.
   *
   * @throws DomainError as the request would be refused
   */
  admit(request: InnerRequest): Promise<void>;
}

/** Dispatches over a pipeline. A body passes through text, so that it has the form and the bounds of every other. */
export function dispatchOver(pipeline: () => PipelineOptions): Dispatch {
  const admitted = async ({ caller, method, url, headers = {}, origin, within }: InnerRequest) =>
    await admitAsked(pipeline(), { method, url, headers, origin, within, identify: async () => caller });
  const dispatch = async (request: InnerRequest): Promise<Answer> => {
    const ready = await admitted(request);
    const text = request.body === undefined ? '' : JSON.stringify(request.body);
    return await perform(pipeline(), ready, parseContent(contentOf(ready.operation.operation), text));
  };
  return Object.assign(dispatch, { admit: async (request: InnerRequest) => void (await admitted(request)) });
}
