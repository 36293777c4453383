import { request } from 'node:http';
import type { Endpoint } from '../../src/agent/agent.ts';

export interface MetadataAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export const tokenPath = '/metadata/identity/oauth2/token';

/** A request to an endpoint as a program sends it; headers may be replaced or taken away with `undefined`. */
export async function ask(
  endpoint: Pick<Endpoint, 'origin' | 'address'>,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string | undefined> } = {},
): Promise<MetadataAnswer> {
  const given = Object.entries({ Metadata: 'true', Host: new URL(endpoint.origin).host, ...options.headers });
  const headers = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  const place = endpoint.address.startsWith('/')
    ? { socketPath: endpoint.address }
    : { host: new URL(endpoint.origin).hostname, port: new URL(endpoint.origin).port };
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      { ...place, method: options.method ?? 'GET', path, headers, setHost: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const json = incoming.headers['content-type']?.startsWith('application/json') === true;
          const body = json && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {};
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, body });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Asks for a token as SDKs do. */
export async function askToken(
  endpoint: Pick<Endpoint, 'origin' | 'address'>,
  parameters: Record<string, string> = {},
): Promise<MetadataAnswer> {
  const query = new URLSearchParams({
    'api-version': '2018-02-01',
    resource: 'https://vault.azure.net',
    ...parameters,
  });
  return await ask(endpoint, `${tokenPath}?${query}`);
}

export function claimsOf(token: unknown): Record<string, unknown> {
  const payload = String(token).split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
}
