import { createPrivateKey, type KeyObject } from 'node:crypto';
import path from 'node:path';
import { systemClock } from '../../src/foundation/clock.ts';
import { guid, type TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { createApplication, createSecret } from '../../src/server/directory/applications.ts';
import { createTenant } from '../../src/server/directory/tenants.ts';
import { openSealer } from '../../src/server/storage/open-sealer.ts';
import { openSqlite } from '../../src/server/storage/sqlite.ts';
import { createSigner } from '../../src/server/tokens/signer.ts';
import { beginLine } from '../../src/server/tokens/signing-key-store.ts';
import { keyPlace } from '../../src/server/tokens/signing-keys.ts';
import type { Innate } from './innate.ts';
import { Operator } from './operator.ts';

const sources = { clock: systemClock, randomness: systemRandomness };

/** The storage of a running server, beside it. SQLite lets another process write. */
export async function storageOf({ data }: Pick<Innate, 'data'>) {
  const file = (name: string) => path.join(data, name);
  const database = await openSqlite(file('innate.db'));
  const folder = { path: data, file, [Symbol.asyncDispose]: async () => undefined };
  return { database, sealer: await openSealer({ database, folder, source: undefined, ...sources }) };
}

export interface SecondTenant {
  readonly tenantId: TenantId;
  /** A token of its application for a resource. */
  token(resource: string): Promise<string>;
}

/** A tenant that the server serves beside its own, with an application that may sign in. */
export async function createSecondTenant(innate: Pick<Innate, 'data' | 'ready'>): Promise<SecondTenant> {
  const { database, sealer } = await storageOf(innate);
  await using _database = database;
  const tenantId = guid<TenantId>(systemRandomness.uuid());
  const signer = createSigner({ database, sealer, ...sources }, 1);
  const [active, prepared] = await Promise.all([
    signer.generate(tenantId, 'RS256'),
    signer.generate(tenantId, 'RS256'),
  ]);
  const at = systemClock.now();
  const operator = await database.transaction(async (transaction) => {
    await createTenant(transaction, { tenantId, displayName: 'Other', defaultDomain: 'other.example' }, at);
    await sealer.createTenantKey(transaction, tenantId);
    await beginLine(transaction, { active, prepared }, at);
    const facts = { tenantId, displayName: 'stranger' };
    const { clientId } = await createApplication(transaction, facts, systemRandomness, at);
    const expiresAt = at + 3_600_000;
    const { secret } = await createSecret(
      transaction,
      { tenantId, clientId, expiresAt, at },
      systemRandomness,
    );
    return { clientId, clientSecret: secret };
  });
  return {
    tenantId,
    async token(resource) {
      using stranger = new Operator({ ...innate.ready, tenantId, operator });
      return await stranger.token(resource);
    },
  };
}

/** What a tenant signs its tokens with: for tokens that the server itself would not issue. */
export async function stealSigningKey(
  innate: Innate,
): Promise<{ readonly kid: string; readonly key: KeyObject }> {
  const { database, sealer } = await storageOf(innate);
  await using _database = database;
  const tenantId = guid<TenantId>(innate.ready.tenantId);
  const { kid, private_key_sealed: sealed } = await database.read
    .selectFrom('signing_keys')
    .select(['kid', 'private_key_sealed'])
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', 'access-token')
    .where('state', '=', 'active')
    .executeTakeFirstOrThrow();
  const key = Buffer.from(await sealer.open(keyPlace(tenantId, kid), sealed));
  return { kid, key: createPrivateKey({ key, type: 'pkcs8', format: 'der' }) };
}
