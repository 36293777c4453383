import type { BuiltInRole } from './built-in-role.ts';
import { generalRoles } from './built-in-roles/general.ts';
import { hostRoles } from './built-in-roles/hosts.ts';
import { keyVaultRoles } from './built-in-roles/key-vault.ts';
import { managedIdentityRoles } from './built-in-roles/managed-identity.ts';
import { managementGroupRoles } from './built-in-roles/management-groups.ts';
import { storageRoles } from './built-in-roles/storage.ts';
import { tokenRoles } from './built-in-roles/tokens.ts';

/**
 * Azure's built-in roles that concern what is served here: ids, names and permissions are Azure's facts, the
 * descriptions are ours, as are roles whose name begins with Innate. All are assignable at `/` and below. *Key Vault Data Access Administrator* is absent: its
 * permission holds under a condition, and a role that could not keep its condition would grant too much.
 */
export const builtInRoles: readonly BuiltInRole[] = [
  ...generalRoles,
  ...managedIdentityRoles,
  ...managementGroupRoles,
  ...hostRoles,
  ...keyVaultRoles,
  ...storageRoles,
  ...tokenRoles,
];
