// Reads a secret every second with one client, as a long-running service would. Its token is good for an hour;
// delete its virtual machine, or take its role away, and see how long it keeps reading.
import { DefaultAzureCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';

const vaultUrl = process.argv[2] ?? 'https://demo-kv.vault.azure.net';
const secretName = process.argv[3] ?? 'greeting';

const client = new SecretClient(vaultUrl, new DefaultAzureCredential());
for (;;) {
  const time = new Date().toISOString().slice(11, 19);
  try {
    const { value } = await client.getSecret(secretName);
    console.log(`${time}  ${secretName}: ${value}`);
  } catch (error) {
    console.log(`${time}  refused: ${error.message.split('\n')[0]}`);
    process.exitCode = 1;
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
