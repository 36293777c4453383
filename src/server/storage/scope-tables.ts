/** Rows of what holds for whole scopes, by the rules of `tables.ts`. */
export interface ScopeTables {
  locks: LocksTable;
  management_groups: ManagementGroupsTable;
  management_group_subscriptions: ManagementGroupSubscriptionsTable;
}

export interface LocksTable {
  tenant_id: string;
  subscription_id: string;
  /** What is locked, as displayed, and in the form for comparison. */
  scope: string;
  scope_canonical: string;
  name: string;
  /** The name in lower case; unique at its scope. */
  name_canonical: string;
  /** `CanNotDelete` or `ReadOnly` */
  level: string;
  notes: string | null;
  /** JSON array of application ids, or null. */
  owners: string | null;
  created_at: number;
  /** JSON: who made it, and who changed it last. */
  created_by: string;
  updated_at: number;
  updated_by: string;
}

export interface ManagementGroupsTable {
  tenant_id: string;
  name: string;
  /** The name in lower case; unique in its tenant. The root group, which every tenant has, need not have a row. */
  name_canonical: string;
  display_name: string;
  /** Null for the root group. */
  parent_canonical: string | null;
  /** Counts the writes. */
  version: number;
  created_at: number;
  updated_at: number;
  updated_by: string;
}

/** Where subscriptions are; one without a row is in the root group. */
export interface ManagementGroupSubscriptionsTable {
  tenant_id: string;
  subscription_id: string;
  group_canonical: string;
}
