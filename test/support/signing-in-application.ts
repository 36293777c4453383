import { writeFile } from 'node:fs/promises';
import type { CloudProfile } from '../../src/contract/cloud-profile.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { insertClientCertificate } from '../../src/server/directory/client-certificate-store.ts';
import { programOutcomes } from './demo-world.ts';
import { testIssuer } from './issuer.ts';
import { type NamedTokenService, namedTokenService } from './named-token-service.ts';
import { makeClientKey, pemOf } from './token-service.ts';

/** An application with a secret, a certificate and a federated credential, and the environment of a program that signs in as it. */
export interface SigningInApplication extends AsyncDisposable {
  readonly named: NamedTokenService;
  readonly principalId: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What a program prints that signs in as the application: what became of each way, as JSON. */
  outcomesOf(command: readonly string[], environment?: Readonly<Record<string, string>>): Promise<unknown>;
}

export async function signingInApplication(profile?: CloudProfile): Promise<SigningInApplication> {
  await using stack = new AsyncDisposableStack();
  const named = stack.use(await namedTokenService(profile));
  const { service } = named;
  const tenantId = await service.tenant();
  const { clientId, principalId, secret } = await service.application(tenantId);
  const key = await makeClientKey();
  await service.database.transaction((transaction) =>
    insertClientCertificate(transaction, {
      tenantId,
      clientId,
      keyId: systemRandomness.uuid(),
      certificate: key.certificate.raw,
      at: service.clock.now(),
    }),
  );
  await writeFile(named.file('client.pem'), pemOf(key));
  await writeFile(named.file('other.pem'), pemOf(await makeClientKey()));
  const issuer = stack.use(await testIssuer({ database: service.database }));
  const subject = 'system:serviceaccount:orders:api';
  await issuer.trust(
    { tenantId, clientId, principalId },
    { subject, innateTrust: { keys: issuer.keys.map(({ jwk }) => jwk) } },
  );
  const now = Math.floor(service.clock.now() / 1000);
  await writeFile(named.file('projected'), await issuer.sign({ sub: subject, iat: now, exp: now + 3600 }));
  await writeFile(named.file('others'), await issuer.sign({ sub: 'other', iat: now, exp: now + 3600 }));
  const environment = {
    ...named.environment,
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: secret,
    AZURE_CLIENT_CERTIFICATE_PATH: named.file('client.pem'),
    OTHER_CERTIFICATE_PATH: named.file('other.pem'),
    AZURE_FEDERATED_TOKEN_FILE: named.file('projected'),
    OTHER_FEDERATED_TOKEN_FILE: named.file('others'),
  };
  const parts = stack.move();
  return {
    named,
    principalId,
    environment,
    outcomesOf: (command, more = {}) => programOutcomes(command, { ...environment, ...more }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
