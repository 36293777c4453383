import assert from 'node:assert/strict';
import https from 'node:https';
import type { ManagedIdentityCredentials } from '../../src/contract/identity-service.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { requestWithCertificate } from './certificate-request.ts';
import type { TestDeployment } from './deployment.ts';
import { type ClientKey, makeClientKey } from './token-service.ts';

export const providerRole = '5c0a7e1d-2b84-4f6e-8d39-71c6b0a9f254';
const serviceAudience = 'https://identity.azure.net';

export interface ProviderReply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers of every shape
  readonly body: any;
}

export interface ProviderAsk {
  readonly method?: string;
  readonly body?: object;
  /** The provider's own key, none, or another one. */
  readonly as?: ClientKey | 'none';
  /** Its own token, none, or another one. */
  readonly token?: string;
  readonly version?: string;
}

/** An application with a certificate that asks for the credentials of identities. */
export interface TestProvider {
  readonly clientId: string;
  readonly principalId: string;
  readonly key: ClientKey;
  /** A token for the identity service, by its certificate; bound to it where told. */
  token(bound?: boolean): Promise<string>;
  ask(url: string, ask?: ProviderAsk): Promise<ProviderReply>;
  /** What it is given; the test fails where it is refused. */
  given(url: string, body?: object): Promise<ManagedIdentityCredentials>;
  assign(scope: string): Promise<string>;
}

export async function testProvider(deployment: TestDeployment, name = 'provider'): Promise<TestProvider> {
  const { server, connect } = deployment;
  const { operator } = server;
  const key = await makeClientKey();
  const graph = await graphOf(deployment);
  const application = await graph('POST', '/applications', { displayName: name });
  const clientId = String(application['appId']);
  const principalId = String((await graph('POST', '/servicePrincipals', { appId: clientId }))['id']);
  await graph('PATCH', `/applications/${application['id']}`, {
    keyCredentials: [
      { type: 'AsymmetricX509Cert', usage: 'Verify', key: key.certificate.raw.toString('base64') },
    ],
  });
  const as = identityOf(key);
  const token: TestProvider['token'] = async (bound = false) => {
    const url = `https://mtlsauth.microsoft.com/${operator.tenantId}/oauth2/v2.0/token`;
    const { body } = await requestWithCertificate(connect, url, {
      as,
      form: {
        ...{ grant_type: 'client_credentials', client_id: clientId, scope: `${serviceAudience}/.default` },
        ...(bound ? { token_type: 'mtls_pop' } : {}),
      },
    });
    assert.ok(body['access_token'], JSON.stringify(body));
    return String(body['access_token']);
  };
  let own: string | undefined;
  const ask: TestProvider['ask'] = async (url, options = {}) => {
    const { method = options.body === undefined ? 'GET' : 'POST', body, version = '2024-01-01' } = options;
    own ??= await token();
    const shown = options.token ?? own;
    const asked = new URL(url);
    if (version !== '') asked.searchParams.set('api-version', version);
    return await requestWithCertificate(connect, asked.href, {
      as: options.as === 'none' ? undefined : options.as === undefined ? as : identityOf(options.as),
      method,
      headers: {
        ...(shown === '' ? {} : { authorization: `Bearer ${shown}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  return {
    clientId,
    principalId,
    key,
    token,
    ask,
    async given(url, body) {
      const reply = await ask(url, body === undefined ? {} : { body });
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      return reply.body;
    },
    async assign(scope) {
      const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${systemRandomness.uuid()}`;
      await deployment.arm('PUT', `${id}?api-version=2022-04-01`, {
        properties: {
          roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${providerRole}`,
          ...{ principalId, principalType: 'ServicePrincipal' },
        },
      });
      return id;
    },
  };
}

const identityOf = ({ privateKey, certificate }: ClientKey) => ({
  privateKey,
  certificate: certificate.toString(),
});

/** Requests to Graph as the operator. */
export async function graphOf({ server, connect }: TestDeployment) {
  const { operator } = server;
  const url = `https://login.microsoftonline.com/${operator.tenantId}/oauth2/v2.0/token`;
  const { body: given } = await requestWithCertificate(connect, url, {
    form: {
      ...{ grant_type: 'client_credentials', client_id: operator.clientId },
      ...{ client_secret: operator.clientSecret, scope: 'https://graph.microsoft.com/.default' },
    },
  });
  return async (method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>> => {
    const reply = await requestWithCertificate(connect, `https://graph.microsoft.com/v1.0${path}`, {
      method,
      headers: { authorization: `Bearer ${given['access_token']}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
}

/** Signs in over a connection with a PKCS #12 as it was answered: a token's claims, or the refusal. */
export async function signInWith(
  { connect, server }: TestDeployment,
  { client_id, client_secret }: { readonly client_id?: string; readonly client_secret?: string },
): Promise<Readonly<Record<string, unknown>>> {
  const form = new URLSearchParams({
    ...{ grant_type: 'client_credentials', client_id: client_id ?? '' },
    scope: 'https://vault.azure.net/.default',
  });
  const host = 'mtlsauth.microsoft.com';
  const text = await new Promise<string>((resolve, reject) => {
    const request = https.request(
      {
        ...{ host: '127.0.0.1', port: connect.port, ca: connect.ca, servername: host, agent: false },
        ...{ method: 'POST', path: `/${server.operator.tenantId}/oauth2/v2.0/token` },
        headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
        pfx: Buffer.from(client_secret ?? '', 'base64'),
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part) => (body += part));
        response.on('end', () => resolve(body));
      },
    );
    request.on('error', reject);
    request.end(form.toString());
  });
  const answer = JSON.parse(text) as Record<string, unknown>;
  const [, payload] = String(answer['access_token'] ?? '').split('.');
  return payload === undefined ? answer : JSON.parse(Buffer.from(payload, 'base64url').toString());
}
