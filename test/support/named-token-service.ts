import { writeFile } from 'node:fs/promises';
import { startInstanceAnswerer } from '../../src/agent/isolation/instance-answerer.ts';
import { startNameProxy } from '../../src/agent/isolation/name-proxy.ts';
import {
  azureProfile,
  type CloudProfile,
  certificateNames,
  instanceDiscoveryName,
} from '../../src/contract/cloud-profile.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { createAuthority, issueLeaf } from '../../src/server/certificate-authority.ts';
import { makeNamedCertificate } from '../../src/server/instance-certificate.ts';
import { listen } from '../../src/server/surfaces.ts';
import { domestic } from './demo-world.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { type TestTokenService, testTokenService } from './token-service.ts';
import { openTunnel } from './tunnel.ts';

/**
 * A token service under Azure's own names or those of a domain, as programs of Azure's reach it: by a proxy, and an
 * authority to trust. Under names of its own, programs are told where to sign in, and for what.
 */
export interface NamedTokenService extends AsyncDisposable {
  readonly service: TestTokenService;
  /** All that a program is told. */
  readonly environment: Readonly<Record<string, string>>;
  /** Path of a file of the program's. */
  file(name: string): string;
}

export async function namedTokenService(profile: CloudProfile = azureProfile): Promise<NamedTokenService> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const service = stack.use(await testTokenService({ profile }));
  service.clock.set(systemClock.now());
  const names = certificateNames(profile);
  const authority = await createAuthority(names, systemClock);
  const { login, certificateLogin } = service;
  const surfaces = stack.use(
    await listen(
      {
        profile,
        tls: await issueLeaf(authority, names, systemClock),
        apps: {
          login,
          'certificate-login': certificateLogin,
          management: login,
          graph: login,
          agents: login,
          vault: login,
          identity: login,
        },
        log: silentLog,
      },
      { host: '127.0.0.1', port: 0 },
    ),
  );
  const own = profile.kind === 'azure' ? undefined : await aboutInstances(profile, stack);
  const proxy =
    own === undefined
      ? stack.use(await openTunnel(surfaces))
      : stack.use(await startNameProxy({ ...own, server: surfaces, environment: {}, log: silentLog }));
  const caFile = folder.file('authority.pem');
  await writeFile(caFile, `${authority.certificate}\n${own?.discovery.certificate ?? ''}`);
  const parts = stack.move();
  return {
    service,
    environment: {
      ...domestic(),
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: caFile,
      REQUESTS_CA_BUNDLE: caFile,
      SSL_CERT_FILE: caFile,
      ...(own === undefined
        ? {}
        : {
            AZURE_AUTHORITY_HOST: `https://${profile.login}`,
            TOKEN_SCOPE: `https://${profile.vaultSuffix}/.default`,
          }),
    },
    file: (name) => folder.file(name),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

async function aboutInstances(profile: CloudProfile, stack: AsyncDisposableStack) {
  const sources = { clock: systemClock, randomness: systemRandomness };
  const instanceCertificate = await makeNamedCertificate(instanceDiscoveryName, sources);
  return {
    profile,
    discovery: stack.use(await startInstanceAnswerer({ profile, instanceCertificate, log: silentLog })),
  };
}
