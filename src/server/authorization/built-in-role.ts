/**
 * A permission object of a role: what it includes, less what it excludes. Exclusions act within their own object only.
 * An absent list is an empty one.
 */
export interface Permission {
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly dataActions?: readonly string[];
  readonly notDataActions?: readonly string[];
}

export interface BuiltInRole {
  /** The role definition's GUID, the same in every tenant. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
}
