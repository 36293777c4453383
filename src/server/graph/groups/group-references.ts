import { referencedId } from '../../../contract/odata.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import type { TenantId } from '../../../foundation/ids.ts';
import type { Group } from '../../directory/group-store.ts';
import { addMember, memberTypeOf } from '../../directory/groups.ts';
import { insertOwner } from '../../directory/ownership.ts';
import type { Transaction } from '../../storage/database.ts';
import { noSuchObject } from '../targets.ts';

/** What an address refers to. @throws DomainError `malformed`, or `not-found` where nothing of the tenant can be meant */
async function referenced(transaction: Transaction, tenantId: TenantId, address: string) {
  const id = referencedId(address);
  if (id === undefined) {
    throw new DomainError('malformed', 'Invalid entity reference for @odata.id.', { target: '@odata.id' });
  }
  const type = await memberTypeOf(transaction, tenantId, id);
  if (type === undefined) throw noSuchObject(id);
  return { id, type };
}

/** Makes what addresses refer to members of a group. */
export async function addMembers(
  transaction: Transaction,
  group: Group,
  addresses: readonly string[],
  at: number,
): Promise<void> {
  for (const address of addresses) {
    const { id, type } = await referenced(transaction, group.tenantId, address);
    await addMember(transaction, group, { memberId: id, memberType: type }, at);
  }
}

/** Makes whom addresses refer to owners of a group. @throws DomainError `invalid-value` for a group, which owns nothing */
export async function addOwners(
  transaction: Transaction,
  { tenantId, groupId }: Group,
  addresses: readonly string[],
  at: number,
): Promise<void> {
  for (const address of addresses) {
    const { id: ownerId, type: ownerType } = await referenced(transaction, tenantId, address);
    if (ownerType === 'Group') {
      throw new DomainError(
        'invalid-value',
        "One or more properties of the reference 'owners' is not valid.",
        {
          target: 'owners',
        },
      );
    }
    await insertOwner(transaction, { tenantId, objectId: groupId, ownerId, ownerType, at });
  }
}
