import type { FastifyInstance } from 'fastify';
import type { ApplicationParts } from './applications/application-operations.ts';
import { GraphPermissions } from './graph-permissions.ts';
import { type PipelineParts, registerPipeline } from './pipeline.ts';
import { graphOperations } from './registry.ts';

/** Puts Microsoft Graph on its surface: every registered operation behind the one pipeline. */
export function registerGraph(
  app: FastifyInstance,
  parts: Omit<PipelineParts, 'permissions'> & ApplicationParts,
): void {
  const permissions = new GraphPermissions(parts.directory);
  registerPipeline(app, graphOperations(parts), { ...parts, permissions });
}
