import { ApiError } from './agents-client.ts';
import type { Transport } from './https.ts';
import { JsonReader } from './json-reader.ts';

export interface KeyVaultOptions {
  readonly transport: Transport;
  /** Host name of the vault. */
  readonly vault: string;
  /** A bearer token for vaults. */
  readonly token: () => Promise<string>;
}

/** The secrets of one vault (`spec/targets.md` 1.9). Calls throw `Unreachable`, `ApiError` or `UnexpectedAnswer`. */
export interface KeyVaultClient {
  /** The current value; `undefined` where there is no such secret. */
  getSecret(name: string): Promise<string | undefined>;
  setSecret(name: string, value: string): Promise<void>;
}

const apiVersion = '7.5';

export function createKeyVaultClient({ transport, vault, token }: KeyVaultOptions): KeyVaultClient {
  const send = async (method: 'GET' | 'PUT', name: string, content?: unknown) => {
    const headers: Record<string, string> = { authorization: `Bearer ${await token()}` };
    const path = `/secrets/${encodeURIComponent(name)}?api-version=${apiVersion}`;
    if (content === undefined) return await transport.request({ name: vault, method, path, headers });
    headers['content-type'] = 'application/json';
    return await transport.request({ name: vault, method, path, headers, body: JSON.stringify(content) });
  };

  return {
    async getSecret(name) {
      const { status, body } = await send('GET', name);
      const answer = JsonReader.parse(body, 'the answer of the vault');
      if (status === 200) return answer.string('value');
      const error = answer.object('error');
      if (status === 404 && error.string('code') === 'SecretNotFound') return undefined;
      throw new ApiError(status, error.string('code'), error.string('message'));
    },

    async setSecret(name, value) {
      const { status, body } = await send('PUT', name, { value });
      if (status === 200) return;
      const error = JsonReader.parse(body, 'the answer of the vault').object('error');
      throw new ApiError(status, error.string('code'), error.string('message'));
    },
  };
}
