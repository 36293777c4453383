import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { javaTrustStore } from '../agent/isolation/java-trust-store.ts';
import { bundleDigest, trustBundles } from '../agent/isolation/trust-bundle.ts';
import type { OpenedEndpoint } from '../contract/control-socket.ts';
import type { Environment } from '../foundation/environment.ts';
import type { Deployment } from './deployment.ts';

export interface BundleFiles {
  readonly wholeBundle: string;
  readonly extraBundle: string;
  readonly javaTrustStore: string;
}

/** PEM of all that a program of an endpoint trusts of the deployment. */
export function trustedBy(
  { discoveryCertificate }: OpenedEndpoint,
  { authority }: Pick<Deployment, 'authority'>,
): string {
  return discoveryCertificate === null ? authority : `${authority.trim()}\n${discoveryCertificate.trim()}\n`;
}

const maxBundle = 8 * 1024 * 1024;

/**
 * The trust bundles for programs of this user, as files in the data folder. A file is named after its content, so it is
 * written once and never changes under a program that reads it.
 */
export function writeBundles(
  { dataFolder, authority }: Pick<Deployment, 'dataFolder' | 'authority'>,
  environment: Environment,
): BundleFiles {
  const { whole, extra } = trustBundles(authority, environment, (file) => read(file)?.toString('utf8'));
  const folder = path.join(dataFolder, 'trust');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (kind: string, extension: string, content: string | Buffer): string => {
    const file = path.join(folder, `${kind}-${bundleDigest(content)}.${extension}`);
    if (!read(file)?.equals(Buffer.from(content))) {
      const temporary = `${file}.${process.pid}`;
      writeFileSync(temporary, content, { mode: 0o644 });
      renameSync(temporary, file);
    }
    return file;
  };
  return {
    wholeBundle: write('whole', 'pem', whole),
    extraBundle: write('extra', 'pem', extra),
    javaTrustStore: write('whole', 'p12', javaTrustStore(whole)),
  };
}

function read(file: string): Buffer | undefined {
  try {
    const { size } = statSync(file);
    return size > maxBundle ? undefined : readFileSync(file);
  } catch {
    return undefined;
  }
}
