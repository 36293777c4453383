// An ordinary Azure program: it names its vault and holds no credential. Nothing here knows of Innate.
import { DefaultAzureCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';

const vaultUrl = process.argv[2] ?? 'https://demo-kv.vault.azure.net';
const secretName = process.argv[3] ?? 'greeting';

const client = new SecretClient(vaultUrl, new DefaultAzureCredential());
try {
  const secret = await client.getSecret(secretName);
  console.log(`${secretName}: ${secret.value}`);
} catch (error) {
  console.error(`${secretName} could not be read: ${error.message}`);
  process.exitCode = 1;
}
