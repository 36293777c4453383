import type { TenantId } from '../../foundation/ids.ts';

/** What a change of the directory is called in its audit: Graph's `activityDisplayName` and `category`. */
export interface AuditActivity {
  readonly name: string;
  readonly category: AuditCategory;
}

export type AuditCategory =
  | 'ApplicationManagement'
  | 'UserManagement'
  | 'GroupManagement'
  | 'RoleManagement'
  | 'DirectoryManagement'
  | 'KeyManagement';

/** Who changed something. */
export type AuditInitiator =
  | {
      readonly kind: 'application';
      readonly displayName: string | null;
      /** Client id and object id; absent for parts of the deployment, which are no objects. */
      readonly appId?: string;
      readonly principalId?: string;
    }
  | {
      readonly kind: 'user';
      readonly userId: string;
      readonly displayName: string | null;
      readonly userPrincipalName: string | null;
      readonly address: string | null;
    };

/** A member of an object before and after; JSON, or absent. Never a secret. */
export interface ModifiedProperty {
  readonly name: string;
  readonly oldValue?: string;
  readonly newValue?: string;
}

/** What was changed. */
export interface AuditTarget {
  readonly id: string | null;
  readonly displayName: string | null;
  readonly type: 'Application' | 'ServicePrincipal' | 'User' | 'Group' | 'Other';
  readonly userPrincipalName?: string;
  readonly modified: readonly ModifiedProperty[];
}

/** One change of the directory, done (`spec/token-service-and-directory.md` h.6). */
export interface DirectoryAudit {
  readonly tenantId: TenantId;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly activity: AuditActivity;
  readonly operation: 'Add' | 'Update' | 'Delete';
  readonly initiatedBy: AuditInitiator;
  readonly targets: readonly AuditTarget[];
  readonly correlationId?: string;
  readonly additional?: readonly { readonly key: string; readonly value: string }[];
}
