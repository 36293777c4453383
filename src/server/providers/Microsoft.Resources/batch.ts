import { setImmediate as turn } from 'node:timers/promises';
import {
  type BatchedRequest,
  type BatchedResponse,
  batchSchema,
  maxBatchedWithBodies,
} from '../../../contract/arm-batch.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import type { Log } from '../../../foundation/log.ts';
import { ArmError, armEnvelope, unexpectedEnvelope } from '../../http/dialects/arm.ts';
import type { Envelope } from '../../http/surface.ts';
import type { Dispatch } from '../../resource-manager/inner-request.ts';
import type { Operation, OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import { readRequestTarget } from '../../resource-manager/request-target.ts';

/** Characters of answers: requests that have not begun when they are reached are not begun. */
const maxAnswers = 8 * 1024 * 1024;

export interface BatchOptions {
  readonly dispatch: Dispatch;
  readonly log: Log;
}

type Context = OperationContext<(typeof batchSchema)['_output']>;

/** Many requests in one (`spec/resource-manager.md` a.15): each is a request of its own in every respect. */
export function batch(options: BatchOptions): ResourceType {
  return {
    namespace: 'Microsoft.Resources',
    type: 'batch',
    apiVersions: ['2015-11-01', '2020-06-01', '2021-04-01', '2022-12-01'],
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'POST',
        path: '/batch',
        // any caller of the tenant may send one; what is in it is held to its own rights
        action: 'Microsoft.Resources/batch/action',
        body: batchSchema,
        run: (context: Context) => run(options, context),
      } as Operation,
    ],
  };
}

/** One after the other, in their order. Nothing joins them: what one did stays done where another fails. */
async function run(options: BatchOptions, context: Context) {
  const { requests } = context.body;
  if (requests.length > maxBatchedWithBodies && requests.some(({ content }) => content !== undefined)) {
    throw invalid(`more than ${maxBatchedWithBodies} requests can be sent at once where none has content`);
  }
  const responses: BatchedResponse[] = [];
  let filled = 0;
  for (const request of requests) {
    // others have their turn: an embedded database answers without one
    await turn();
    const response = await respond(options, context, request, filled > maxAnswers);
    filled += response.contentLength;
    responses.push(response);
  }
  return { status: 200, body: { responses } };
}

async function respond(
  options: BatchOptions,
  context: Context,
  request: BatchedRequest,
  isFull: boolean,
): Promise<BatchedResponse> {
  const { status, headers = {}, body } = await envelopeOf(options, context, request, isFull);
  const name = request.name ?? undefined;
  const text = body === undefined ? '' : JSON.stringify(body);
  return {
    ...(name === undefined ? {} : { name }),
    httpStatusCode: status,
    headers: {
      ...headers,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    },
    ...(body === undefined ? {} : { content: body }),
    contentLength: Buffer.byteLength(text),
  };
}

async function envelopeOf(
  { dispatch, log }: BatchOptions,
  { caller, origin }: Context,
  request: BatchedRequest,
  isFull: boolean,
): Promise<Omit<Envelope, 'body'> & { readonly body?: unknown }> {
  try {
    if (isFull) throw new DomainError('too-large', 'The answers before this one have filled the batch.');
    const url = urlOf(request, origin);
    const [first, second] = readRequestTarget(url).segments;
    if (first?.toLowerCase() === 'batch' && second === undefined) throw invalid('a batch is in no batch');
    const { httpMethod: method, content: body } = request;
    return await dispatch({ caller, method, url, origin, ...(body === undefined ? {} : { body }) });
  } catch (error) {
    if (error instanceof DomainError) return armEnvelope(error);
    log.error({ err: error }, 'a request of a batch failed');
    return unexpectedEnvelope;
  }
}

/** Path and query as they stand; an address of another place is not ours to answer. */
function urlOf({ relativeUrl, url }: BatchedRequest, origin: string): string {
  const sent = relativeUrl ?? url ?? '';
  const own = sent.toLowerCase().startsWith(`${origin.toLowerCase()}/`);
  const path = own ? sent.slice(origin.length) : sent;
  if (path.startsWith('/')) return path;
  throw invalid('the address of a request is a path of this resource manager');
}

function invalid(reason: string): ArmError {
  return new ArmError('malformed', 'InvalidBatchRequest', `The batch is not valid: ${reason}.`);
}
