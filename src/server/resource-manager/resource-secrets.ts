import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { SealedPlace, Sealer, TenantSealer } from '../storage/sealed-column.ts';
import type { DeletionParticipant } from './deletion.ts';
import type { MoveParticipant } from './moving.ts';

/** Whose values they are, and which of its values. */
export interface SecretsOf {
  readonly tenantId: TenantId;
  readonly canonical: CanonicalId;
  /** The type's name for them: `appsettings`. */
  readonly kind: string;
}

export type SecretValues = Readonly<Record<string, string>>;

/**
 * Values that a resource was given and never shows: application settings, secrets of containers. They are sealed as
 * one, for the resource that they belong to, and end with it.
 */
export class ResourceSecrets {
  readonly #sealer: TenantSealer;

  constructor(sealer: TenantSealer) {
    this.#sealer = sealer;
  }

  /** Puts these values in the place of all others of their kind. */
  async replace(transaction: Transaction, of: SecretsOf, values: SecretValues): Promise<void> {
    const { tenantId, canonical, kind } = of;
    const plaintext = Buffer.from(JSON.stringify(Object.entries(values)), 'utf8');
    const values_sealed = await this.#sealer.within(transaction).seal(placeOf(of), plaintext);
    await transaction
      .insertInto('resource_secrets')
      .values({ tenant_id: tenantId, resource_canonical: canonical, kind, values_sealed })
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'resource_canonical', 'kind']).doUpdateSet({ values_sealed }),
      )
      .execute();
  }

  /** The values, in the order in which they were given; none where none were. */
  async read(queries: Queries, of: SecretsOf): Promise<SecretValues> {
    return await this.#read(queries, this.#sealer, of);
  }

  /** The same, in the transaction that goes on to write them. */
  async readWithin(transaction: Transaction, of: SecretsOf): Promise<SecretValues> {
    return await this.#read(transaction, this.#sealer.within(transaction), of);
  }

  async #read(queries: Queries, sealer: Sealer, of: SecretsOf): Promise<SecretValues> {
    const row = await queries
      .selectFrom('resource_secrets')
      .select('values_sealed')
      .where('tenant_id', '=', of.tenantId)
      .where('resource_canonical', '=', of.canonical)
      .where('kind', '=', of.kind)
      .executeTakeFirst();
    if (row === undefined) return {};
    const opened = await sealer.open(placeOf(of), row.values_sealed);
    return Object.fromEntries(JSON.parse(Buffer.from(opened).toString('utf8')) as [string, string][]);
  }
}

function placeOf({ tenantId, canonical, kind }: SecretsOf): SealedPlace {
  return { tenantId, table: 'resource_secrets', column: 'values_sealed', row: `${kind}|${canonical}` };
}

/** The part of these values in the deletion of resources. */
export const removeResourceSecrets: DeletionParticipant = async (transaction, ending) => {
  await transaction
    .deleteFrom('resource_secrets')
    .where('tenant_id', '=', ending.tenantId)
    .where('resource_canonical', 'in', [...ending.resourceCanonicals])
    .execute();
};

/** The part of these values in the moving of a resource: sealed again, since they open under its id alone. */
export function moveResourceSecrets(sealer: TenantSealer): MoveParticipant {
  return async (transaction, { tenantId, from, to }) => {
    const rows = await transaction
      .selectFrom('resource_secrets')
      .select(['kind', 'values_sealed'])
      .where('tenant_id', '=', tenantId)
      .where('resource_canonical', '=', from.canonical)
      .execute();
    const sealing = sealer.within(transaction);
    for (const { kind, values_sealed: sealed } of rows) {
      const values = await sealing.open(placeOf({ tenantId, canonical: from.canonical, kind }), sealed);
      await transaction
        .updateTable('resource_secrets')
        .set({
          resource_canonical: to.canonical,
          values_sealed: await sealing.seal(placeOf({ tenantId, canonical: to.canonical, kind }), values),
        })
        .where('tenant_id', '=', tenantId)
        .where('resource_canonical', '=', from.canonical)
        .where('kind', '=', kind)
        .execute();
    }
  };
}
