import { z } from 'zod';

/** JSON batching of Graph's (`spec/token-service-and-directory.md` h.2): several requests in one body. */

const id = z.string().min(1).max(64);

export const batchedRequest = z.object({
  id,
  method: z.string().max(16).toUpperCase(),
  /** Behind the version: `/users?$top=5`. */
  url: z.string().max(8192),
  headers: z.record(z.string().max(128), z.string().max(8192)).optional(),
  body: z.unknown().optional(),
  /** Requests that have to have succeeded before. */
  dependsOn: z.array(id).max(20).nullish(),
});
export type BatchedRequest = z.infer<typeof batchedRequest>;

export const batchBody = z.object({ requests: z.array(batchedRequest).min(1).max(20) });

export interface BatchedResponse {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
