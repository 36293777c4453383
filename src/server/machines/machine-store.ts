import { createPublicKey, type KeyObject } from 'node:crypto';
import type { ResourceFacts } from '../../contract/agent.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { type CanonicalId, guid, type MachineId, type TenantId } from '../../foundation/ids.ts';
import { carrierOf } from '../managed-identities/carrier.ts';
import { removeCredentials, removeCredentialsOfEach } from '../managed-identities/credential-store.ts';
import { recordChange, recordChanges } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';

/** A host enrolled for one resource. */
export interface Machine {
  readonly machineId: MachineId;
  readonly tenantId: TenantId;
  /** As displayed. */
  readonly resourceId: string;
  readonly resourceCanonical: CanonicalId;
  readonly publicKey: KeyObject;
  readonly banned: boolean;
}

/**
 * A machine by its id alone, before anything about the caller is proved: the tenant follows from the machine, never
 * from the request.
 */
export async function findMachine(queries: Queries, machineId: MachineId): Promise<Machine | undefined> {
  const row = await queries
    .selectFrom('machines')
    .selectAll()
    .where('machine_id', '=', machineId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    machineId,
    tenantId: guid<TenantId>(row.tenant_id),
    resourceId: row.resource_id,
    resourceCanonical: row.resource_canonical as CanonicalId,
    publicKey: createPublicKey(row.public_key),
    banned: row.state !== 'active',
  };
}

/**
 * A machine whose proof was accepted, as it is now.
 *
 * @throws DomainError `credential-rejected` (`MachineNotFound`) or `forbidden` (`MachineBanned`) where it ended since
 */
export async function standingMachine(queries: Queries, machineId: MachineId): Promise<Machine> {
  const machine = await findMachine(queries, machineId);
  if (machine === undefined) throw machineNotFound();
  if (machine.banned) throw machineBanned();
  return machine;
}

export function machineNotFound(): DomainError {
  return new DomainError('credential-rejected', 'The machine is not enrolled.', { code: 'MachineNotFound' });
}

export function machineBanned(): DomainError {
  return new DomainError('forbidden', 'The machine is banned.', { code: 'MachineBanned' });
}

/** What a host may tell programs about its resource; `undefined` where that is gone. */
export async function factsOfResource(
  queries: Queries,
  machine: Pick<Machine, 'tenantId' | 'resourceId' | 'resourceCanonical'>,
): Promise<ResourceFacts | undefined> {
  const row = await queries
    .selectFrom('resources')
    .select(['resource_id', 'type', 'name', 'location', 'tags', 'properties'])
    .where('tenant_id', '=', machine.tenantId)
    .where('canonical', '=', machine.resourceCanonical)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const properties = JSON.parse(row.properties) as Record<string, unknown>;
  const inner = (name: string, member: string) => {
    const value = properties[name];
    return typeof value === 'object' && value !== null
      ? text((value as Record<string, unknown>)[member])
      : null;
  };
  const osDisk = (properties['storageProfile'] as { osDisk?: { osType?: unknown } } | undefined)?.osDisk;
  return {
    resourceId: row.resource_id,
    type: row.type,
    name: row.name,
    location: row.location === '' ? await placeOfCarrier(queries, machine) : row.location,
    tags: row.tags === null ? {} : (JSON.parse(row.tags) as Record<string, string>),
    vmId: text(properties['vmId']),
    vmSize: inner('hardwareProfile', 'vmSize'),
    osType: text(osDisk?.osType),
  };
}

/** An instance is where its scale set is. */
async function placeOfCarrier(
  queries: Queries,
  machine: Pick<Machine, 'tenantId' | 'resourceId' | 'resourceCanonical'>,
): Promise<string> {
  const row = await queries
    .selectFrom('resources')
    .select('location')
    .where('tenant_id', '=', machine.tenantId)
    .where('canonical', '=', carrierOf(machine).resourceCanonical)
    .executeTakeFirst();
  return row?.location ?? '';
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/**
 * Shuts a machine out: its proofs are refused, and the certificates that it holds are dead, in one transaction.
 *
 * @returns false where the tenant has no such machine
 */
export async function banMachine(
  transaction: Transaction,
  machine: { readonly tenantId: TenantId; readonly machineId: MachineId; readonly at: number },
): Promise<boolean> {
  const { tenantId, machineId, at } = machine;
  const banned = await transaction
    .updateTable('machines')
    .set({ state: 'banned' })
    .where('tenant_id', '=', tenantId)
    .where('machine_id', '=', machineId)
    .returning('resource_canonical')
    .executeTakeFirst();
  if (banned === undefined) return false;
  await removeCredentials(transaction, { tenantId, machineId, at });
  await recordChange(transaction, { tenantId, kind: 'machine', key: banned.resource_canonical, at });
  return true;
}

/**
 * Ends everything that hosts hold for resources that are deleted in this transaction: machines, join tokens, and the
 * certificates of whatever identities the resources carried.
 */
export async function removeMachinesOf(
  transaction: Transaction,
  ending: {
    readonly tenantId: TenantId;
    readonly resourceCanonicals: readonly CanonicalId[];
    readonly at: number;
  },
): Promise<void> {
  const { tenantId, at } = ending;
  const resourceCanonicals = [...ending.resourceCanonicals];
  await transaction
    .deleteFrom('join_tokens')
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', 'in', resourceCanonicals)
    .execute();
  await removeCredentialsOfEach(transaction, tenantId, 'resource_canonical', resourceCanonicals, at);
  const machines = await transaction
    .deleteFrom('machines')
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', 'in', resourceCanonicals)
    .returning(['machine_id', 'resource_canonical'])
    .execute();
  // an instance's hosts have certificates for identities that its scale set carries
  const machineIds = machines.map(({ machine_id }) => machine_id);
  await removeCredentialsOfEach(transaction, tenantId, 'machine_id', machineIds, at);
  const keys = new Set(machines.map(({ resource_canonical }) => resource_canonical));
  await recordChanges(
    transaction,
    Array.from(keys, (key) => ({ tenantId, kind: 'machine', key, at }) as const),
  );
}

/**
 * The part of hosts in the moving of a resource: they stay enrolled for it, under its new id. Tokens to join it end:
 * who gave one out may have no right at the new place.
 */
export async function moveMachinesOf(
  transaction: Transaction,
  move: {
    readonly tenantId: TenantId;
    readonly from: { readonly canonical: CanonicalId };
    readonly to: { readonly resourceId: string; readonly canonical: CanonicalId };
  },
): Promise<void> {
  const { tenantId, from, to } = move;
  await transaction
    .deleteFrom('join_tokens')
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', '=', from.canonical)
    .execute();
  await transaction
    .updateTable('machines')
    .set({ resource_id: to.resourceId, resource_canonical: to.canonical })
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', '=', from.canonical)
    .execute();
}
