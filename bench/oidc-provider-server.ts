import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import Provider, { type Adapter, type AdapterPayload } from 'oidc-provider';

/**
 * `oidc-provider` with the same work to do as Innate's token endpoint: client_credentials with private_key_jwt, an
 * assertion that is remembered durably, a JWT access token signed with RS256. Reads its settings from standard input, tells its port on standard output, and ends
 * with its input.
 */
interface Settings {
  readonly issuer: string;
  readonly resource: string;
  readonly clientId: string;
  /** JWK of the client's public key. */
  readonly clientKey: Readonly<Record<string, unknown>>;
  /** JWK of the key that signs tokens. */
  readonly signingKey: Readonly<Record<string, unknown>>;
  readonly certificate: string;
  readonly privateKey: string;
}

const [line] = await once(createInterface(process.stdin), 'line');
const settings = JSON.parse(line) as Settings;
const folder = mkdtempSync(path.join(os.tmpdir(), 'innate-bench-'));
const database = new DatabaseSync(path.join(folder, 'peer.db'));
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
database.exec('create table objects (id text primary key, payload text not null) without rowid');
const upsert = database.prepare('insert or replace into objects (id, payload) values (?, ?)');
const find = database.prepare('select payload from objects where id = ?');

/** Its storage, as its documentation asks for one: what it keeps is on the disk when it goes on. */
class DurableAdapter implements Adapter {
  readonly #model: string;

  constructor(model: string) {
    this.#model = model;
  }

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    upsert.run(`${this.#model}:${id}`, JSON.stringify(payload));
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const row = find.get(`${this.#model}:${id}`);
    return row === undefined ? undefined : (JSON.parse(String(row['payload'])) as AdapterPayload);
  }

  async findByUserCode(): Promise<undefined> {}

  async findByUid(): Promise<undefined> {}

  async consume(): Promise<void> {}

  async destroy(): Promise<void> {}

  async revokeByGrantId(): Promise<void> {}
}

const provider = new Provider(settings.issuer, {
  adapter: DurableAdapter,
  clients: [
    {
      client_id: settings.clientId,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'RS256',
      jwks: { keys: [settings.clientKey] },
    },
  ],
  jwks: { keys: [settings.signingKey] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => settings.resource,
      getResourceServerInfo: () => ({
        scope: 'api',
        audience: settings.resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3600,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
});
const server = https.createServer(
  { cert: settings.certificate, key: settings.privateKey },
  provider.callback(),
);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.stdin.resume().on('end', () => {
  server.close();
  server.closeAllConnections();
  database.close();
  rmSync(folder, { recursive: true });
});
