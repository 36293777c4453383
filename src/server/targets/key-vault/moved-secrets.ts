import type { CanonicalId, TenantId } from '../../../foundation/ids.ts';
import type { Transaction } from '../../storage/database.ts';
import type { Sealer } from '../../storage/sealed-column.ts';
import { placeOf } from './secrets.ts';

/** The part of secrets in the moving of a vault: each version is sealed again, since it opens in its own vault alone. */
export function moveVaultContents(sealer: Sealer) {
  return async (
    transaction: Transaction,
    move: {
      readonly tenantId: TenantId;
      readonly from: { readonly canonical: CanonicalId };
      readonly to: { readonly canonical: CanonicalId };
    },
  ): Promise<void> => {
    const { tenantId, from, to } = move;
    const versions = await transaction
      .selectFrom('vault_secret_versions')
      .select(['name_canonical', 'version', 'value_sealed'])
      .where('tenant_id', '=', tenantId)
      .where('vault_canonical', '=', from.canonical)
      .execute();
    const place = (vault: CanonicalId, row: (typeof versions)[number]) =>
      placeOf({ tenantId, vault, name: row.name_canonical }, row.version);
    await transaction
      .updateTable('vault_secrets')
      .set({ vault_canonical: to.canonical })
      .where('tenant_id', '=', tenantId)
      .where('vault_canonical', '=', from.canonical)
      .execute();
    for (const row of versions) {
      const value = await sealer.open(place(from.canonical, row), row.value_sealed);
      await transaction
        .updateTable('vault_secret_versions')
        .set({
          vault_canonical: to.canonical,
          value_sealed: await sealer.seal(place(to.canonical, row), value),
        })
        .where('tenant_id', '=', tenantId)
        .where('vault_canonical', '=', from.canonical)
        .where('name_canonical', '=', row.name_canonical)
        .where('version', '=', row.version)
        .execute();
    }
  };
}
