import { removeRoleAssignmentsOfMoved } from './authorization/role-assignment-removal.ts';
import { moveMachinesOf } from './machines/machine-store.ts';
import { moveIdentitiesOfResource } from './managed-identities/moved-identities.ts';
import { moveHeld } from './resource-manager/holding.ts';
import type { MoveParticipant } from './resource-manager/moving.ts';
import { moveResourceSecrets } from './resource-manager/resource-secrets.ts';
import type { TenantSealer } from './storage/sealed-column.ts';
import { moveVaultContents } from './targets/key-vault/moved-secrets.ts';

/** What goes along with a resource that gets another id, or ends, in the transaction of the move. */
export function resourceMovers(sealer: TenantSealer): readonly MoveParticipant[] {
  return [
    removeRoleAssignmentsOfMoved,
    moveIdentitiesOfResource,
    moveMachinesOf,
    moveHeld,
    moveResourceSecrets(sealer),
    moveVaultContents(sealer),
  ];
}
