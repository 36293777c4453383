import { writeFile } from 'node:fs/promises';
import { azureProfile, certificateNames } from '../../src/contract/cloud-profile.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createAuthority, issueLeaf } from '../../src/server/certificate-authority.ts';
import { listen } from '../../src/server/surfaces.ts';
import { domestic } from './demo-world.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { type TestTokenService, testTokenService } from './token-service.ts';
import { openTunnel } from './tunnel.ts';

/** A token service under Azure's own names, as programs of Azure's reach it: by a proxy, and an authority to trust. */
export interface NamedTokenService extends AsyncDisposable {
  readonly service: TestTokenService;
  /** All that a program is told. */
  readonly environment: Readonly<Record<string, string>>;
  /** Path of a file of the program's. */
  file(name: string): string;
}

export async function namedTokenService(): Promise<NamedTokenService> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const service = stack.use(await testTokenService());
  service.clock.set(systemClock.now());
  const names = certificateNames(azureProfile);
  const authority = await createAuthority(names, systemClock);
  const { login, certificateLogin } = service;
  const surfaces = stack.use(
    await listen(
      {
        profile: azureProfile,
        tls: await issueLeaf(authority, names, systemClock),
        apps: {
          login,
          'certificate-login': certificateLogin,
          management: login,
          graph: login,
          agents: login,
          vault: login,
        },
        log: silentLog,
      },
      { host: '127.0.0.1', port: 0 },
    ),
  );
  const tunnel = stack.use(await openTunnel(surfaces));
  const caFile = folder.file('authority.pem');
  await writeFile(caFile, authority.certificate);
  const parts = stack.move();
  return {
    service,
    environment: {
      ...domestic(),
      HTTPS_PROXY: `${tunnel.host}:${tunnel.port}`,
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: caFile,
      REQUESTS_CA_BUNDLE: caFile,
      SSL_CERT_FILE: caFile,
    },
    file: (name) => folder.file(name),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
