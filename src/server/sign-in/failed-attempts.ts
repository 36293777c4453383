import type { TenantId } from '../../foundation/ids.ts';
import type { Transaction } from '../storage/database.ts';
import { digestOf } from '../tokens/opaque-token.ts';

/** Who has failed: a name in a tenant, whether the tenant has it or not, or an address. */
export type FailingSubject =
  | { readonly kind: 'name'; readonly tenantId: TenantId; readonly name: string }
  | { readonly kind: 'address'; readonly address: string };

/** Attempts in a row before the first wait. An address may stand for many people. */
const limits = { name: 10, address: 50 } as const;
/** Milliseconds of the first wait; each further failure doubles it. */
const firstWait = 60_000;
const longestWait = 15 * 60_000;
/** Milliseconds of quiet after which all is forgotten. */
const forgottenAfter = 3_600_000;
/** Stands in the column of tenants for what is no tenant's. */
const noTenant = '00000000-0000-0000-0000-000000000000';

/**
 * Counts an attempt before it is looked at, so that many at once count as many.
 *
 * @returns whether it may be made
 */
export async function admitAttempt(
  transaction: Transaction,
  subject: FailingSubject,
  at: number,
): Promise<boolean> {
  const key = keyOf(subject);
  await transaction
    .deleteFrom('sign_in_failures')
    .where('last_at', '<', at - forgottenAfter)
    .execute();
  const row = await transaction
    .selectFrom('sign_in_failures')
    .select(['count', 'last_at'])
    .where('tenant_id', '=', key.tenant_id)
    .where('subject', '=', key.subject)
    .executeTakeFirst();
  const count = row?.count ?? 0;
  if (row !== undefined && at < row.last_at + waitAfter(count, limits[subject.kind])) return false;
  const values = { count: count + 1, last_at: at };
  await transaction
    .insertInto('sign_in_failures')
    .values({ ...key, ...values })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'subject']).doUpdateSet(values))
    .execute();
  return true;
}

/** Takes the count of an attempt back that succeeded: a name starts afresh, an address has failed once less. */
export async function forgiveAttempt(transaction: Transaction, subject: FailingSubject): Promise<void> {
  const { tenant_id, subject: name } = keyOf(subject);
  if (subject.kind === 'name') {
    await transaction
      .deleteFrom('sign_in_failures')
      .where('tenant_id', '=', tenant_id)
      .where('subject', '=', name)
      .execute();
    return;
  }
  await transaction
    .updateTable('sign_in_failures')
    .set((e) => ({ count: e('count', '-', 1) }))
    .where('tenant_id', '=', tenant_id)
    .where('subject', '=', name)
    .where('count', '>', 0)
    .execute();
}

function waitAfter(count: number, limit: number): number {
  if (count < limit) return 0;
  return Math.min(longestWait, firstWait * 2 ** Math.min(count - limit, 8));
}

function keyOf(subject: FailingSubject): { readonly tenant_id: string; readonly subject: string } {
  if (subject.kind === 'address')
    return { tenant_id: noTenant, subject: `address:${network(subject.address)}` };
  return { tenant_id: subject.tenantId, subject: `name:${digestOf(subject.name.toLowerCase())}` };
}

/** An IPv6 address stands for its /64, which is one household. */
function network(address: string): string {
  const v4 = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : new Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return `${[...front, ...zeros, ...back].slice(0, 4).join(':')}::/64`;
}
