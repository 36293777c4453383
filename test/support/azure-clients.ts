import assert from 'node:assert/strict';
import type { ResourceManagementClientOptionalParams } from '@azure/arm-resources';
import type { TestManagement, TestPrincipal } from './management.ts';

type Policies = NonNullable<ResourceManagementClientOptionalParams['additionalPolicies']>;

/** What is seen of a request on its way to the server under test. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/**
 * Options under which a client of Azure's sends what it would send to Azure to the server under test; everything else
 * is the client's own.
 */
export function azureClientOptions(m: TestManagement, seen: SeenRequest[] = []) {
  const additionalPolicies: Policies = [
    {
      position: 'perRetry',
      policy: {
        name: 'redirect',
        async sendRequest(request, next) {
          const url = new URL(request.url);
          assert.equal(url.origin, 'https://management.azure.com');
          const path = request.url.slice(url.origin.length);
          const asked = request.url;
          request.headers.set('host', url.host);
          request.url = `http://127.0.0.1:${m.port}${path}`;
          request.allowInsecureConnection = true;
          const response = await next(request);
          // pollers ask the address again that they asked before
          request.url = asked;
          seen.push({ method: request.method, path, status: response.status });
          return response;
        },
      },
    },
  ];
  return { additionalPolicies, retryOptions: { maxRetries: 0 } };
}

/** A credential whose tokens are those of a principal of the server under test. */
export function azureCredential({ token }: Pick<TestPrincipal, 'token'>) {
  return { getToken: async () => ({ token, expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) };
}

/** All items of a list, over all its pages. */
export async function collect<Item>(pages: AsyncIterable<Item>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of pages) items.push(item);
  return items;
}
