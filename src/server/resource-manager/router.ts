import type { FastifyInstance, FastifyRequest } from 'fastify';
import { presentedCertificate } from '../http/presented-certificate.ts';
import { type Dispatch, dispatchOver } from './inner-request.ts';
import { type Admitted, admit, type PipelineOptions, perform } from './operation-pipeline.ts';
import { createOperationRegistry } from './operation-registry.ts';
import type { ResourceType } from './provider.ts';

export interface ResourceManagerOptions extends Omit<PipelineOptions, 'registry'> {
  /** All types that are served (`providers/registry.ts`). What they ask for in turn, they ask for by `dispatch`. */
  readonly types: (dispatch: Dispatch) => readonly ResourceType[];
}

/**
 * Registers the resource manager on the management surface's application: one route that takes every path, since ids
 * compare without case and extensions hang from any scope.
 *
 * @throws TypeError where an operation declares too little: the server does not start
 */
export function registerResourceManager(app: FastifyInstance, options: ResourceManagerOptions): void {
  const types = options.types(dispatchOver(() => pipeline));
  const pipeline: PipelineOptions = { ...options, registry: createOperationRegistry(types) };
  const admitted = new WeakMap<FastifyRequest, Admitted>();

  app.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'POST'],
    url: '/*',
    // before the body is read: who may not ask makes nobody parse
    onRequest: async (request) => {
      const { method, headers, raw } = request;
      const certificate = () => presentedCertificate(request);
      admitted.set(request, await admit(pipeline, { method, url: raw.url ?? '', headers, certificate }));
    },
    handler: async (request, reply) => {
      const ready = admitted.get(request);
      if (ready === undefined) throw new TypeError('the request was not admitted');
      const { status, headers, body } = await perform(pipeline, ready, request.body);
      void reply.code(status).headers(headers ?? {});
      return body === undefined ? reply.send() : reply.send(body);
    },
  });
}
