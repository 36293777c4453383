import { createHash } from 'node:crypto';
import type { CarriedIdentity, IdentitiesAnswer } from '../../contract/agent.ts';
import type { MachineId, TenantId } from '../../foundation/ids.ts';
import { carrierOf } from '../managed-identities/carrier.ts';
import { identitiesOf } from '../managed-identities/identity-store.ts';
import type { Queries } from '../storage/database.ts';
import { factsOfResource, machineNotFound, standingMachine } from './machine-store.ts';

/** What a machine is told, and who may change it. */
export interface Carried {
  readonly answer: IdentitiesAnswer;
  /** Principals of all identities of the resource, those that may not sign in included: one day they may again. */
  readonly principals: ReadonlySet<string>;
}

/**
 * What a machine is told: the identities of its resource that may sign in, and facts about the resource.
 *
 * @throws DomainError `credential-rejected` (`MachineNotFound`) or `forbidden` (`MachineBanned`) where the machine
 *   ended since its proof was checked
 */
export async function carriedIdentities(queries: Queries, machineId: MachineId): Promise<Carried> {
  const machine = await standingMachine(queries, machineId);
  const resource = await factsOfResource(queries, machine);
  if (resource === undefined) throw machineNotFound();
  const { resourceCanonical } = carrierOf(machine);
  const all = await identitiesOf(queries, machine.tenantId, resourceCanonical);
  const keyRevokedAt = await lastKeyRevocation(queries, machine.tenantId);
  const identities = all
    .filter(({ enabled }) => enabled)
    .map(
      ({ identity, principalId, clientId, tokensValidFrom }): CarriedIdentity => ({
        kind: identity.kind,
        principalId,
        clientId,
        resourceId: identity.resourceId,
        tokensValidFrom: Math.max(tokensValidFrom, keyRevokedAt),
      }),
    )
    .sort((a, b) => (a.kind === b.kind ? compare(a.clientId, b.clientId) : compare(a.kind, b.kind)));
  const state = createHash('sha256')
    .update(JSON.stringify([identities, resource]))
    .digest('base64url');
  const principals = new Set<string>(all.map(({ principalId }) => principalId));
  return { answer: { state, identities, resource }, principals };
}

/** When a key that signs tokens was last revoked: a host cannot tell whose key its tokens are of, so all are dropped. */
async function lastKeyRevocation(queries: Queries, tenantId: TenantId): Promise<number> {
  const row = await queries
    .selectFrom('signing_keys')
    .select((select) => select.fn.max('retired_at').as('at'))
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', 'access-token')
    .where('state', '=', 'revoked')
    .executeTakeFirst();
  return Number(row?.at ?? 0);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
