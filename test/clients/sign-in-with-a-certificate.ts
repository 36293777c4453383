import { ClientCertificateCredential } from '@azure/identity';

/** Signs in with a certificate, as programs do that are told of an authority; writes what the token says. */
const [tenantId = '', clientId = '', certificatePath = '', authorityHost = ''] = process.argv.slice(2);
const credential = new ClientCertificateCredential(
  tenantId,
  clientId,
  { certificatePath },
  { authorityHost, disableInstanceDiscovery: true, sendCertificateChain: true },
);
const { token } = await credential.getToken('https://vault.azure.net/.default');
process.stdout.write(Buffer.from(token.split('.')[1] ?? '', 'base64url'));
