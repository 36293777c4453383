import { z } from 'zod';

/** Requests that one batch takes; beyond the first number none may have a body (`spec/resource-manager.md` a.15). */
export const maxBatched = 500;
export const maxBatchedWithBodies = 20;

const batchedSchema = z.object({
  httpMethod: z
    .string()
    .max(16)
    .transform((word) => word.toUpperCase())
    .pipe(z.enum(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'POST'])),
  name: z.string().max(128).nullish(),
  /** Path and query; `url` may begin with the address of the resource manager. */
  relativeUrl: z.string().max(8192).nullish(),
  url: z.string().max(8192).nullish(),
  content: z.json().optional(),
});
export type BatchedRequest = z.infer<typeof batchedSchema>;

/** `POST /batch` */
export const batchSchema = z.object({ requests: z.array(batchedSchema).min(1).max(maxBatched) });

export interface BatchedResponse {
  readonly name?: string;
  readonly httpStatusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly content?: unknown;
  /** Octets of the content. */
  readonly contentLength: number;
}
