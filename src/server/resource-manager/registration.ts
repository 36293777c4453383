import { ArmError } from '../http/dialects/arm.ts';
import type { Database, Queries, Transaction } from '../storage/database.ts';
import type { Method, ResourceType } from './provider.ts';
import type { Subscription } from './subscription-store.ts';

type Place = Pick<Subscription, 'tenantId' | 'subscriptionId'>;

/** Namespaces that need no registration anywhere, lower case, beside Innate's own. */
const registrationFree: ReadonlySet<string> = new Set([
  'microsoft.authorization',
  'microsoft.management',
  'microsoft.resources',
  'microsoft.subscription',
]);

/** Whether every subscription has the namespace, and none can do without it. */
export function isRegistrationFree(namespace: string): boolean {
  const name = namespace.toLowerCase();
  return registrationFree.has(name) || name.startsWith('innate.');
}

/** The namespaces, lower case, that a subscription does without; it has every other. */
export async function unregisteredNamespaces(
  queries: Queries,
  { tenantId, subscriptionId }: Place,
): Promise<ReadonlySet<string>> {
  const rows = await queries
    .selectFrom('unregistered_namespaces')
    .select('namespace_canonical')
    .where('tenant_id', '=', tenantId)
    .where('subscription_id', '=', subscriptionId)
    .execute();
  return new Set(rows.map((row) => row.namespace_canonical));
}

/**
 * Lets a subscription have a namespace again.
 *
 * @returns whether it did without it
 */
export async function register(
  transaction: Transaction,
  { tenantId, subscriptionId }: Place,
  namespace: string,
): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .deleteFrom('unregistered_namespaces')
    .where('tenant_id', '=', tenantId)
    .where('subscription_id', '=', subscriptionId)
    .where('namespace_canonical', '=', namespace.toLowerCase())
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Lets a subscription do without a namespace. @throws ArmError 409 while it has resources of it */
export async function unregister(
  transaction: Transaction,
  { tenantId, subscriptionId }: Place,
  namespace: string,
  at: number,
): Promise<void> {
  const beginning = `${namespace.toLowerCase()}/`;
  const resource = await transaction
    .selectFrom('resources')
    .select('resource_id')
    .where('tenant_id', '=', tenantId)
    .where('subscription_id', '=', subscriptionId)
    .where((eb) =>
      eb(eb.fn<string>('substr', ['type_canonical', eb.lit(1), eb.lit(beginning.length)]), '=', beginning),
    )
    .limit(1)
    .executeTakeFirst();
  if (resource !== undefined) {
    throw new ArmError(
      'conflict',
      'Conflict',
      `The namespace '${namespace}' cannot be unregistered while the subscription has resources of it, as '${resource.resource_id}'.`,
    );
  }
  await transaction
    .insertInto('unregistered_namespaces')
    .values({
      tenant_id: tenantId,
      subscription_id: subscriptionId,
      namespace_canonical: namespace.toLowerCase(),
      since: at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

const making: ReadonlySet<Method> = new Set(['PUT', 'PATCH', 'POST']);

/** What a subscription does without, nobody makes in it. @throws ArmError `MissingSubscriptionRegistration` */
export async function requireRegistered(
  database: Database,
  { namespace }: Pick<ResourceType, 'namespace'>,
  method: Method,
  subscription: Subscription | undefined,
): Promise<void> {
  if (subscription === undefined || !making.has(method) || isRegistrationFree(namespace)) return;
  const row = await database.read
    .selectFrom('unregistered_namespaces')
    .select('since')
    .where('tenant_id', '=', subscription.tenantId)
    .where('subscription_id', '=', subscription.subscriptionId)
    .where('namespace_canonical', '=', namespace.toLowerCase())
    .executeTakeFirst();
  if (row === undefined) return;
  const code = 'MissingSubscriptionRegistration';
  const message = `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`;
  throw new ArmError('conflict', code, message, { details: [{ code, target: namespace, message }] });
}
