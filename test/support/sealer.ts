import type { Clock } from '../../src/foundation/clock.ts';
import { guid, type TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { KeyEncryptionKey } from '../../src/server/storage/key-encryption-key.ts';
import { TenantSealer } from '../../src/server/storage/sealed-column.ts';
import { TestClock } from './clock.ts';

/** A sealer under a key-encryption key that every test shares; tenants need their data key as in production. */
export function testSealer(database: Database, clock: Clock = new TestClock()): TenantSealer {
  const key = new KeyEncryptionKey(new Uint8Array(32).fill(7), systemRandomness);
  return new TenantSealer(database, key, { randomness: systemRandomness, clock });
}

/** A tenant with a data key, committed. */
export async function testTenant(
  database: Database,
  tenantId: TenantId = guid<TenantId>(systemRandomness.uuid()),
): Promise<TenantId> {
  const sealer = testSealer(database);
  await database.transaction(async (transaction) => {
    await transaction
      .insertInto('tenants')
      .values({
        tenant_id: tenantId,
        display_name: 'Test',
        default_domain: `${tenantId}.test`,
        created_at: 0,
      })
      .execute();
    await sealer.createTenantKey(transaction, tenantId);
  });
  return tenantId;
}
