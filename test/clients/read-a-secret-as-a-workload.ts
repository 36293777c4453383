import { readFile } from 'node:fs/promises';
import { ClientAssertionCredential, type TokenCredential, WorkloadIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';

/**
 * A program as written for Azure: a pod with a projected token (`AZURE_FEDERATED_TOKEN_FILE`), or a workflow that asks
 * its runner for one (`ID_TOKEN_FILE` stands for the answer), reads a secret. Nothing here knows of Innate.
 */
const {
  AZURE_TENANT_ID: tenantId = '',
  AZURE_CLIENT_ID: clientId = '',
  ID_TOKEN_FILE: idToken,
} = process.env;

const credential: TokenCredential =
  idToken === undefined
    ? new WorkloadIdentityCredential()
    : new ClientAssertionCredential(tenantId, clientId, () => readFile(idToken, 'utf8'));

try {
  const client = new SecretClient('https://orders-kv.vault.azure.net', credential);
  const { value } = await client.getSecret('greeting');
  process.stdout.write(`${value}\n`);
} catch (error) {
  process.stdout.write(`${/AADSTS\d+/.exec(String(error))?.[0] ?? String(error)}\n`);
}
