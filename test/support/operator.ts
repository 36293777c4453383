import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { ServerFile } from '../../src/contract/ready-file.ts';
import type { BrowserTransport } from './browser.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers of every shape
  readonly json: () => any;
}

export interface Call {
  readonly host: string;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Calls surfaces by name over the server's one listener, as the operator where a method says so. */
export class Operator implements Disposable {
  readonly ready: ServerFile;
  readonly port: number;
  readonly ca: string;
  readonly #agent: https.Agent;
  readonly #tokens = new Map<string, string>();

  constructor(ready: ServerFile) {
    this.ready = ready;
    this.port = ready.connect.port;
    this.ca = readFileSync(ready.caFile, 'utf8');
    this.#agent = new https.Agent({ keepAlive: true, ca: this.ca });
  }

  async call({ host, method = 'GET', path, headers = {}, body }: Call): Promise<Reply> {
    return await new Promise((resolve, reject) => {
      const request = https.request(
        {
          host: '127.0.0.1',
          port: this.port,
          servername: host,
          agent: this.#agent,
          method,
          path,
          headers: {
            host,
            ...headers,
            ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part) => (text += part));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: text,
              json: () => JSON.parse(text),
            }),
          );
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  /** A token of the operator's for a resource, such as `https://vault.azure.net`; kept for the life of this object. */
  async token(resource: string): Promise<string> {
    const known = this.#tokens.get(resource);
    if (known !== undefined) return known;
    const { clientId, clientSecret } = this.ready.operator;
    const reply = await this.call({
      host: new URL(this.ready.endpoints.login).host,
      method: 'POST',
      path: `/${this.ready.tenantId}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${resource}/.default`,
      }).toString(),
    });
    if (reply.status !== 200) throw new Error(`no token for ${resource}: ${reply.body}`);
    const token = reply.json().access_token as string;
    this.#tokens.set(resource, token);
    return token;
  }

  /** A call to the resource manager; without `expect`, any answer below 300 is right. */
  async arm(method: string, path: string, body?: unknown): Promise<Reply> {
    const reply = await this.call({
      host: new URL(this.ready.endpoints.management).host,
      method,
      path,
      headers: {
        authorization: `Bearer ${await this.token(this.ready.endpoints.management)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`);
    return reply;
  }

  /** A call to a vault's data plane, as the operator unless a token is given. */
  async vault(name: string, method: string, path: string, body?: unknown, token?: string): Promise<Reply> {
    return await this.call({
      host: `${name}.${this.ready.endpoints.vaultSuffix}`,
      method,
      path,
      headers: {
        authorization: `Bearer ${token ?? (await this.token(`https://${this.ready.endpoints.vaultSuffix}`))}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  group(name: string): string {
    return `/subscriptions/${this.ready.subscriptionId}/resourceGroups/${name}`;
  }

  async createGroup(name: string): Promise<string> {
    await this.arm('PUT', `${this.group(name)}?api-version=2022-09-01`, { location: 'westeurope' });
    return this.group(name);
  }

  /** A virtual machine with its own identity. */
  async createMachine(group: string, name: string): Promise<{ id: string; principalId: string }> {
    const id = `${group}/providers/Microsoft.Compute/virtualMachines/${name}`;
    const reply = await this.arm('PUT', `${id}?api-version=2024-07-01`, {
      location: 'westeurope',
      identity: { type: 'SystemAssigned' },
      properties: {},
    });
    return { id, principalId: reply.json().identity.principalId };
  }

  async deleteMachine(id: string): Promise<Reply> {
    return await this.arm('DELETE', `${id}?api-version=2024-07-01`);
  }

  async createVault(group: string, name: string): Promise<string> {
    const id = `${group}/providers/Microsoft.KeyVault/vaults/${name}`;
    await this.arm('PUT', `${id}?api-version=2023-07-01`, {
      location: 'westeurope',
      properties: {
        tenantId: this.ready.tenantId,
        sku: { family: 'A', name: 'standard' },
        enableRbacAuthorization: true,
      },
    });
    return id;
  }

  /** Gives a role; returns the assignment's id. */
  async assign(
    scope: string,
    roleId: string,
    principalId: string,
    principalType: 'ServicePrincipal' | 'Group' = 'ServicePrincipal',
  ): Promise<string> {
    const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`;
    await this.arm('PUT', `${id}?api-version=2022-04-01`, {
      properties: {
        roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
        principalId,
        principalType,
      },
    });
    return id;
  }

  async joinToken(resourceId: string): Promise<string> {
    const path = `${resourceId}/providers/Innate.Machines/issueJoinToken?api-version=2026-11-01`;
    return (await this.arm('POST', path)).json().joinToken;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

export const roles = {
  secretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6',
} as const;

/** How a browser reaches the sign-in pages of a deployment by name. */
export function toLogin(operator: Operator, host: string): BrowserTransport {
  return async (request) => {
    const { status, headers, body } = await operator.call({ host, ...request });
    const found = new Headers();
    for (const [name, value] of Object.entries(headers)) {
      for (const one of [value].flat()) if (one !== undefined) found.append(name, one);
    }
    return { status, headers: found, text: body };
  };
}
