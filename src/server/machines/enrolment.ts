import { createHash } from 'node:crypto';
import { DomainError } from '../../foundation/domain-error.ts';
import { type CanonicalId, guid, type MachineId, type TenantId } from '../../foundation/ids.ts';
import { type Randomness, randomText } from '../../foundation/randomness.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import type { MachineKey } from './machine-key.ts';
import type { Machine } from './machine-store.ts';

/** Milliseconds a join token may wait for its host. */
export const joinTokenLife = 10 * 60 * 1000;

export interface JoinedResource {
  readonly tenantId: TenantId;
  /** As displayed. */
  readonly resourceId: string;
  readonly resourceCanonical: CanonicalId;
}

/**
 * Makes a token that lets one host become `resource`: 256 random bits, usable once, for ten minutes. Only its SHA-256
 * is kept, so the answer is the one place where it is seen.
 *
 * @param at milliseconds since the epoch
 */
export async function issueJoinToken(
  transaction: Transaction,
  resource: JoinedResource & { readonly at: number },
  randomness: Randomness,
): Promise<{ readonly joinToken: string; readonly expiresOn: string }> {
  const joinToken = randomText(randomness, 32);
  const expiresAt = resource.at + joinTokenLife;
  await transaction.deleteFrom('join_tokens').where('expires_at', '<=', resource.at).execute();
  await transaction
    .insertInto('join_tokens')
    .values({
      token_hash: hashOf(joinToken),
      tenant_id: resource.tenantId,
      resource_id: resource.resourceId,
      resource_canonical: resource.resourceCanonical,
      expires_at: expiresAt,
      used_at: null,
    })
    .execute();
  return { joinToken, expiresOn: new Date(expiresAt).toISOString() };
}

/**
 * Turns a join token into a machine that has proved to hold `key`. One statement redeems the token, so of any number
 * of requests at once exactly one succeeds.
 *
 * @throws DomainError `credential-rejected` where the token is unknown, used or expired, or its resource is gone;
 *   `conflict` where the key already belongs to a machine
 */
export async function enrol(
  transaction: Transaction,
  request: { readonly joinToken: string; readonly key: MachineKey; readonly at: number },
  randomness: Randomness,
): Promise<Machine> {
  const { key, at } = request;
  const redeemed = await transaction
    .updateTable('join_tokens')
    .set({ used_at: at })
    .where('token_hash', '=', hashOf(request.joinToken))
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .returning(['tenant_id', 'resource_id', 'resource_canonical'])
    .execute();
  const [token] = redeemed;
  if (token === undefined || redeemed.length !== 1) {
    throw new DomainError(
      'credential-rejected',
      'The join token is not valid: it is unknown, was used before, or has expired.',
      { code: 'InvalidJoinToken' },
    );
  }
  const known = await transaction
    .selectFrom('machines')
    .select('machine_id')
    .where('key_thumbprint', '=', key.thumbprint)
    .executeTakeFirst();
  if (known !== undefined) {
    throw new DomainError('conflict', 'The key already belongs to a machine.', {
      code: 'KeyAlreadyEnrolled',
    });
  }
  const machine: Machine = {
    machineId: guid<MachineId>(randomness.uuid()),
    tenantId: guid<TenantId>(token.tenant_id),
    resourceId: token.resource_id,
    resourceCanonical: token.resource_canonical as CanonicalId,
    publicKey: key.publicKey,
    banned: false,
  };
  await transaction
    .insertInto('machines')
    .values({
      machine_id: machine.machineId,
      tenant_id: machine.tenantId,
      resource_id: machine.resourceId,
      resource_canonical: machine.resourceCanonical,
      key_thumbprint: key.thumbprint,
      public_key: key.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      state: 'active',
      created_at: at,
    })
    .execute();
  const { tenantId, resourceCanonical } = machine;
  await recordChange(transaction, { tenantId, kind: 'machine', key: resourceCanonical, at });
  return machine;
}

function hashOf(joinToken: string): string {
  return createHash('sha256').update(joinToken, 'utf8').digest('hex');
}
