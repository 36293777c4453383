import type * as z from 'zod';
import { asJsonObject, type JsonObject } from '../../../contract/arm.ts';
import { appSecretsSchema } from '../../../contract/Microsoft.App.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { without } from '../../resource-manager/merge-patch.ts';
import type { ResourceSecrets } from '../../resource-manager/resource-secrets.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import type { Transaction } from '../../storage/database.ts';

const kind = 'secrets';

/** Secrets as a container app sends them, `undefined` where it sends no list. @throws ArmError */
function read(properties: JsonObject): z.infer<typeof appSecretsSchema> | undefined {
  const sent = asJsonObject(properties['configuration'])?.['secrets'];
  if (sent === undefined || sent === null) return undefined;
  const parsed = appSecretsSchema.safeParse(sent);
  if (parsed.success) return parsed.data;
  throw new ArmError(
    'invalid-value',
    'ContainerAppSecretInvalid',
    "The secrets of the container app are invalid: each has a name of lower-case letters, digits, hyphens and dots, and a value or 'keyVaultUrl' and 'identity'.",
    { refusedBy: 'service' },
  );
}

/** The properties of an app with the names of its secrets alone. */
export function withoutValues(properties: JsonObject): JsonObject {
  const secrets = read(properties);
  // also where a member is spelled otherwise, and so means nothing
  const bare = without(properties, ['configuration.secrets.*.value']);
  if (secrets === undefined) return bare;
  const named = secrets.map(({ name, keyVaultUrl, identity }) => ({
    name,
    ...(keyVaultUrl == null ? {} : { keyVaultUrl }),
    ...(identity == null ? {} : { identity }),
  }));
  return { ...bare, configuration: { ...asJsonObject(bare['configuration']), secrets: named } };
}

/**
 * Seals the values of the secrets that an app now has: as they were sent, else as they were. What it has no longer is
 * forgotten.
 *
 * @param app as it is stored
 * @param sent the properties that were sent
 * @throws ArmError `ContainerAppSecretInvalid` where one has no value
 */
export async function writeSecrets(
  transaction: Transaction,
  store: ResourceSecrets,
  app: Resource,
  sent: JsonObject,
): Promise<void> {
  const { tenantId, canonical } = app;
  const of = { tenantId, canonical, kind };
  const before = new Map(Object.entries(await store.readWithin(transaction, of)));
  const given = new Map((read(sent) ?? []).map(({ name, value }) => [name, value]));
  const values: [string, string][] = [];
  for (const { name, keyVaultUrl } of read(app.properties) ?? []) {
    const value = given.get(name) ?? before.get(name);
    if (value !== undefined) values.push([name, value]);
    else if (keyVaultUrl == null) {
      throw new ArmError(
        'invalid-value',
        'ContainerAppSecretInvalid',
        `Invalid request: the container app's secret '${name}' has neither a value nor 'keyVaultUrl' and 'identity'.`,
        { refusedBy: 'service' },
      );
    }
  }
  if (values.length === 0 && before.size === 0) return;
  await store.replace(transaction, of, Object.fromEntries(values));
}

/** What `listSecrets` answers: names with values, or with the vault that has them. */
export async function listSecrets(
  store: ResourceSecrets,
  queries: Parameters<ResourceSecrets['read']>[0],
  { tenantId, canonical, properties }: Resource,
): Promise<readonly JsonObject[]> {
  const values = new Map(Object.entries(await store.read(queries, { tenantId, canonical, kind })));
  return (read(properties) ?? []).map(({ name, keyVaultUrl, identity }) => {
    const value = values.get(name);
    return {
      name,
      ...(value === undefined ? {} : { value }),
      ...(keyVaultUrl == null ? {} : { keyVaultUrl }),
      ...(identity == null ? {} : { identity }),
    };
  });
}
