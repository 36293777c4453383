import { createHash, createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  type TokenCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import { ConfidentialClientApplication, type NodeAuthOptions } from '@azure/msal-node';

/**
 * A program as written for Azure: an application signs in with each kind of credential, through both official libraries.
 * Prints the token's claims or the refusal of each as JSON. Nothing here knows of Innate.
 */
const {
  AZURE_TENANT_ID: tenantId = '',
  AZURE_CLIENT_ID: clientId = '',
  AZURE_CLIENT_SECRET: secret = '',
  /** PEM: key and certificate. */
  AZURE_CLIENT_CERTIFICATE_PATH: certificatePath = '',
  /** PEM: key and certificate that nobody registered. */
  OTHER_CERTIFICATE_PATH: otherPath = '',
  /** Projected token of somebody else; one's own is in AZURE_FEDERATED_TOKEN_FILE. */
  OTHER_FEDERATED_TOKEN_FILE: othersToken = '',
  AZURE_AUTHORITY_HOST: host = 'https://login.microsoftonline.com',
  TOKEN_SCOPE: scope = 'https://vault.azure.net/.default',
} = process.env;
const authority = `${host}/${tenantId}`;

const pem = readFileSync(certificatePath, 'utf8');
const certificate = new X509Certificate(pem);
const thumbprint = (algorithm: string) =>
  createHash(algorithm).update(certificate.raw).digest('hex').toUpperCase();

/** An assertion as a program makes it that keeps its key elsewhere. */
async function assertion(): Promise<string> {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const header = encode({
    alg: 'RS256',
    typ: 'JWT',
    'x5t#S256': createHash('sha256').update(certificate.raw).digest('base64url'),
  });
  const payload = encode({
    aud: `${authority}/oauth2/v2.0/token`,
    iss: clientId,
    sub: clientId,
    jti: randomUUID(),
    nbf: now,
    exp: now + 600,
  });
  const signature = sign('sha256', Buffer.from(`${header}.${payload}`), createPrivateKey(pem));
  return `${header}.${payload}.${signature.toString('base64url')}`;
}

const outcomes: Record<string, unknown> = {};

async function attempt(name: string, token: () => Promise<string | undefined>): Promise<void> {
  try {
    const payload = (await token())?.split('.')[1] ?? '';
    const { oid, appidacr, aud } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    outcomes[name] = { oid, appidacr, aud };
  } catch (error) {
    outcomes[name] = /AADSTS\d+/.exec(String(error))?.[0] ?? String(error);
  }
}

const identity = (name: string, credential: TokenCredential) =>
  attempt(name, async () => (await credential.getToken(scope))?.token);
const msal = (name: string, auth: Omit<NodeAuthOptions, 'clientId'>) =>
  attempt(name, async () => {
    const application = new ConfidentialClientApplication({ auth: { clientId, authority, ...auth } });
    return (await application.acquireTokenByClientCredential({ scopes: [scope] }))?.accessToken;
  });

const chain = { sendCertificateChain: true };
await identity('identity secret', new ClientSecretCredential(tenantId, clientId, secret));
await identity('identity certificate', new ClientCertificateCredential(tenantId, clientId, certificatePath));
await identity('identity chain', new ClientCertificateCredential(tenantId, clientId, certificatePath, chain));
await identity('identity assertion', new ClientAssertionCredential(tenantId, clientId, assertion));
await identity('identity workload', new WorkloadIdentityCredential());
await identity('identity other workload', new WorkloadIdentityCredential({ tokenFilePath: othersToken }));
await identity('identity wrong secret', new ClientSecretCredential(tenantId, clientId, 'wrong'));
await identity('identity other certificate', new ClientCertificateCredential(tenantId, clientId, otherPath));
await identity('identity unknown client', new ClientSecretCredential(tenantId, randomUUID(), secret));
await msal('msal secret', { clientSecret: secret });
await msal('msal sha-256', {
  clientCertificate: { thumbprintSha256: thumbprint('sha256'), privateKey: pem, x5c: pem },
});
await msal('msal sha-1', { clientCertificate: { thumbprint: thumbprint('sha1'), privateKey: pem } });
await msal('msal assertion', { clientAssertion: assertion });
await msal('msal wrong secret', { clientSecret: 'wrong' });
process.stdout.write(JSON.stringify(outcomes));
