import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/foundation/clock.ts';
import { guid, type TenantId } from '../../src/foundation/ids.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { ChangeFollower, recordChange } from '../../src/server/storage/change-log.ts';
import { openDataFolder } from '../../src/server/storage/data-folder.ts';
import type { Transaction } from '../../src/server/storage/database.ts';
import { openDatabase } from '../../src/server/storage/open-database.ts';
import { openSealer } from '../../src/server/storage/open-sealer.ts';

/**
 * `node storage-writer.ts FOLDER [URL]`: opens storage as the server does, then does one operation a line:
 * `create/KEY` makes a resource, its principal and a sealed value in one transaction, `delete/KEY` removes them.
 */
const tenantId = guid<TenantId>('11111111-1111-4111-8111-111111111111');
const [folderPath = '', url] = process.argv.slice(2);

const folder = await openDataFolder(folderPath);
const database = await openDatabase({ url, folder }, systemRandomness);
const sealer = await openSealer({
  database,
  folder,
  source: undefined,
  randomness: systemRandomness,
  clock: systemClock,
});
const follower = new ChangeFollower(database, systemClock, silentLog);
await follower.start();
await database.transaction(createTenant);
say('ready');

createInterface({ input: process.stdin }).on('line', async (operation) => {
  const [verb, key = ''] = operation.split('/');
  try {
    await database.transaction((transaction) =>
      verb === 'create' ? create(transaction, key) : remove(transaction, key),
    );
    say(`ok ${operation}`);
  } catch (error) {
    say(`refused ${operation} ${error}`);
  }
});

/** Written when it returns: what is said is not lost with the process. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

async function createTenant(transaction: Transaction): Promise<void> {
  const tenant = await transaction
    .selectFrom('tenants')
    .select('tenant_id')
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst();
  if (tenant !== undefined) return;
  await transaction
    .insertInto('tenants')
    .values({ tenant_id: tenantId, display_name: 'T', default_domain: 't.test', created_at: 0 })
    .execute();
  await sealer.createTenantKey(transaction, tenantId);
  const subscription = { subscription_id: 's', tenant_id: tenantId, display_name: 'S', created_at: 0 };
  await transaction
    .insertInto('subscriptions')
    .values({ ...subscription, state: 'Enabled', alias: null })
    .execute();
  await transaction
    .insertInto('resource_groups')
    .values({
      canonical: 'g',
      tenant_id: tenantId,
      subscription_id: 's',
      name: 'g',
      location: 'local',
      tags: null,
      managed_by: null,
      provisioning_state: 'Succeeded',
      created_at: 0,
    })
    .execute();
}

async function create(transaction: Transaction, key: string): Promise<void> {
  const at = systemClock.now();
  const place = { tenantId, table: 'vault_secret_versions', column: 'value_sealed', row: key };
  const value = await sealer.within(transaction).seal(place, Buffer.from(key));
  await transaction
    .insertInto('resources')
    .values({
      canonical: key,
      tenant_id: tenantId,
      subscription_id: 's',
      group_canonical: 'g',
      resource_id: key,
      type: 'T',
      type_canonical: 't',
      name: key,
      location: 'local',
      tags: null,
      properties: '{}',
      extra: null,
      identity_type: 'SystemAssigned',
      provisioning_state: 'Succeeded',
      version: 1,
      created_at: at,
      created_by: 'x',
      changed_at: at,
      changed_by: 'x',
      global_name: null,
    })
    .execute();
  await transaction
    .insertInto('principals')
    .values({
      principal_id: key,
      tenant_id: tenantId,
      client_id: key,
      principal_type: 'ManagedIdentity',
      display_name: key,
      enabled: 1,
      tokens_valid_from: 0,
      identity_kind: 'SystemAssigned',
      resource_id: key,
      resource_canonical: key,
      created_at: at,
    })
    .execute();
  await transaction
    .insertInto('vault_secret_versions')
    .values({
      tenant_id: tenantId,
      vault_canonical: 'v',
      name_canonical: key,
      version: '1',
      value_sealed: value,
      content_type: null,
      tags: null,
      enabled: 1,
      not_before: null,
      expires: null,
      created: 0,
      updated: 0,
    })
    .execute();
  await recordChange(transaction, { tenantId, kind: 'resource', key, at });
}

async function remove(transaction: Transaction, key: string): Promise<void> {
  await transaction.deleteFrom('principals').where('principal_id', '=', key).execute();
  await transaction.deleteFrom('vault_secret_versions').where('name_canonical', '=', key).execute();
  await transaction.deleteFrom('resources').where('canonical', '=', key).execute();
  await recordChange(transaction, { tenantId, kind: 'resource', key, at: systemClock.now() });
}
