/** Rows of registrations, by the rules of `tables.ts`. */
export interface RegistrationTables {
  unregistered_namespaces: UnregisteredNamespacesTable;
}

/** Namespaces that a subscription does without: no row, and it is registered. */
export interface UnregisteredNamespacesTable {
  tenant_id: string;
  subscription_id: string;
  /** Lower case. */
  namespace_canonical: string;
  since: number;
}
