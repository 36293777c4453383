import { azureProfile, type CloudProfile, ownProfile } from '../contract/cloud-profile.ts';
import { defaultSignInRetention } from './audit/retention.ts';
import { AllowedHosts } from './outbound/destination.ts';
import { refuseHost } from './surfaces.ts';
import type { AssertionRules } from './tokens/client-assertion.ts';
import { defaultPeriods, type KeyPeriods } from './tokens/key-schedule.ts';

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
  /** `unix:PATH`; absent: this process holds the keys that sign tokens. */
  readonly signer?: string;
  /** The file of OpenID providers elsewhere by which people may sign in. */
  readonly upstream?: string;
  /** How long a key is announced before it signs, such as `48h`. */
  readonly keyPrepared?: string;
  /** How long a key signs at most. */
  readonly keyActive?: string;
  /** Seconds that applications' client assertions may live; absent: as long as they say. */
  readonly assertionLifetime?: string;
  /** Whether applications' client assertions are good once. */
  readonly assertionsOnce?: boolean;
  /** How long sign-ins are kept; absent: 30 days. */
  readonly keepSignIns?: string;
  /** Hosts in private networks whose keys of issuers may be fetched, with commas between; absent: none. */
  readonly allowIssuer?: string;
}

/** The same, understood. */
export interface ServerConfig {
  readonly dataFolder: string;
  readonly listen: { readonly host: string; readonly port: number; readonly orAnyFree: boolean };
  readonly databaseUrl: string | undefined;
  readonly profile: CloudProfile;
  /** Absent: the one in the data folder. */
  readonly keyEncryptionKey: { readonly file: string } | { readonly text: string } | undefined;
  /** The socket of the signer; absent: this process is the signer. */
  readonly signerSocket: string | undefined;
  readonly upstreamFile: string | undefined;
  readonly keyPeriods: KeyPeriods;
  readonly assertionRules: AssertionRules;
  /** Milliseconds. */
  readonly signInRetention: number;
  /** `HOST` or `HOST:PORT` */
  readonly allowedHosts: readonly string[];
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
    signerSocket: parseSigner(options.signer),
    upstreamFile: options.upstream,
    keyPeriods: parsePeriods(options),
    assertionRules: parseAssertionRules(options),
    signInRetention:
      options.keepSignIns === undefined
        ? defaultSignInRetention
        : parseDuration('--keep-sign-ins', options.keepSignIns),
    allowedHosts: parseHosts(options.allowIssuer),
  };
}

function parseSigner(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const match = /^unix:(.+)$/s.exec(text);
  if (match === null) {
    throw new ConfigError(`--signer takes unix:PATH, such as unix:/run/innate/signer.sock, not '${text}'`);
  }
  return match[1];
}

function parsePeriods({ keyPrepared, keyActive }: ServerOptions): KeyPeriods {
  const preparedFor =
    keyPrepared === undefined ? defaultPeriods.preparedFor : parseDuration('--key-prepared', keyPrepared);
  const activeFor =
    keyActive === undefined ? defaultPeriods.activeFor : parseDuration('--key-active', keyActive);
  if (activeFor < preparedFor) {
    throw new ConfigError(
      '--key-active must not be shorter than --key-prepared: while one key signs, the next is announced',
    );
  }
  return { ...defaultPeriods, preparedFor, activeFor };
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const longestDuration = 3650 * units.d;

function parseDuration(option: string, text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const duration = Number(match?.[1]) * units[(match?.[2] ?? 's') as keyof typeof units];
  if (match === null || duration <= 0 || duration > longestDuration) {
    throw new ConfigError(`${option} takes a duration, such as 90s, 30m, 48h or 30d, not '${text}'`);
  }
  return duration;
}

function parseAssertionRules({ assertionLifetime, assertionsOnce }: ServerOptions): AssertionRules {
  const once = assertionsOnce === true;
  return assertionLifetime === undefined ? { once } : { once, longestLife: parseLifetime(assertionLifetime) };
}

function parseLifetime(text: string): number {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds < 60 || seconds > 86_400) {
    throw new ConfigError(`--assertion-lifetime takes seconds from 60 to 86400, not '${text}'`);
  }
  return seconds;
}

function parseHosts(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const hosts = text.split(',').map((host) => host.trim());
  try {
    new AllowedHosts(hosts);
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError(`--allow-issuer: ${error.message}`);
    throw error;
  }
  return hosts;
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
