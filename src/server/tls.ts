import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import {
  type AuthorityFiles,
  authorityServes,
  createAuthority,
  issueLeaf,
  leafServes,
  type TlsIdentity,
} from './certificate-authority.ts';
import type { DataFolder } from './storage/data-folder.ts';
import { isSystemError, readSecretFile, replaceFile } from './storage/durable-file.ts';

export interface Tls {
  /** Certificate of the local authority, PEM: what clients trust. */
  readonly caFile: string;
  readonly ca: string;
  readonly identity: TlsIdentity;
}

const publicFile = 0o644;

/**
 * The TLS identity of the listener, kept in `ca/` of the data folder: the authority is made once, the leaf is issued
 * anew when it ages or names are missing. A profile with other names gets another authority, since the first is
 * constrained to its own.
 */
export async function openTls(folder: DataFolder, names: readonly string[], clock: Clock): Promise<Tls> {
  await mkdir(folder.file('ca'), { recursive: true, mode: 0o700 });
  const file = (name: string) => path.join(folder.file('ca'), name);
  const caFile = file('ca.pem');

  let authority = await readPair(caFile, file('ca-key.pem'));
  if (authority === undefined || !authorityServes(authority, names, clock)) {
    authority = await createAuthority(names, clock);
    // the key first: a certificate without its key would be trusted and never replaced
    await replaceFile(file('ca-key.pem'), authority.privateKey);
    await replaceFile(caFile, authority.certificate, publicFile);
  }

  const kept = await readPair(file('server.pem'), file('server-key.pem'));
  let identity = kept && { certificateChain: kept.certificate, privateKey: kept.privateKey };
  if (identity === undefined || !leafServes(identity, authority, names, clock)) {
    identity = await issueLeaf(authority, names, clock);
    await replaceFile(file('server-key.pem'), identity.privateKey);
    await replaceFile(file('server.pem'), identity.certificateChain, publicFile);
  }
  return { caFile, ca: authority.certificate, identity };
}

async function readPair(certificateFile: string, keyFile: string): Promise<AuthorityFiles | undefined> {
  const privateKey = await readSecretFile(keyFile);
  if (privateKey === undefined) return undefined;
  try {
    return { certificate: await readFile(certificateFile, 'utf8'), privateKey };
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
