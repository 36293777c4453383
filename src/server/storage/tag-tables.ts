/** Rows of tags, by the rules of `tables.ts`. */
export interface TagTables {
  tags: TagsTable;
  tag_names: TagNamesTable;
  tag_values: TagValuesTable;
}

/**
 * Tags by name: of resources and groups a copy of what their own rows say, for lists to be filtered by; of
 * subscriptions the only place.
 */
export interface TagsTable {
  tenant_id: string;
  subscription_id: string;
  /** The resource, group or subscription. */
  canonical: string;
  name: string;
  /** Lower case; unique at its place. */
  name_canonical: string;
  value: string;
}

/** Names that a subscription offers before anything is tagged with them. */
export interface TagNamesTable {
  tenant_id: string;
  subscription_id: string;
  name: string;
  /** Lower case; unique in its subscription. */
  name_canonical: string;
}

/** Values that a subscription offers for one of those names. */
export interface TagValuesTable {
  tenant_id: string;
  subscription_id: string;
  name_canonical: string;
  value: string;
}
