import { azureProfile, type CloudProfile, ownProfile } from '../contract/cloud-profile.ts';
import { refuseHost } from './surfaces.ts';

/** What `innate up` was asked for, as typed on the command line. */
export interface ServerOptions {
  readonly data: string;
  /** `HOST:PORT`, port 0 for any free one; absent: 127.0.0.1:8443, or a free port where that one is taken. */
  readonly listen?: string;
  /** `postgres://…`; absent: SQLite in the data folder. */
  readonly database?: string;
  readonly profile?: string;
  readonly domain?: string;
  /** A file that holds the key-encryption key; absent: one in the data folder, made on first start. */
  readonly keyFile?: string;
  /** The key-encryption key itself, from the environment. */
  readonly keyText?: string;
  /** Seconds that applications' client assertions may live; absent: as long as they say. */
  readonly assertionLifetime?: string;
}

/** The same, understood. */
export interface ServerConfig {
  readonly dataFolder: string;
  readonly listen: { readonly host: string; readonly port: number; readonly orAnyFree: boolean };
  readonly databaseUrl: string | undefined;
  readonly profile: CloudProfile;
  /** Absent: the one in the data folder. */
  readonly keyEncryptionKey: { readonly file: string } | { readonly text: string } | undefined;
  /** Seconds. */
  readonly assertionLifetime: number | undefined;
}

/** An option that makes no sense: one sentence that names it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const preferredPort = 8443;

/** @throws ConfigError */
export function serverConfig(options: ServerOptions): ServerConfig {
  if (options.keyFile !== undefined && options.keyText !== undefined) {
    throw new ConfigError(
      'give the key-encryption key by --key-file or by INNATE_KEY_ENCRYPTION_KEY, not by both',
    );
  }
  if (options.data === '') throw new ConfigError('--data takes the path of a folder, and got an empty text');
  if (options.database !== undefined && !/^postgres(ql)?:\/\//.test(options.database)) {
    throw new ConfigError(
      '--database takes a postgres:// URL; without it, SQLite in the data folder is used',
    );
  }
  const profile = parseProfile(options.profile ?? 'azure', options.domain);
  const listen = parseListen(options.listen);
  // before anything is made
  const refusal = refuseHost(profile, listen.host);
  if (refusal !== undefined) throw new ConfigError(refusal);
  return {
    dataFolder: options.data,
    listen,
    databaseUrl: options.database,
    profile,
    keyEncryptionKey: keySource(options),
    assertionLifetime: parseLifetime(options.assertionLifetime),
  };
}

function parseLifetime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds < 60 || seconds > 86_400) {
    throw new ConfigError(`--assertion-lifetime takes seconds from 60 to 86400, not '${text}'`);
  }
  return seconds;
}

function keySource({ keyFile, keyText }: ServerOptions): ServerConfig['keyEncryptionKey'] {
  if (keyFile !== undefined) return { file: keyFile };
  return keyText === undefined ? undefined : { text: keyText };
}

function parseListen(text: string | undefined): ServerConfig['listen'] {
  if (text === undefined) return { host: '127.0.0.1', port: preferredPort, orAnyFree: true };
  const match = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ConfigError(`--listen takes HOST:PORT, such as 127.0.0.1:8443 or [::1]:0, not '${text}'`);
  }
  return { host: (match[1] ?? match[2]) as string, port, orAnyFree: false };
}

function parseProfile(kind: string, domain: string | undefined): CloudProfile {
  switch (kind) {
    case 'azure':
      if (domain !== undefined) throw new ConfigError('--domain goes with --profile own');
      return azureProfile;
    case 'own': {
      if (domain === undefined)
        throw new ConfigError('--profile own needs --domain, the domain that Innate serves under');
      const name = domain.toLowerCase();
      if (
        !/^(?=.{1,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)
      ) {
        throw new ConfigError(`--domain takes a domain name, such as id.example.com, not '${domain}'`);
      }
      if (name.includes('token')) {
        // MSAL Go derives the device-code address by replacing every 'token' in the token endpoint's
        throw new ConfigError(
          "--domain must not contain the word 'token': some sign-in libraries rewrite it",
        );
      }
      return ownProfile(name);
    }
    default:
      throw new ConfigError(`--profile takes 'azure' or 'own', not '${kind}'`);
  }
}
