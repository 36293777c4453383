import { type KeyObject, randomUUID, sign } from 'node:crypto';
import { promisify } from 'node:util';

const signInPool = promisify(sign);

/** A client that proves itself by assertions, and what it asks for. */
export interface AssertingClient {
  /** Host name and path of the token endpoint. */
  readonly host: string;
  readonly path: string;
  readonly clientId: string;
  readonly key: KeyObject;
  /** The header's member that names the key. */
  readonly keyName: Readonly<Record<string, string>>;
  readonly audience: string;
  /** What the form asks for beside. */
  readonly form: Readonly<Record<string, string>>;
}

/** Token requests as they go on the wire, each with an assertion of its own: one that comes again is refused. */
export async function assertedRequests(client: AssertingClient, count: number): Promise<readonly string[]> {
  return await Promise.all(Array.from({ length: count }, () => assertedRequest(client)));
}

async function assertedRequest(client: AssertingClient): Promise<string> {
  return tokenRequest(client, {
    ...client.form,
    client_id: client.clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await assertion(client),
  });
}

/** A client-credentials request as it goes on the wire. */
export function tokenRequest(
  { host, path }: { readonly host: string; readonly path: string },
  form: Readonly<Record<string, string>>,
): string {
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...form }).toString();
  return [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

async function assertion({ clientId, key, keyName, audience }: AssertingClient): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = { alg: 'RS256', typ: 'JWT', ...keyName };
  const claims = {
    aud: audience,
    iss: clientId,
    sub: clientId,
    jti: randomUUID(),
    iat: now - 5,
    nbf: now - 5,
    exp: now + 590,
  };
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${(await signInPool('sha256', Buffer.from(input), key)).toString('base64url')}`;
}
