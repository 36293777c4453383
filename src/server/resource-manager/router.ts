import type { FastifyInstance, FastifyRequest } from 'fastify';
import { presentedCertificate } from '../http/presented-certificate.ts';
import { jsonTypes } from '../http/surface.ts';
import { contentOf, parseContent, requireSize } from './body.ts';
import { type Dispatch, dispatchOver } from './inner-request.ts';
import { type Admitted, admit, type PipelineOptions, perform } from './operation-pipeline.ts';
import { createOperationRegistry, type FurtherTypes, type OperationRegistry } from './operation-registry.ts';
import type { ResourceType } from './provider.ts';
import { quotaHeaders } from './quota-headers.ts';

export interface ResourceManagerOptions extends Omit<PipelineOptions, 'registry'> {
  /** All types that are served (`providers/registry.ts`). What they ask for in turn, they ask for by `dispatch`. */
  readonly types: (dispatch: Dispatch) => readonly ResourceType[];
  /** Types beside them, which are made when they are asked for. */
  readonly further?: (own: readonly ResourceType[]) => FurtherTypes;
}

/**
 * Registers the resource manager on the management surface's application: one route that takes every path, since ids
 * compare without case and extensions hang from any scope.
 *
 * @throws TypeError where an operation declares too little: the server does not start
 */
export function registerResourceManager(app: FastifyInstance, options: ResourceManagerOptions): void {
  const types = options.types(dispatchOver(() => pipeline));
  const pipeline: PipelineOptions = {
    ...options,
    registry: createOperationRegistry(types, options.further?.(types)),
  };
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  const admittedOf = (request: FastifyRequest): Admitted => {
    const ready = admitted.get(request);
    if (ready === undefined) throw new TypeError('the request was not admitted');
    return ready;
  };

  // what a body may be is the operation's to say
  app.removeContentTypeParser(jsonTypes);
  app.addContentTypeParser(jsonTypes, { parseAs: 'string' }, async (request: FastifyRequest, text: unknown) =>
    parseContent(contentOf(admittedOf(request).operation.operation), text as string),
  );

  app.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'POST'],
    url: '/*',
    bodyLimit: longestBody(pipeline.registry),
    // before the body is read: who may not ask makes nobody parse
    onRequest: async (request) => {
      const { method, headers, raw } = request;
      const certificate = () => presentedCertificate(request);
      const ready = await admit(pipeline, { method, url: raw.url ?? '', headers, certificate });
      requireSize(contentOf(ready.operation.operation), Number(headers['content-length'] ?? 0));
      admitted.set(request, ready);
    },
    handler: async (request, reply) => {
      const ready = admittedOf(request);
      const { status, headers, body } = await perform(pipeline, ready, request.body);
      const { operation, context } = ready;
      const quota = operation.openTo === 'anyone' ? {} : quotaHeaders(operation.operation.method, context);
      void reply.code(status).headers({ ...quota, ...headers });
      return body === undefined ? reply.send() : reply.send(body);
    },
  });
}

/** The framework has one bound for all; each operation's own is held to before and after the body is read. */
function longestBody({ operations }: OperationRegistry): number {
  return Math.max(1024 * 1024, ...operations.map(({ operation }) => operation.content?.maxOctets ?? 0));
}
